#include "sandbox/log_tail.hpp"

#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/text.hpp"

namespace utakata::sandbox {
namespace {

constexpr std::size_t batch_bytes = 256 * 1024;
constexpr std::size_t batch_lines = 1'000;
constexpr i64 unread_bytes_kept = i64{16} << 20;
constexpr i64 page = 4096;

i64 size_of(const str& file) {
  struct stat info{};
  return stat(file.c_str(), &info) == 0 ? info.st_size : 0;
}

void give_back(const str& file, i64 up_to) {
  const int fd = open(file.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  if (up_to >= page) fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, up_to / page * page);
  close(fd);
}

// "NANOSECONDS o TEXT"
LogLine parse(std::string_view line) {
  const std::size_t space = line.find(' ');
  LogLine out{.at = Instant{parse_integer(line.substr(0, space)).value_or(0)}};
  if (space != std::string_view::npos && line.size() >= space + 3) out.text = line.substr(space + 3);
  return out;
}

}  // namespace

LogTail::LogTail(str log_file) : file_(std::move(log_file)) {
  std::ifstream remembered(file_ + ".offset");
  str text;
  std::getline(remembered, text);
  acknowledged_ = sent_ = parse_integer(text).value_or(0);
}

LogTail::Batch LogTail::next() {
  Batch batch{.offset = sent_};
  if (sent_ != acknowledged_) return batch;
  const int fd = open(file_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return batch;
  str text(batch_bytes, '\0');
  const ssize_t n = pread(fd, text.data(), text.size(), sent_);
  close(fd);
  if (n <= 0) return batch;
  std::string_view rest(text.data(), static_cast<std::size_t>(n));
  for (std::size_t end = rest.find('\n'); end != std::string_view::npos && batch.lines.size() < batch_lines;
       end = rest.find('\n')) {
    batch.lines.push_back(parse(rest.substr(0, end)));
    rest.remove_prefix(end + 1);
    batch.offset += static_cast<i64>(end) + 1;
  }
  sent_ = batch.offset;
  return batch;
}

void LogTail::acknowledge(i64 offset) {
  if (offset <= acknowledged_) return;
  acknowledged_ = offset;
  sent_ = std::max(sent_, offset);
  {
    std::ofstream remembered(file_ + ".offset.new", std::ios::trunc);
    remembered << offset << "\n";
  }
  rename((file_ + ".offset.new").c_str(), (file_ + ".offset").c_str());
  give_back(file_, acknowledged_);
}

bool LogTail::drained() const { return sent_ == acknowledged_ && acknowledged_ >= size_of(file_); }

void LogTail::keep_newest() { give_back(file_, size_of(file_) - unread_bytes_kept); }

}  // namespace utakata::sandbox
