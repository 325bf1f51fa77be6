#include "store/segment_log_store.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <memory>
#include <span>

#include "base/text.hpp"
#include "filter/pattern.hpp"

namespace utakata::store {
namespace {

using log_block::EventHeader;
using log_block::Header;

// Of one block; a reader holds a block in memory. An event that is larger has a block of its own.
constexpr std::size_t block_events_max = 10'000;
constexpr std::size_t block_bytes_max = std::size_t{1} << 20;

// What is remembered between calls; beyond it everything is looked at anew.
constexpr std::size_t streams_known_max = 20'000;
constexpr std::size_t streams_written_max = 10'000;

std::unexpected<Fault> failed(std::string_view doing, int error) {
  return refuse("ServiceUnavailableException",
                cat("The service cannot complete the request: cannot ", doing, ": ",
                    std::strerror(error)),  // NOLINT(concurrency-mt-unsafe)
                503);
}

std::vector<std::string> entries(const std::string& folder) {
  std::vector<std::string> names;
  DIR* dir = opendir(folder.c_str());
  if (dir == nullptr) return names;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): each stream of a directory is read by one thread
  for (const dirent* each = readdir(dir); each != nullptr; each = readdir(dir))
    if (each->d_name[0] != '.') names.emplace_back(each->d_name);
  closedir(dir);
  return names;
}

std::vector<i64> numbers_in(const std::string& folder) {
  std::vector<i64> numbers;
  for (const std::string& name : entries(folder))
    if (const i64 number = segment_number(name); number >= 0) numbers.push_back(number);
  std::ranges::sort(numbers);
  return numbers;
}

i64 microseconds_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000 + now.tv_nsec / 1'000;
}

// Header and body of one block.
std::string block_of(std::span<const LogEvent> events) {
  Header header{.events = static_cast<uint32_t>(events.size()),
                .first = std::ranges::min(events, {}, &LogEvent::at).at,
                .last = std::ranges::max(events, {}, &LogEvent::at).at,
                .ingested = events.front().ingested};
  std::string block(sizeof header, '\0');
  for (const LogEvent& event : events) {
    const EventHeader head{.bytes = static_cast<uint32_t>(event.text.size()),
                           .after_first = static_cast<uint32_t>(event.at - header.first)};
    block.append(reinterpret_cast<const char*>(&head), sizeof head);
    block += event.text;
    header.text_bytes += static_cast<i64>(event.text.size()) + ports::log_event_overhead;
  }
  header.bytes = static_cast<uint32_t>(block.size() - sizeof header);
  header.check = log_block::check_of(header, block.data() + sizeof header);
  std::memcpy(block.data(), &header, sizeof header);
  return block;
}

std::size_t bytes_of(const LogEvent& event) { return sizeof(EventHeader) + event.text.size(); }

// As many of the first events as one block holds.
std::span<const LogEvent> first_block(std::span<const LogEvent> events) {
  std::size_t count = 1;
  std::size_t bytes = bytes_of(events.front());
  while (count < std::min(events.size(), block_events_max) && bytes + bytes_of(events[count]) <= block_bytes_max)
    bytes += bytes_of(events[count++]);
  return events.first(count);
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// The error; 0: none. What has been taken away meanwhile needs no flush.
int flush(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT ? 0 : errno;
  const int error = fsync(fd) == 0 ? 0 : errno;
  close(fd);
  return error;
}

// The events of the block that the reader is at.
void take_block(BlockReader& reader, const std::string& stream, i64 segment, const filter::Pattern& pattern,
                ports::LogPageKeeper& keeper) {
  std::string_view rest = reader.body();
  const i64 begin = reader.offset();
  const Header header = reader.header();
  i64 offset = begin;
  while (rest.size() >= sizeof(EventHeader)) {
    EventHeader head{};
    std::memcpy(&head, rest.data(), sizeof head);
    rest.remove_prefix(sizeof head);
    if (head.bytes > rest.size()) return;
    const std::string_view text = rest.substr(0, head.bytes);
    rest.remove_prefix(head.bytes);
    LogPlace place{.at = header.first + head.after_first, .stream = stream, .segment = segment, .offset = offset};
    offset += static_cast<i64>(sizeof head) + head.bytes;
    if (keeper.wants(place) && pattern.matches(text)) keeper.take(std::move(place), header.ingested, text);
  }
}

}  // namespace

Outcome<std::unique_ptr<SegmentLogStore>> SegmentLogStore::open(std::string root) {
  std::error_code error;
  std::filesystem::create_directories(root, error);
  if (error) return failed(cat("make ", root), error.value());
  return std::unique_ptr<SegmentLogStore>(new SegmentLogStore(std::move(root)));
}

