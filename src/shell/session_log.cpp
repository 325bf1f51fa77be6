#include "shell/session_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <utility>

#include "base/text.hpp"

namespace utakata::shell {
namespace {

constexpr std::size_t record_max = 1024 * 1024;  // bytes of a session that its log keeps
constexpr std::size_t line_max = 16 * 1024;      // bytes of one line of the log

}  // namespace

SessionLog::SessionLog(const std::string& file)
    : fd_(file.empty() ? -1 : open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {}

SessionLog::~SessionLog() {
  if (fd_ >= 0) close(fd_);
}

void SessionLog::take(Instant at, std::string_view said) {
  if (bytes_ > record_max) return;
  keep(at, said);
  for (const char c : said) {
    if (c != '\n') line_ += c;
    if (c == '\n' || line_.size() >= line_max) take_line(at);
  }
  bytes_ += said.size();
  if (bytes_ <= record_max) return;
  if (!line_.empty()) take_line(at);
  line_ = cat("(the session said more than ", record_max, " bytes; the rest is not kept)");
  take_line(at);
}

list<SessionLine> SessionLog::end(Instant at) {
  if (!line_.empty()) take_line(at);
  return std::move(lines_);
}

void SessionLog::take_line(Instant at) {
  while (line_.ends_with('\r')) line_.pop_back();
  lines_.push_back({.at = at, .text = std::exchange(line_, {})});
}

// "TIME LENGTH\n" and the bytes, as they came.
void SessionLog::keep(Instant at, std::string_view said) {
  if (fd_ < 0) return;
  const std::string record = cat(at.ns, " ", said.size(), "\n", said);
  if (write(fd_, record.data(), record.size()) != static_cast<ssize_t>(record.size())) close(std::exchange(fd_, -1));
}

list<SessionLine> SessionLog::read(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  const std::string all = text.str();
  std::string_view rest = all;
  SessionLog log;
  Instant last;
  while (true) {
    const std::size_t head = rest.find('\n');
    const auto words = split(rest.substr(0, head), ' ');
    const auto at = words.size() == 2 ? parse_integer(words[0]) : std::nullopt;
    const auto size = words.size() == 2 ? parse_integer(words[1]) : std::nullopt;
    if (head == std::string_view::npos || !at || !size || *size < 0) return log.end(last);
    last = Instant{*at};
    const std::string_view said = rest.substr(head + 1, static_cast<std::size_t>(*size));
    log.take(last, said);
    rest.remove_prefix(head + 1 + said.size());
  }
}

}  // namespace utakata::shell
