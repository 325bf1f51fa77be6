#include "sandbox/log_main.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <initializer_list>

namespace utakata::supervisor {
namespace {

using log_block::EventHeader;
using log_block::Header;

constexpr int64_t more_lines_patience_ms = 5'000;  // as docker's driver
constexpr int overhead = 26;
constexpr const char* buffer_full = "the buffer of max-buffer-size was full";

int64_t wall_us() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

bool write_all(int fd, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t n = write(fd, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= static_cast<size_t>(n);
  }
  return true;
}

// The event that tells of a loss, as a block. It has the time of what comes after it: by a later one it would be read
// behind the lines that it goes before.
size_t loss_block(const Loss& loss, const Header& after, char* into, size_t room, Header& header) {
  char* text = into + sizeof(Header) + sizeof(EventHeader);
  const int length =
      snprintf(text, room - sizeof(Header) - sizeof(EventHeader),
               "[utakata] %llu lines (%llu bytes) of this container were lost here: %s",
               static_cast<unsigned long long>(loss.lines), static_cast<unsigned long long>(loss.bytes), loss.reason);
  const EventHeader event{.bytes = static_cast<uint32_t>(length), .after_first = 0};
  memcpy(into + sizeof(Header), &event, sizeof event);
  header = Header{};
  header.bytes = static_cast<uint32_t>(sizeof event) + event.bytes;
  header.events = 1;
  header.first = header.last = after.first;
  header.ingested = after.ingested;
  header.text_bytes = length + overhead;
  header.check = log_block::check_of(header, into + sizeof(Header));
  memcpy(into, &header, sizeof header);
  return sizeof header + header.bytes;
}

// Takes the line's end off.
bool next_line(FILE* file, char* into, size_t room) {
  if (fgets(into, static_cast<int>(room), file) == nullptr) return false;
  into[strcspn(into, "\n")] = '\0';
  return true;
}

}  // namespace

bool LogPlan::read(const char* file_name) {
  FILE* file = fopen(file_name, "re");
  if (file == nullptr) return false;
  char mode[64] = "";
  char kept[32] = "";
  char pattern[4096] = "";
  const bool whole = next_line(file, folder, sizeof folder) && next_line(file, mode, sizeof mode) &&
                     next_line(file, kept, sizeof kept) && next_line(file, pattern, sizeof pattern);
  fclose(file);
  if (!whole) return false;
  if (strncmp(mode, "non-blocking ", 13) == 0) buffer_bytes = strtoul(mode + 13, nullptr, 10);
  keep = static_cast<int>(strtol(kept, nullptr, 10));
  multiline = pattern[0] != '\0' && regcomp(&first_line, pattern, REG_EXTENDED | REG_NOSUB) == 0;
  return folder[0] != '\0';
}

void Loss::count(const Header& header, const char* why) {
  const uint64_t text = static_cast<uint64_t>(header.text_bytes) - uint64_t{header.events} * overhead;
  lines += header.events;
  bytes += text;
  all_lines += header.events;
  all_bytes += text;
  reason = why;
  write_down();
}

void Loss::write_down() const {
  char line[129];
  const int length = snprintf(line, sizeof line, "%llu %llu %s", static_cast<unsigned long long>(all_lines),
                              static_cast<unsigned long long>(all_bytes), reason);
  memset(line + length, ' ', sizeof line - static_cast<size_t>(length));
  line[127] = '\n';
  const ssize_t ignored = pwrite(fd, line, 128, slot * 128);
  static_cast<void>(ignored);
}

void SegmentWriter::put(const Header& header, const char* block, size_t size) {
  if (loss.lines > 0) tell_loss(header);
  if (loss.lines > 0 || !write_block(header, block, size)) loss.count(header, strerror(errno));
}

void SegmentWriter::tell_loss(const Header& after) {
  char block[512];
  Header header;
  const size_t size = loss_block(loss, after, block, sizeof block, header);
  if (write_block(header, block, size)) loss.lines = loss.bytes = 0;
}

bool SegmentWriter::write_block(const Header& header, const char* block, size_t size) {
  // A segment that the store has taken away meanwhile is no place for anything: once more, into another.
  for (int tries = 0; tries < 2; ++tries) {
    const bool full = size_ >= log_block::segment_bytes || header.last - opened_ms_ > log_block::segment_milliseconds;
    if (fd_ >= 0 && full) close_segment();
    if (fd_ < 0 && !open_segment(header.last)) return false;
    if (!write_all(fd_, block, size)) {
      const int error = errno;
      if (ftruncate(fd_, size_) != 0) close_segment();
      errno = error;
      return false;
    }
    struct stat now{};
    if (fstat(fd_, &now) == 0 && now.st_nlink == 0) {
      close(fd_);
      fd_ = -1;
      continue;
    }
    size_ += static_cast<int64_t>(size);
    if (seal_.text_bytes == 0) seal_.first = header.first;
    if (seal_.text_bytes != 0 && header.first < seal_.last) ordered_ = false;
    seal_.first = header.first < seal_.first ? header.first : seal_.first;
    seal_.last = header.last > seal_.last ? header.last : seal_.last;
    seal_.ingested = header.ingested > seal_.ingested ? header.ingested : seal_.ingested;
    seal_.text_bytes += header.text_bytes;
    return true;
  }
  return false;
}

bool SegmentWriter::open_segment(int64_t now_ms) {
  char name[4200];
  const int64_t now = wall_us();
  int64_t number = now > number_ ? now : number_ + 1;
  for (int tries = 0; tries < 1000; ++tries, ++number) {
    snprintf(name, sizeof name, "%s/%020lld.log", plan_->folder, static_cast<long long>(number));
    fd_ = open(name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (fd_ >= 0 || errno != EEXIST) break;
  }
  if (fd_ < 0) return false;
  if (plan_->keep > 0 && former_ != 0) {
    snprintf(name, sizeof name, "%s/%020lld.log", plan_->folder, static_cast<long long>(former_));
    unlink(name);
  }
  former_ = number_;
  number_ = number;
  size_ = 0;
  opened_ms_ = now_ms;
  ordered_ = true;
  seal_ = Header{};
  seal_.kind = log_block::seal_magic;
  return true;
}

void SegmentWriter::close_segment() {
  if (fd_ < 0) return;
  seal_.events = ordered_ ? 1 : 0;
  seal_.check = log_block::check_of(seal_, nullptr);
  write_all(fd_, reinterpret_cast<const char*>(&seal_), sizeof seal_);
  // Begun now, so that a flood does not leave a machine full of dirty pages behind; nobody waits for it.
  sync_file_range(fd_, 0, 0, SYNC_FILE_RANGE_WRITE);
  close(fd_);
  fd_ = -1;
}

bool Buffer::begin(size_t bytes, SegmentWriter& writer) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  memory_ = static_cast<char*>(memory);
  size_ = bytes;
  writer_ = &writer;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 * 1024);
  pthread_t thread{};
  const int error = pthread_create(
      &thread, &small,
      [](void* self) -> void* {
        static_cast<Buffer*>(self)->write_out();
        return nullptr;
      },
      this);
  pthread_attr_destroy(&small);
  if (error != 0) return false;
  pthread_detach(thread);
  return true;
}

