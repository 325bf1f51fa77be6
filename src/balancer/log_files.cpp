#include "balancer/log_files.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "base/text.hpp"
#include "reactor/random.hpp"
#include "reactor/wall_clock.hpp"

namespace utakata::balancer {
namespace {

namespace files = std::filesystem;

constexpr std::size_t waiting_max = 16UL * 1024 * 1024;  // bytes
constexpr i64 interval_seconds = 300;
constexpr i64 second = 1'000'000'000;
constexpr mode_t file_mode = 0600;

Instant end_of_interval(Instant now) {
  return Instant{(now.ns / second / interval_seconds + 1) * interval_seconds * second};
}

std::unexpected<Fault> failed(std::string_view doing, const std::string& path, int error) {
  return refuse("AccessLog", cat("access log: cannot ", doing, " ", path, ": ", std::strerror(error)));
}

Outcome<> make_folder_of(const std::string& path) {
  std::error_code error;
  files::create_directories(files::path(path).parent_path(), error);
  if (error) return failed("make the folder of", path, error.value());
  return {};
}

Outcome<> write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("write", path, errno);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

// Closes what it holds.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::close(fd_); }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

Outcome<> compress(const std::string& from, const std::string& to) {
  const int source = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (source < 0) return failed("read", from, errno);
  const File input(source);
  const int target = ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, file_mode);
  if (target < 0) return failed("make", to, errno);
  const gzFile out = gzdopen(target, "wb");
  if (out == nullptr) {
    ::close(target);
    return failed("make", to, ENOMEM);
  }
  std::array<char, 64 * 1024> space{};
  bool whole = true;
  ssize_t n = 0;
  while (whole && (n = ::read(input.fd(), space.data(), space.size())) > 0)
    whole = gzwrite(out, space.data(), static_cast<unsigned>(n)) == n;
  whole = gzclose(out) == Z_OK && whole && n == 0;
  if (!whole) return failed("write", to, errno == 0 ? EIO : errno);
  return {};
}

}  // namespace

std::string log_key(const LogSource& place, Instant end, std::string_view random) {
  const std::string day = iso8601(end).substr(0, 10);
  const std::string at = iso8601_basic(end);  // 20260506T114500Z
  str id = place.load_balancer;
  std::ranges::replace(id, '/', '.');
  return cat(place.prefix, place.prefix.empty() ? "" : "/", "AWSLogs/", place.account, "/elasticloadbalancing/",
             place.region, "/", day.substr(0, 4), "/", day.substr(5, 2), "/", day.substr(8, 2), "/", place.account,
             "_elasticloadbalancing_", place.region, "_", id, "_", at.substr(0, 13), "Z_", place.address, "_", random,
             ".log");
}

LogFiles::LogFiles(LogFilesSettings settings) : settings_(std::move(settings)) {
  writer_ = std::thread([this] { run(); });
  finisher_ = std::thread([this] { finish_all(); });
}

LogFiles::~LogFiles() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  arrived_.notify_one();
  writer_.join();
  {
    const std::scoped_lock lock(folder_mutex_);
    all_written_ = true;
  }
  unfinished_changed_.notify_one();
  finisher_.join();
}

void LogFiles::add(std::shared_ptr<const LogSource> place, std::string lines) {
  const std::scoped_lock lock(mutex_);
  if (bytes_waiting_ + lines.size() > waiting_max) {
    dropped_ += static_cast<i64>(lines.size());
    return;
  }
  bytes_waiting_ += lines.size();
  waiting_.push_back({std::move(place), std::move(lines)});
  arrived_.notify_one();
}

void LogFiles::run() {
  look_for_unfinished();
  while (true) {
    std::deque<Batch> batches;
    i64 dropped = 0;
    bool ending = false;
    {
      std::unique_lock lock(mutex_);
      const auto something = [this] { return ending_ || !waiting_.empty(); };
      // Files that are open want to be closed in time; without any there is nothing to wake for.
      if (open_.empty())
        arrived_.wait(lock, something);
      else
        arrived_.wait_for(lock, std::chrono::seconds(1), something);
      batches = std::exchange(waiting_, {});
      bytes_waiting_ = 0;
      dropped = std::exchange(dropped_, 0);
      ending = ending_;
    }
    if (dropped > 0) tell(cat("access log: the disk is too slow: ", dropped, " bytes of lines were dropped"));
    close_until(reactor::wall_clock());
    for (const Batch& batch : batches) write(batch);
    if (!ending) continue;
    close_until(Instant::never());
    return;
  }
}

