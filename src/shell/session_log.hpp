#pragma once

#include <string>
#include <string_view>

#include "core/session.hpp"

namespace utakata::shell {

/// What a session's log will hold: the lines that its command says, bounded. Until they are in the log stream a file
/// holds them as well, so that a daemon that is killed leaves them to the next one.
class SessionLog {
 public:
  SessionLog() = default;
  /// `file`: empty for none. One that cannot be written only means that a killed daemon takes the lines with it.
  explicit SessionLog(const std::string& file);
  SessionLog(const SessionLog&) = delete;
  SessionLog& operator=(const SessionLog&) = delete;
  ~SessionLog();

  void take(Instant at, std::string_view said);
  /// All lines, also one that has not ended.
  list<SessionLine> end(Instant at);

  /// The lines in the file of a daemon that did not end its session; of a file that was cut, what is whole.
  static list<SessionLine> read(const std::string& file);

 private:
  void keep(Instant at, std::string_view said);
  void take_line(Instant at);

  list<SessionLine> lines_;
  std::string line_;       // not complete yet
  std::size_t bytes_ = 0;  // that were said
  int fd_ = -1;
};

}  // namespace utakata::shell
