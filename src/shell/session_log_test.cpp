#include "shell/session_log.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "tests/files.hpp"

using namespace utakata;  // NOLINT: a test
using shell::SessionLog;

namespace {

constexpr Instant first{1'000}, second{2'000};

str told(const list<SessionLine>& lines) {
  str all;
  for (const SessionLine& each : lines) all += cat(each.at.ns, " ", each.text, "|");
  return all;
}

}  // namespace

TEST_CASE("session log: the file of a session that nobody ended holds what its log would have held") {
  const test::TemporaryFolder folder("session-log");
  const str file = folder.path + "/s";
  SessionLog log(file);
  log.take(first, "one\r\ntw");
  log.take(second, "o\n\nthree");
  const str expected = "1000 one|2000 two|2000 |2000 three|";
  CHECK(told(SessionLog::read(file)) == expected);
  CHECK(told(log.end(second)) == expected);
  // A daemon is killed in the middle of a write.
  const str whole = test::read_file(file);
  test::write_file(file, whole.substr(0, whole.size() - 3));
  CHECK(told(SessionLog::read(file)) == "1000 one|2000 two|2000 |2000 th|");
  test::write_file(file, cat(whole, "30"));
  CHECK(told(SessionLog::read(file)) == expected);
  test::write_file(file, "");
  CHECK(SessionLog::read(file).empty());
  CHECK(SessionLog::read(folder.path + "/none").empty());
}

TEST_CASE("session log: a session that says more than is kept says so, also from its file") {
  const test::TemporaryFolder folder("session-log");
  const str file = folder.path + "/s";
  SessionLog log(file);
  for (int n = 0; n < 300; ++n) log.take(first, str(4096, 'x'));
  const auto left = SessionLog::read(file);
  const auto lines = log.end(first);
  CHECK(lines.back().text.contains("the rest is not kept"));
  CHECK(told(left) == told(lines));
  CHECK(std::filesystem::file_size(file) < 1'100'000);
}

TEST_CASE("session log: without a file that can be written the lines are there all the same") {
  SessionLog nowhere("/no/such/folder/s");
  SessionLog none{""};
  for (SessionLog* log : {&nowhere, &none}) {
    log->take(first, "line\n");
    CHECK(told(log->end(first)) == "1000 line|");
  }
}