void LogFiles::write(const Batch& batch) {
  if (settings_.also) settings_.also(*batch.place, batch.lines);
  if (batch.place->bucket.empty()) return;
  const auto file = open(*batch.place);
  if (!file) return tell_once(file.error().message);
  const int fd = (*file)->fd;
  const off_t before = ::lseek(fd, 0, SEEK_END);
  const Outcome<> written = write_all(fd, batch.lines, cat(settings_.open, "/", (*file)->path));
  if (!written) {
    // Half a line would spoil the next one.
    if (::ftruncate(fd, before) != 0) close_until(Instant::never());
    return tell_once(written.error().message);
  }
  const std::scoped_lock lock(telling_);
  told_ = false;
}

Outcome<LogFiles::Open*> LogFiles::open(const LogSource& place) {
  if (const auto known = open_.find(place); known != open_.end()) return &known->second;
  constexpr std::size_t random_size = 4;
  const Instant end = end_of_interval(reactor::wall_clock());
  const std::string key = log_key(place, end, hex(reactor::random_bytes(random_size)));
  Open file{.path = cat(place.bucket, "/", key), .end = end};
  const std::string path = cat(settings_.open, "/", file.path);
  const std::scoped_lock lock(folder_mutex_);  // else the folder is removed meanwhile
  TRY_VOID(make_folder_of(path));
  file.fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, file_mode);
  if (file.fd < 0) return failed("make", path, errno);
  return &open_.emplace(place, std::move(file)).first->second;
}

void LogFiles::close_until(Instant now) {
  const std::size_t closed = std::erase_if(open_, [&](const auto& entry) {
    if (entry.second.end > now) return false;
    ::close(entry.second.fd);
    return true;
  });
  if (closed > 0) look_for_unfinished();
}

// Everything in the folder of open files that is not open (any more): also what a process that was killed has left.
void LogFiles::look_for_unfinished() {
  const std::scoped_lock lock(folder_mutex_);
  std::error_code error;
  for (files::recursive_directory_iterator each(settings_.open, error), end; !error && each != end;
       each.increment(error)) {
    if (!each->is_regular_file(error)) continue;
    const std::string path = each->path().lexically_relative(settings_.open);
    const bool is_open = std::ranges::any_of(open_, [&](const auto& entry) { return entry.second.path == path; });
    if (!is_open) unfinished_.insert(path);
  }
  unfinished_changed_.notify_one();
}

// The other thread's: compressing a file takes longer than lines may wait.
void LogFiles::finish_all() {
  std::unique_lock lock(folder_mutex_);
  while (true) {
    unfinished_changed_.wait(lock, [this] { return all_written_ || !unfinished_.empty(); });
    if (unfinished_.empty()) return;
    const std::string path = *unfinished_.begin();
    lock.unlock();
    if (const auto done = finish(path); !done) tell_once(done.error().message);
    lock.lock();
    unfinished_.erase(path);
  }
}

Outcome<> LogFiles::finish(const std::string& path) {
  const std::string from = cat(settings_.open, "/", path);
  const std::string to = cat(settings_.buckets, "/", path, ".gz");
  const std::string making = cat(to, ".part");
  TRY_VOID(make_folder_of(to));
  if (const auto done = compress(from, making); !done) {
    ::unlink(making.c_str());
    return done;
  }
  if (::rename(making.c_str(), to.c_str()) != 0) return failed("make", to, errno);
  ::unlink(from.c_str());
  const std::scoped_lock lock(folder_mutex_);
  // Folders that have become empty go with their last file.
  for (files::path folder = files::path(from).parent_path(); folder != settings_.open; folder = folder.parent_path())
    if (::rmdir(folder.c_str()) != 0) break;
  return {};
}

void LogFiles::tell(const std::string& what) {
  const std::scoped_lock lock(telling_);
  settings_.tell(what);
}

void LogFiles::tell_once(const std::string& what) {
  const std::scoped_lock lock(telling_);
  if (!std::exchange(told_, true)) settings_.tell(cat(what, "; lines are dropped until it can be written again"));
}

}  // namespace utakata::balancer
