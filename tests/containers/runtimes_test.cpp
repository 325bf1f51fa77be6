// What the platform asks of an OCI runtime, by each of them, and of the one that has started a container when the
// platform comes back with another (docs/decisions/0012).
#include <doctest/doctest.h>

#include <csignal>

#include "command_fixture_test.hpp"

using namespace utakata;        // NOLINT: a test
using namespace utakata::test;  // NOLINT: a test

namespace {

// Tells its health by a file that a command makes and takes away.
TaskSpec healthy_while_asked(Place& place) {
  ContainerSpec app = tells("app", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done");
  app.health_check = HealthCheckSpec{
      .command = {"CMD-SHELL", "test -e /healthy"}, .interval_seconds = 1, .timeout_seconds = 5, .retries = 1};
  return place.task({app});
}

void until_health(Place& place, const TaskSpec& task, std::string_view health) {
  for (int tries = 0; tries < 1200; ++tries) {
    const TaskReport report = place.reports.latest(task.arn);
    if (!report.containers.empty() && report.containers[0].health.name() == health) return;
    usleep(50'000);
  }
  FAIL("the container never was ", str(health));
}

str run(const Place& place, const TaskSpec& task, const str& script) {
  Command command;
  const auto begun = begin(place, task, {"sh", "-c", script}, false, command);
  REQUIRE_MESSAGE(begun, (begun ? str() : begun.error().message));
  str said = command.said(command.ends.output, "");
  return said + command.exit();
}

// The files by which runtimes know their containers.
bool is_known_to(const Place& place, const str& runtime) {
  const str file = runtime == "runc" ? "state.json" : "status";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(place.dir + "/runtime"))
    if (entry.path().filename() == file) return true;
  return false;
}

}  // namespace

TEST_CASE("runtimes: a check that takes too long leaves nothing in the container") {
  Place place({}, each_runtime());
  ContainerSpec app = tells("app", "echo ready; while :; do sleep 0.1; done");
  app.health_check =
      HealthCheckSpec{.command = {"CMD", "sleep", "1000"}, .interval_seconds = 1, .timeout_seconds = 1, .retries = 2};
  const TaskSpec task = place.task({app});
  place.start(task);
  until_health(place, task, "UNHEALTHY");
  const str left = run(place, task, "pgrep -fx 'sleep 1000' | wc -l");
  CAPTURE(left);
  CHECK((left == "0\nexited 0" || left == "1\nexited 0"));  // the next check may have begun
  place.sandbox->stop(task.arn);
  place.reports.until(task.arn, "STOPPED");
}

TEST_CASE("runtimes: each starts a container, runs commands in it, checks its health and stops it") {
  Place place({}, each_runtime());
  const TaskSpec task = healthy_while_asked(place);
  place.start(task);
  CHECK(place.lines(task, 1) == list<str>{"ready"});
  place.reports.until(task.arn, "RUNNING");
  CHECK(is_known_to(place, place.runtime));
  until_health(place, task, "UNHEALTHY");
  CHECK(run(place, task, "touch /healthy; hostname; exit 3") == "ip-172-31-0-10.test\nexited 3");
  until_health(place, task, "HEALTHY");
  place.sandbox->stop(task.arn);
  CHECK(place.reports.until(task.arn, "STOPPED").containers[0].exit_code == 7);
  CHECK_FALSE(is_known_to(place, place.runtime));
}

TEST_CASE("runtimes: a container that is started again by the other one stays in its task's group") {
  const str first = each_runtime();
  const str second = first == "crun" ? "runc" : "crun";
  Place place({}, first);
  ContainerSpec app = shell("app", "exec sleep 1000");
  app.restart = RestartSpec{.ignored_exit_codes = {}, .attempt_period_seconds = 0};
  const TaskSpec task = place.task({app});
  place.start(task);
  const i64 pid = place.reports.until(task.arn, "RUNNING").containers[0].pid;
  const str groups = read_file(cat("/proc/", pid, "/cgroup"));
  CHECK(groups.contains(task.id));
  place.sandbox = nullptr;
  place.runtime = second;
  place.open();
  place.sandbox->recover();
  REQUIRE(place.reports.inventory());
  ::kill(static_cast<pid_t>(pid), SIGKILL);
  i64 again = pid;
  for (int tries = 0; tries < 600 && (again == pid || again == 0); ++tries) {
    usleep(50'000);
    again = place.reports.latest(task.arn).containers[0].pid;
  }
  REQUIRE(again != pid);
  CHECK(is_known_to(place, second));
  CHECK(read_file(cat("/proc/", again, "/cgroup")) == groups);
}

TEST_CASE("runtimes: a container keeps the one that started it when the platform comes back with the other") {
  const str first = each_runtime();
  const str second = first == "crun" ? "runc" : "crun";
  Place place({}, first);
  const TaskSpec task = healthy_while_asked(place);
  place.start(task);
  const i64 pid = place.reports.until(task.arn, "RUNNING").containers[0].pid;
  until_health(place, task, "UNHEALTHY");
  place.sandbox = nullptr;
  place.runtime = second;
  place.open();
  place.sandbox->recover();
  CHECK(place.reports.inventory());
  CHECK(run(place, task, "touch /healthy; exit 3") == "exited 3");
  until_health(place, task, "HEALTHY");
  CHECK(place.reports.latest(task.arn).containers[0].pid == pid);
  CHECK(is_known_to(place, first));
  CHECK_FALSE(is_known_to(place, second));
  const TaskSpec next = place.task({shell("app", "exec sleep 1000")});
  place.start(next);
  place.reports.until(next.arn, "RUNNING");
  CHECK(is_known_to(place, second));
  place.sandbox->stop(task.arn);
  CHECK(place.reports.until(task.arn, "STOPPED").containers[0].exit_code == 7);
  CHECK_FALSE(is_known_to(place, first));
}