void Buffer::put(const Header& header, const char* block, size_t size) {
  if (loss.lines > 0) {
    char told[512];
    Header of_loss;
    if (push(told, loss_block(loss, header, told, sizeof told, of_loss))) loss.lines = loss.bytes = 0;
  }
  if (loss.lines > 0 || !push(block, size)) loss.count(header, buffer_full);
}

bool Buffer::push(const char* block, size_t size) {
  pthread_mutex_lock(&mutex_);
  const bool fits = used_ + size <= size_;
  if (fits) copy_in(block, size);
  pthread_cond_signal(&changed_);
  pthread_mutex_unlock(&mutex_);
  return fits;
}

void Buffer::copy_in(const char* from, size_t size) {
  const size_t to = (at_ + used_) % size_;
  const size_t first = size < size_ - to ? size : size_ - to;
  memcpy(memory_ + to, from, first);
  memcpy(memory_, from + first, size - first);
  used_ += size;
  most_used_ = used_ > most_used_ ? used_ : most_used_;
}

void Buffer::copy_out(char* to, size_t size) {
  const size_t first = size < size_ - at_ ? size : size_ - at_;
  memcpy(to, memory_ + at_, first);
  memcpy(to + first, memory_, size - first);
}

// A block leaves the buffer only once it is written, so the buffer's size bounds all that waits.
void Buffer::write_out() {
  static char block[sizeof(Header) + 512 * 1024];
  pthread_mutex_lock(&mutex_);
  while (true) {
    while (used_ == 0 && !ending_) pthread_cond_wait(&changed_, &mutex_);
    if (used_ == 0) break;
    Header header;
    copy_out(reinterpret_cast<char*>(&header), sizeof header);
    const size_t size = sizeof header + header.bytes;
    copy_out(block, size);
    pthread_mutex_unlock(&mutex_);
    writer_->put(header, block, size);
    pthread_mutex_lock(&mutex_);
    used_ -= size;
    at_ = (at_ + size) % size_;
    if (used_ == 0 && most_used_ > size_t{256} * 1024) {
      madvise(memory_, size_, MADV_DONTNEED);
      most_used_ = at_ = 0;
    }
  }
  writer_->close_segment();
  ended_ = true;
  pthread_cond_broadcast(&changed_);
  pthread_mutex_unlock(&mutex_);
}

