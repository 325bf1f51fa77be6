#pragma once

#include <string>
#include <vector>

#include "base/outcome.hpp"
#include "core/outside.hpp"
#include "core/report.hpp"

namespace utakata::ports {

/// Where the events of log streams are kept. May be called from any thread; calls block for the time of the disk.
class LogStore {
 public:
  LogStore() = default;
  LogStore(const LogStore&) = delete;
  LogStore& operator=(const LogStore&) = delete;
  virtual ~LogStore() = default;

  /// Durable when it returns, each or, with its Fault (disk full, ...), not; many share one flush. A stream that is not
  /// there is made.
  [[nodiscard]] virtual std::vector<Outcome<>> append(const std::vector<LogAppend>&) = 0;
  /// Events that are being written meanwhile may or may not be in the page. Fault: a pattern that is none.
  [[nodiscard]] virtual Outcome<LogPage> read(const LogQuery&) = 0;
  /// What a stream holds now; nothing of one that is not there.
  [[nodiscard]] virtual LogReport holds(const std::string& stream) = 0;
  /// Takes away whatever part of the store holds nothing newer than `before` (milliseconds since 1970).
  virtual void expire(const std::string& stream, std::int64_t before) = 0;
  virtual void remove(const std::string& stream) = 0;
  /// Takes the oldest of all streams away until the store holds no more than so many bytes; how many went.
  virtual std::int64_t trim(std::int64_t bytes_kept) = 0;
  [[nodiscard]] virtual std::vector<std::string> streams() = 0;
};

}  // namespace utakata::ports