std::vector<Outcome<>> SegmentLogStore::append(const std::vector<LogAppend>& batch) {
  std::vector<Outcome<>> done;
  std::set<StreamPath> unflushed;
  {
    const std::scoped_lock lock(mutex_);
    for (const LogAppend& each : batch) done.push_back(write(each, unflushed));
  }
  for (const auto& [stream, path] : unflushed) {
    const int error = flush(path);
    if (error == 0) continue;
    for (std::size_t i = 0; i < batch.size(); ++i)
      if (batch[i].stream == stream && !batch[i].events.empty()) done[i] = failed("flush the log", error);
    // What is written behind a hole could not be read: the next append begins another segment.
    const std::scoped_lock lock(mutex_);
    writing_.erase(stream);
  }
  return done;
}

Outcome<> SegmentLogStore::begin_segment(const std::string& stream, SegmentSummary& segment) {
  if (segment.number != 0) {
    const Header seal = segment.seal();
    if (const int old = ::open(segment_path(folder(stream), segment.number).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
        old >= 0) {
      static_cast<void>(write_all(old, {reinterpret_cast<const char*>(&seal), sizeof seal}));
      close(old);
    }
  }
  segment = {.number = std::max(segment.number + 1, microseconds_now())};
  std::error_code ignored;
  std::filesystem::create_directory(folder(stream), ignored);
  for (int tries = 0; tries < 1000; ++tries, ++segment.number) {
    const int fd =
        ::open(segment_path(folder(stream), segment.number).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
      close(fd);
      return {};
    }
    if (errno != EEXIST) break;
  }
  const int error = errno;
  segment = {};
  return failed("make a segment of the log", error);
}

Outcome<> SegmentLogStore::write(const LogAppend& append, std::set<StreamPath>& unflushed) {
  if (append.events.empty()) return {};
  for (const LogEvent& event : append.events)
    if (bytes_of(event) > log_block::body_bytes_max) return failed("write the log", EMSGSIZE);
  if (writing_.size() > streams_written_max) writing_.clear();
  SegmentSummary& segment = writing_[append.stream];
  std::string blocks;  // written at once, so that a write that fails is taken back whole
  std::vector<Header> headers;
  for (std::span<const LogEvent> rest = append.events; !rest.empty();) {
    const std::span<const LogEvent> now = first_block(rest);
    const std::string block = block_of(now);
    std::memcpy(&headers.emplace_back(), block.data(), sizeof(Header));
    blocks += block;
    rest = rest.subspan(now.size());
  }
  const i64 at = append.events.front().ingested;
  const bool fits = segment.number != 0 && segment.scanned < log_block::segment_bytes &&
                    at - segment.number / 1'000 < log_block::segment_milliseconds;
  int fd =
      fits ? ::open(segment_path(folder(append.stream), segment.number).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
  if (fd < 0) {
    if (segment.number == 0) unflushed.emplace(append.stream, root_);  // it may be the stream's first
    TRY_VOID(begin_segment(append.stream, segment));
    unflushed.emplace(append.stream, folder(append.stream));
    fd = ::open(segment_path(folder(append.stream), segment.number).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0) return failed("write the log", errno);
  }
  const bool written = write_all(fd, blocks);
  const int error = errno;
  if (!written) static_cast<void>(ftruncate(fd, segment.scanned));
  close(fd);
  if (!written) return failed("write the log", error);
  for (const Header& header : headers) segment.count(header);
  segment.scanned += static_cast<i64>(blocks.size());
  unflushed.emplace(append.stream, segment_path(folder(append.stream), segment.number));
  return {};
}

std::vector<SegmentSummary> SegmentLogStore::summaries(const std::string& stream) {
  const std::vector<i64> numbers = numbers_in(folder(stream));
  std::map<i64, SegmentSummary> known;
  {
    const std::scoped_lock lock(mutex_);
    if (const auto at = known_.find(stream); at != known_.end()) known = at->second;
  }
  std::map<i64, SegmentSummary> now;
  std::vector<SegmentSummary> all;
  for (const i64 number : numbers) {
    SegmentSummary& summary = now[number];
    if (const auto at = known.find(number); at != known.end()) summary = at->second;
    summary.number = number;
    look_again(segment_path(folder(stream), number), summary);
    all.push_back(summary);
  }
  const std::scoped_lock lock(mutex_);
  if (known_.size() > streams_known_max) known_.clear();
  known_[stream] = std::move(now);
  return all;
}

std::vector<SegmentLogStore::Candidate> SegmentLogStore::candidates(const LogQuery& query,
                                                                    const ports::LogPageKeeper& keeper) {
  std::vector<Candidate> all;
  for (const std::string& stream : query.streams)
    for (SegmentSummary& summary : summaries(stream))
      if (summary.events > 0 && keeper.wants_between(summary.first, summary.last))
        all.push_back({.stream = &stream, .summary = summary});
  return all;
}

Outcome<LogPage> SegmentLogStore::read(const LogQuery& query) {
  const filter::Pattern pattern = TRY(filter::Pattern::parse(query.pattern));
  ports::LogPageKeeper keeper(query);
  std::vector<Candidate> all = candidates(query, keeper);
  if (query.newest)
    read_newest(all, pattern, keeper);
  else
    read_oldest(all, query, pattern, keeper);
  return keeper.finish();
}

// Segments in the order of their first events. When there is more than one page looks through, it ends before the first
// event of a later segment: everything before that is complete.
void SegmentLogStore::read_oldest(std::vector<Candidate>& all, const LogQuery& query, const filter::Pattern& pattern,
                                  ports::LogPageKeeper& keeper) {
  std::ranges::sort(all, {}, &Candidate::first);
  i64 begin = query.start;
  if (query.from) begin = std::max(begin, query.from->at);
  if (query.after) begin = std::max(begin, query.after->at);
  i64 bytes = 0;
  for (const Candidate& each : all) {
    if (bytes >= scan_bytes && each.first() > begin) {
      keeper.end_at(each.first());
      break;
    }
    bytes += each.summary.text_bytes;
  }
  for (const Candidate& each : all) {
    if (!keeper.wants_between(each.first(), each.last())) continue;
    BlockReader reader(segment_path(folder(*each.stream), each.summary.number));
    while (reader.next()) {
      if (keeper.wants_between(reader.header().first, reader.header().last))
        take_block(reader, *each.stream, each.summary.number, pattern, keeper);
      else if (each.summary.ordered && reader.header().first > begin &&
               !keeper.wants_between(reader.header().first, INT64_MAX))
        break;
    }
  }
}

// The latest first, and of each segment its blocks from the end.
void SegmentLogStore::read_newest(std::vector<Candidate>& all, const filter::Pattern& pattern,
                                  ports::LogPageKeeper& keeper) {
  std::ranges::sort(all, std::ranges::greater(), &Candidate::last);
  for (const Candidate& each : all) {
    if (!keeper.wants_between(each.first(), each.last())) continue;
    BlockReader reader(segment_path(folder(*each.stream), each.summary.number));
    std::vector<i64> offsets;
    while (reader.next())
      if (keeper.wants_between(reader.header().first, reader.header().last)) offsets.push_back(reader.offset());
    for (auto offset = offsets.rbegin(); offset != offsets.rend(); ++offset) {
      reader.seek(*offset);
      if (!reader.next()) break;
      if (keeper.wants_between(reader.header().first, reader.header().last))
        take_block(reader, *each.stream, each.summary.number, pattern, keeper);
    }
  }
}

LogReport SegmentLogStore::holds(const std::string& stream) {
  LogReport report{.stream = stream};
  for (const SegmentSummary& each : summaries(stream)) {
    if (each.events == 0) continue;
    report.first = report.bytes == 0 ? each.first : std::min(report.first, each.first);
    report.last = std::max(report.last, each.last);
    report.last_ingestion = std::max(report.last_ingestion, each.last_ingestion);
    report.bytes += each.text_bytes;
  }
  return report;
}

// A writer that still has such a segment open notices that it is gone and begins another.
void SegmentLogStore::expire(const std::string& stream, std::int64_t before) {
  for (const SegmentSummary& each : summaries(stream)) {
    if (each.last >= before || each.events == 0) continue;
    take_away(stream, each.number);
  }
}

void SegmentLogStore::take_away(const std::string& stream, i64 segment) {
  const std::scoped_lock lock(mutex_);
  unlink(segment_path(folder(stream), segment).c_str());
  if (const auto at = writing_.find(stream); at != writing_.end() && at->second.number == segment) writing_.erase(at);
}

// Numbers are the times at which segments were begun.
std::int64_t SegmentLogStore::trim(std::int64_t bytes_kept) {
  struct File {
    i64 number = 0;
    i64 bytes = 0;
    std::string stream;
  };
  std::vector<File> files;
  i64 bytes = 0;
  for (const std::string& stream : streams())
    for (const i64 number : numbers_in(folder(stream))) {
      struct stat info{};
      if (::stat(segment_path(folder(stream), number).c_str(), &info) != 0) continue;
      files.push_back({.number = number, .bytes = info.st_size, .stream = stream});
      bytes += info.st_size;
    }
  if (bytes <= bytes_kept) return 0;
  std::ranges::sort(files, {}, &File::number);
  const i64 before = bytes;
  for (const File& file : files) {
    if (bytes <= bytes_kept) break;
    take_away(file.stream, file.number);
    bytes -= file.bytes;
  }
  return before - bytes;
}

void SegmentLogStore::remove(const std::string& stream) {
  {
    const std::scoped_lock lock(mutex_);
    known_.erase(stream);
    writing_.erase(stream);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder(stream), ignored);
}

std::vector<std::string> SegmentLogStore::streams() { return entries(root_); }

}  // namespace utakata::store
