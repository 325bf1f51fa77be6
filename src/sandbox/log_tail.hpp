#pragma once

#include "core/report.hpp"

namespace utakata::sandbox {

/// Reads a supervisor's log from where it was last acknowledged. What is acknowledged is remembered beside the log and
/// its space given back; what is not is read again after a restart, so no line is lost.
class LogTail {
 public:
  explicit LogTail(str log_file);

  /// The next whole lines and the offset after them; empty when there are none. At most one batch is out at a time.
  struct Batch {
    list<LogLine> lines;
    i64 offset = 0;
  };
  Batch next();
  void acknowledge(i64 offset);
  /// Nothing more to read and nothing out.
  [[nodiscard]] bool drained() const;
  /// Without a log group nobody acknowledges: keeps the newest 16 MiB.
  void keep_newest();

 private:
  str file_;
  i64 acknowledged_ = 0;
  i64 sent_ = 0;
};

}  // namespace utakata::sandbox
