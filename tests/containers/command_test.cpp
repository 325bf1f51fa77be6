// Commands inside running containers by the sandbox alone, as ExecuteCommand runs them.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.hpp"
#include "command_fixture_test.hpp"

using namespace utakata;        // NOLINT: a test
using namespace utakata::test;  // NOLINT: a test

namespace {

TaskSpec running(Place& place) {
  const TaskSpec task = place.task({shell("app", "trap 'exit 0' TERM; while :; do sleep 0.1; done")});
  place.sandbox->start(task);
  place.reports.until(task.arn, "RUNNING");
  return task;
}

// How many processes of the container's namespace have this in their command line.
std::size_t processes_with(std::string_view words) {
  std::size_t found = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error))
    if (parse_integer(entry.path().filename().string()) && read_file(entry.path() / "cmdline").contains(words)) ++found;
  return found;
}

}  // namespace

TEST_CASE("commands: pipes carry bytes as they are, errors apart, and the exit code is told") {
  Place place;
  const TaskSpec task = running(place);
  Command command;
  REQUIRE(begin(place, task, {"sh", "-c", "cat; id -u >&2; exit 7"}, false, command));
  str bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  command.type(bytes);
  command.end_input();
  CHECK(command.said(command.ends.output, "") == bytes);
  CHECK(command.said(command.ends.errors, "") == "0\n");
  CHECK(command.exit() == "exited 7");
}

TEST_CASE("commands: a terminal has a size from the start, hears of another and passes Ctrl-C on") {
  Place place;
  const TaskSpec task = running(place);
  Command command;
  REQUIRE(begin(place, task, {"sh"}, true, command));
  command.type("stty size; tty; echo $TERM\n");
  const str said = command.said(command.ends.output, "xterm-256color");
  CHECK(said.contains("33 101"));
  CHECK(said.contains("/dev/pts/"));
  const winsize size{.ws_row = 50, .ws_col = 132, .ws_xpixel = 0, .ws_ypixel = 0};
  REQUIRE(ioctl(command.ends.output, TIOCSWINSZ, &size) == 0);
  command.type("stty size\n");
  CHECK(command.said(command.ends.output, "50 132").contains("50 132"));
  // The terminal echoes what is typed: the words that are waited for are not in it.
  command.type("sh -c 'trap \"echo cau\"\"ght; exit\" INT; echo rea\"\"dy; while :; do sleep 0.1; done'\n");
  CHECK(command.said(command.ends.output, "ready").contains("ready"));
  command.type("\x03");
  CHECK(command.said(command.ends.output, "caught").contains("caught"));
  command.type("echo on; exit 3\n");
  CHECK(command.said(command.ends.output, "").contains("on"));
  CHECK(command.exit() == "exited 3");
}

TEST_CASE("commands: who is hung up on ends, also when it will not hear of it") {
  Place place;
  const TaskSpec task = running(place);
  Command heeds;
  REQUIRE(begin(place, task, {"sh", "-c", "echo up; exec sleep 54321"}, true, heeds));
  CHECK(heeds.said(heeds.ends.output, "up").contains("up"));
  Command deaf;
  REQUIRE(begin(place, task, {"sh", "-c", "trap '' HUP TERM INT; echo up; sleep 65432 & while :; do sleep 1; done"},
                false, deaf));
  CHECK(deaf.said(deaf.ends.output, "up").contains("up"));
  CHECK(processes_with(str("sleep\00054321", 11)) > 0);
  heeds.hang_up();
  deaf.hang_up();
  for (int i = 0; i < 600 && processes_with(str("sleep\00054321", 11)) + processes_with(str("sleep\00065432", 11)) > 0;
       ++i)
    usleep(50'000);
  CHECK(processes_with(str("sleep\00054321", 11)) == 0);
  CHECK(processes_with(str("sleep\00065432", 11)) == 0);
  CHECK((place.reports.until(task.arn, "RUNNING").status == "RUNNING"));
}

TEST_CASE("commands: what cannot start says why, and a session ends with its task") {
  Place place;
  const TaskSpec task = running(place);
  Command command;
  for (const bool terminal : {true, false}) {
    const auto refused = begin(place, task, {"/no/such/program"}, terminal, command);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "CommandNotFound");
    CHECK(refused.error().message.contains("the container has no program '/no/such/program'"));
    const auto no_program = begin(place, task, {"no-such-program"}, terminal, command);
    REQUIRE_FALSE(no_program);
    CHECK(no_program.error().code == "CommandNotFound");
    const auto no_execution = begin(place, task, {"/etc/hosts"}, terminal, command);
    REQUIRE_FALSE(no_execution);
    CHECK(no_execution.error().code == "CommandNotExecutable");
    CHECK(no_execution.error().message.contains("'/etc/hosts' cannot be executed"));
  }
  REQUIRE(begin(place, task, {"sleep", "1000"}, false, command));
  place.sandbox->stop(task.arn);
  place.reports.until(task.arn, "STOPPED");
  CHECK(command.exit() == "exited 137");
  Command late;
  CHECK(begin(place, task, {"true"}, true, late).error().code == "ContainerNotRunning");
}
