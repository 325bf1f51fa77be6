#pragma once

#include <pthread.h>
#include <regex.h>

#include <cstdint>
#include <cstdio>

#include "base/log_block.hpp"

// The supervisor's side of a log: what a container writes becomes segments of its stream (base/log_block.hpp), without
// the daemon and in bounded memory. Plain C calls and static memory, as everything of the supervisor.
namespace utakata::supervisor {

/// DIR/log-plan, four lines: the stream's folder (empty: output is dropped); "blocking" or "non-blocking BYTES"; how
/// many segments to keep, 0 for all; an extended regular expression that the first line of an event matches (empty:
/// each line is one).
struct LogPlan {
  char folder[4096] = "";
  size_t buffer_bytes = 0;  // 0: the container is held back when the disk cannot keep up
  int keep = 0;
  bool multiline = false;
  regex_t first_line = {};

  /// False: the plan is missing or not understood; output is dropped then.
  bool read(const char* file);
};

/// What could not be kept, told in the log itself where it is missing and in one of the two lines of DIR/lost, which
/// was made while there was room on the disk.
struct Loss {
  uint64_t lines = 0, bytes = 0;  // not told yet
  uint64_t all_lines = 0, all_bytes = 0;
  const char* reason = "";
  int fd = -1;
  int slot = 0;

  void count(const log_block::Header&, const char* why);
  void write_down() const;
};

/// The stream's segments. Blocks as long as the disk needs.
class SegmentWriter {
 public:
  Loss loss;

  void begin(const LogPlan& plan) { plan_ = &plan; }
  /// A whole block. What is lost is counted.
  void put(const log_block::Header&, const char* block, size_t size);
  void close_segment();

 private:
  bool write_block(const log_block::Header&, const char* block, size_t size);
  bool open_segment(int64_t now_ms);
  void tell_loss(const log_block::Header& after);

  const LogPlan* plan_ = nullptr;
  int fd_ = -1;
  int64_t number_ = 0, former_ = 0;
  int64_t size_ = 0, opened_ms_ = 0;
  bool ordered_ = true;
  log_block::Header seal_;
};

/// Between a container that is not held back and the disk: blocks wait here, and are lost when there is no room.
class Buffer {
 public:
  Loss loss;

  bool begin(size_t bytes, SegmentWriter& writer);
  void put(const log_block::Header&, const char* block, size_t size);
  /// Waits until everything is written, ten seconds at most.
  void end();

 private:
  bool push(const char* block, size_t size);
  void copy_in(const char* from, size_t size);
  void copy_out(char* to, size_t size);
  void write_out();

  SegmentWriter* writer_ = nullptr;
  char* memory_ = nullptr;
  size_t size_ = 0, used_ = 0, most_used_ = 0, at_ = 0;  // at_: the oldest byte
  bool ending_ = false, ended_ = false;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed_ = PTHREAD_COND_INITIALIZER;
};

/// Lines of one of the container's two streams.
struct Lines {
  static constexpr size_t chunk = 128 * 1024;
  int fd = -1;
  size_t filled = 0;
  size_t taken = 0;  // read in all
  size_t held = 0;   // of an event that may get more lines
  int64_t held_at = 0;
  char buffer[log_block::line_bytes_max + chunk];
  char event[log_block::line_bytes_max];
};

class Log {
 public:
  Lines out, err;

  void begin(const char* folder);
  /// Reads once. False at the end of the stream.
  bool drain(Lines&);
  /// Whatever is there, until the end of the stream, until there is nothing, or until `most` bytes are read.
  void drain_all(Lines&, size_t most);
  /// Milliseconds until an event of several lines waits no longer for more of them; -1: none waits.
  [[nodiscard]] int patience() const;
  void flush_overdue();
  void end();

 private:
  void take_lines(Lines&, size_t from);
  void line(Lines&, const char* text, size_t size);
  void release(Lines&);
  void add(const char* text, size_t size, int64_t at);
  void flush();

  LogPlan plan_;
  SegmentWriter segments_;
  Buffer buffer_;
  bool dropping_ = false;
  int64_t now_ms_ = 0;
  size_t filled_ = sizeof(log_block::Header);
  log_block::Header header_;
  char block_[sizeof(log_block::Header) + 384 * 1024];
};

}  // namespace utakata::supervisor