void Buffer::end() {
  timespec until{};
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 10;
  pthread_mutex_lock(&mutex_);
  ending_ = true;
  pthread_cond_broadcast(&changed_);
  while (!ended_ && pthread_cond_timedwait(&changed_, &mutex_, &until) != ETIMEDOUT) {
  }
  pthread_mutex_unlock(&mutex_);
}

void Log::begin(const char* folder) {
  char name[4200];
  snprintf(name, sizeof name, "%s/log-plan", folder);
  dropping_ = !plan_.read(name);
  if (dropping_) return;
  snprintf(name, sizeof name, "%s/lost", folder);
  const int lost = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  segments_.loss.fd = buffer_.loss.fd = lost;
  buffer_.loss.slot = 1;
  segments_.loss.write_down();
  buffer_.loss.write_down();
  segments_.begin(plan_);
  if (plan_.buffer_bytes > 0 && !buffer_.begin(plan_.buffer_bytes, segments_)) plan_.buffer_bytes = 0;
}

bool Log::drain(Lines& lines) {
  const ssize_t n = read(lines.fd, lines.buffer + lines.filled, Lines::chunk);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  errno = 0;
  const int64_t now = wall_us() / 1'000;
  now_ms_ = now > now_ms_ ? now : now_ms_;
  if (n == 0) {
    if (lines.filled > 0) line(lines, lines.buffer, lines.filled);
    lines.filled = 0;
    release(lines);
    flush();
    return false;
  }
  const size_t from = lines.filled;
  lines.filled += static_cast<size_t>(n);
  lines.taken += static_cast<size_t>(n);
  take_lines(lines, from);
  flush();
  return true;
}

void Log::drain_all(Lines& lines, size_t most) {
  const size_t begun = lines.taken;
  while (lines.fd >= 0 && lines.taken - begun < most) {
    errno = 0;
    if (!drain(lines)) lines.fd = -1;
    if (errno == EAGAIN) return;
  }
}

void Log::take_lines(Lines& lines, size_t from) {
  if (dropping_) {
    lines.filled = 0;
    return;
  }
  const char* begin = lines.buffer;
  const char* end = lines.buffer + lines.filled;
  const char* look = lines.buffer + from;
  while (const void* found = memchr(look, '\n', static_cast<size_t>(end - look))) {
    const char* newline = static_cast<const char*>(found);
    line(lines, begin, static_cast<size_t>(newline - begin));
    begin = look = newline + 1;
  }
  while (static_cast<size_t>(end - begin) >= log_block::line_bytes_max) {
    line(lines, begin, log_block::line_bytes_max);
    begin += log_block::line_bytes_max;
  }
  lines.filled = static_cast<size_t>(end - begin);
  memmove(lines.buffer, begin, lines.filled);
}

// AWS takes no event without a character: an empty line is none, as with docker's driver.
void Log::line(Lines& lines, const char* text, size_t size) {
  for (; size > log_block::line_bytes_max; size -= log_block::line_bytes_max, text += log_block::line_bytes_max)
    line(lines, text, log_block::line_bytes_max);
  if (!plan_.multiline) {
    if (size > 0) add(text, size, now_ms_);
    return;
  }
  regmatch_t range[1] = {{0, static_cast<regoff_t>(size)}};
  const bool first = regexec(&plan_.first_line, text, 1, range, REG_STARTEND) == 0;
  if (first || lines.held + size + 1 > sizeof lines.event) release(lines);
  if (lines.held == 0) lines.held_at = now_ms_;
  memcpy(lines.event + lines.held, text, size);
  lines.held += size;
  if (lines.held < sizeof lines.event) lines.event[lines.held++] = '\n';
}

void Log::release(Lines& lines) {
  const size_t size = lines.held > 0 && lines.event[lines.held - 1] == '\n' ? lines.held - 1 : lines.held;
  if (size > 0) add(lines.event, size, lines.held_at);
  lines.held = 0;
}

int Log::patience() const {
  if (out.held == 0 && err.held == 0) return -1;
  const int64_t oldest = out.held == 0 || (err.held > 0 && err.held_at < out.held_at) ? err.held_at : out.held_at;
  const int64_t left = oldest + more_lines_patience_ms - wall_us() / 1'000;
  return left < 0 ? 0 : static_cast<int>(left);
}

void Log::flush_overdue() {
  const int64_t now = wall_us() / 1'000;
  for (Lines* lines : {&out, &err})
    if (lines->held > 0 && now - lines->held_at >= more_lines_patience_ms) release(*lines);
  flush();
}

void Log::add(const char* text, size_t size, int64_t at) {
  if (filled_ + sizeof(EventHeader) + size > sizeof block_ || (header_.events > 0 && at < header_.first)) flush();
  if (header_.events == 0) header_.first = header_.last = at;
  header_.last = at > header_.last ? at : header_.last;
  const EventHeader event{.bytes = static_cast<uint32_t>(size),
                          .after_first = static_cast<uint32_t>(at - header_.first)};
  memcpy(block_ + filled_, &event, sizeof event);
  memcpy(block_ + filled_ + sizeof event, text, size);
  filled_ += sizeof event + size;
  ++header_.events;
  header_.text_bytes += static_cast<int64_t>(size) + overhead;
}

void Log::flush() {
  if (header_.events == 0) return;
  header_.bytes = static_cast<uint32_t>(filled_ - sizeof(Header));
  header_.ingested = now_ms_;
  header_.check = log_block::check_of(header_, block_ + sizeof(Header));
  memcpy(block_, &header_, sizeof header_);
  if (plan_.buffer_bytes > 0)
    buffer_.put(header_, block_, filled_);
  else
    segments_.put(header_, block_, filled_);
  header_ = Header{};
  filled_ = sizeof(Header);
}

void Log::end() {
  if (dropping_) return;
  for (Lines* lines : {&out, &err}) {
    if (lines->filled > 0) line(*lines, lines->buffer, lines->filled);
    lines->filled = 0;
    release(*lines);
  }
  flush();
  if (plan_.buffer_bytes > 0)
    buffer_.end();
  else
    segments_.close_segment();
}

}  // namespace utakata::supervisor
