#include "agent/task_run.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace utakata;         // NOLINT: a test
using namespace utakata::agent;  // NOLINT: a test

namespace {

ContainerSpec container(str name, list<ContainerDependencySpec> depends_on = {}) {
  return {.name = std::move(name), .image = "i", .depends_on = std::move(depends_on)};
}

str told(const std::vector<Action>& actions) {
  struct Tell {
    str operator()(const StartContainer& a) const { return "start " + a.name; }
    str operator()(const SignalContainer& a) const { return "signal " + a.name; }
    str operator()(const KillContainer& a) const { return "kill " + a.name; }
    str operator()(const CheckHealth& a) const { return "check " + a.name; }
    str operator()(const SendReport&) const { return ""; }
    str operator()(const CleanUp&) const { return "clean up"; }
  };
  str text;
  for (const Action& action : actions) {
    const str word = std::visit(Tell{}, action);
    if (!word.empty()) text += (text.empty() ? "" : ", ") + word;
  }
  return text;
}

constexpr Instant t0{1'000'000'000};
Instant at(int second) { return t0 + seconds(second); }

}  // namespace

TEST_CASE("agent: containers start in the order of depends_on and stop in the reverse") {
  TaskRun run(
      {.arn = "t", .containers = {container("nginx", {{.container = "php", .condition = "START"}}), container("php")}});
  CHECK(told(run.prepared(at(0))) == "start php");
  CHECK(told(run.started(at(1), "php", 10, "r")) == "start nginx");
  CHECK((run.report().status == "PENDING"));
  CHECK(told(run.started(at(2), "nginx", 11, "r")).empty());
  CHECK((run.report().status == "RUNNING"));
  CHECK(run.report().started_at == at(2));
  CHECK(told(run.stop(at(5))) == "signal nginx");
  CHECK(told(run.stop(at(5))).empty());
  CHECK(told(run.exited(at(6), "nginx", 0, "")) == "signal php");
  CHECK(told(run.exited(at(7), "php", 0, "")) == "clean up");
  CHECK((run.report().status == "STOPPED"));
  CHECK(run.report().stop_code.name().empty());
}

TEST_CASE("agent: the first image that cannot be had ends the task, and its container says why") {
  TaskRun run({.arn = "t", .containers = {container("a"), container("b")}});
  run.pull_began(at(0));
  run.pulled(at(0), at(2), "a", "sha256:1");
  CHECK(told(run.pull_failed(at(3), "b", "CannotPullContainerError: no")) == "clean up");
  CHECK(told(run.pull_failed(at(4), "a", "CannotPullContainerError: later")).empty());
  const TaskReport report = run.report();
  CHECK((report.status == "STOPPED"));
  CHECK((report.stop_code == "TaskFailedToStart"));
  CHECK(report.reason == "CannotPullContainerError: no");
  CHECK(report.containers[1].reason == "CannotPullContainerError: no");
  CHECK(report.containers[0].reason.empty());
  CHECK_FALSE(report.containers[1].exit_code);
  CHECK(report.pull_started_at == at(0));
  CHECK(report.pull_stopped_at == at(3));
}

TEST_CASE("agent: a container that does not heed its signal is killed at its stop timeout, each in its turn") {
  ContainerSpec deaf = container("deaf");
  deaf.stop_timeout_seconds = 2;
  TaskRun run({.arn = "t", .containers = {deaf}});
  run.prepared(at(0));
  run.started(at(0), "deaf", 1, "r");
  run.stop(at(10));
  CHECK(run.next_due() == at(12));
  CHECK(told(run.advance(at(11))).empty());
  CHECK(told(run.advance(at(12))) == "kill deaf");
  CHECK(told(run.exited(at(12), "deaf", 137, "")) == "clean up");
  const auto state = run.report().containers[0];
  CHECK(state.killed_at == at(12));
  CHECK(state.signalled_at == at(10));
  CHECK(*state.exit_code == 137);
}

TEST_CASE("agent: a container that was being started when its task was killed is killed when it comes up") {
  TaskRun run({.arn = "t", .containers = {container("a"), container("b")}});
  run.prepared(at(0));
  run.started(at(0), "a", 1, "r");
  CHECK(told(run.kill(at(1))) == "signal a, kill a");
  CHECK(told(run.exited(at(2), "a", 137, "")).empty());
  CHECK(told(run.started(at(3), "b", 2, "r")) == "kill b");
  CHECK(told(run.exited(at(4), "b", 137, "")) == "clean up");
}

TEST_CASE("agent: kill ends everything at once") {
  TaskRun run({.arn = "t", .containers = {container("a", {{.container = "b", .condition = "START"}}), container("b")}});
  run.prepared(at(0));
  run.started(at(0), "b", 1, "r");
  run.started(at(0), "a", 2, "r");
  CHECK(told(run.kill(at(1))) == "signal a, kill a, kill b");
  CHECK(told(run.exited(at(1), "a", 137, "")).empty());
  CHECK(told(run.exited(at(1), "b", 137, "")) == "clean up");
}

TEST_CASE("agent: an essential container's end stops the others, an ordinary one's does not") {
  ContainerSpec side = container("side");
  side.essential = false;
  TaskRun run({.arn = "t", .containers = {container("app"), side}});
  run.prepared(at(0));
  run.started(at(0), "app", 1, "r");
  run.started(at(0), "side", 2, "r");
  CHECK(told(run.exited(at(3), "app", 3, "")) == "signal side");
  CHECK(run.report().reason == "Essential container in task exited");
  CHECK((run.report().stop_code == "EssentialContainerExited"));

  TaskRun other({.arn = "t", .containers = {container("app"), side}});
  other.prepared(at(0));
  other.started(at(0), "app", 1, "r");
  other.started(at(0), "side", 2, "r");
  CHECK(told(other.exited(at(3), "side", 1, "")).empty());
  CHECK((other.report().status == "RUNNING"));
}

TEST_CASE("agent: HEALTHY waits for the health check, whose failures count after the start period") {
  ContainerSpec database = container("db");
  database.health_check =
      HealthCheckSpec{.command = {"CMD", "ok"}, .interval_seconds = 5, .retries = 2, .start_period_seconds = 10};
  TaskRun run({.arn = "t", .containers = {container("app", {{.container = "db", .condition = "HEALTHY"}}), database}});
  run.prepared(at(0));
  CHECK(told(run.started(at(0), "db", 1, "r")).empty());
  CHECK(told(run.advance(at(5))) == "check db");
  CHECK(told(run.advance(at(6))).empty());
  run.health_checked(at(6), "db", false);
  CHECK(told(run.advance(at(11))) == "check db");
  CHECK(told(run.health_checked(at(11), "db", true)) == "start app");
  run.started(at(12), "app", 2, "r");
  for (int i = 0; i < 2; ++i) {
    run.advance(run.next_due());
    run.health_checked(at(20 + 5 * i), "db", false);
  }
  CHECK((run.report().containers[1].health == "UNHEALTHY"));
  CHECK((run.report().status == "RUNNING"));
}

TEST_CASE("agent: a dependency that fails or takes too long ends the task") {
  ContainerSpec init = container("init");
  init.essential = false;
  TaskRun failing(
      {.arn = "t", .containers = {container("app", {{.container = "init", .condition = "SUCCESS"}}), init}});
  failing.prepared(at(0));
  failing.started(at(0), "init", 1, "r");
  CHECK(told(failing.exited(at(1), "init", 1, "")) == "clean up");
  CHECK((failing.report().stop_code == "TaskFailedToStart"));
  CHECK_FALSE(failing.report().containers[0].exit_code);

  init.start_timeout_seconds = 3;
  TaskRun slow({.arn = "t", .containers = {container("app", {{.container = "init", .condition = "COMPLETE"}}), init}});
  slow.prepared(at(0));
  slow.started(at(0), "init", 1, "r");
  CHECK(slow.next_due() == at(3));
  CHECK(told(slow.advance(at(3))) == "signal init");
  CHECK(slow.report().reason.starts_with("Task dependencies cannot be resolved"));
}

TEST_CASE("agent: a task that cannot be prepared or started says why") {
  TaskRun run({.arn = "t", .containers = {container("app")}});
  CHECK(told(run.failed_to_prepare(at(0), "CannotPullContainerError: no such image")) == "clean up");
  CHECK((run.report().stop_code == "TaskFailedToStart"));
  TaskRun other({.arn = "t", .containers = {container("app")}});
  other.prepared(at(0));
  CHECK(told(other.failed_to_start(at(0), "app", "CannotStartContainerError: no such file")) == "clean up");
  CHECK(other.report().containers[0].reason.starts_with("CannotStartContainerError"));
}

TEST_CASE("agent: a stop while a container starts is carried out when it has started") {
  TaskRun run({.arn = "t", .containers = {container("app")}});
  run.prepared(at(0));
  CHECK(told(run.stop(at(0))).empty());
  CHECK(told(run.started(at(1), "app", 1, "r")) == "signal app");
  CHECK(told(run.exited(at(2), "app", 143, "")) == "clean up");
}

TEST_CASE("agent: a restart policy starts a container again once it has run for its period") {
  ContainerSpec app = container("app");
  app.restart = RestartSpec{.ignored_exit_codes = {7}, .attempt_period_seconds = 60};
  TaskRun run({.arn = "t", .containers = {app, container("side")}});
  run.prepared(at(0));
  run.started(at(0), "app", 10, "r");
  run.started(at(0), "side", 11, "r");
  const Instant started = run.report().started_at;
  CHECK(told(run.exited(at(60), "app", 1, "")) == "start app");
  CHECK((run.report().status == "RUNNING"));
  CHECK((run.report().containers[0].status == "PENDING"));
  CHECK(run.report().containers[0].restarts == 1);
  CHECK(told(run.started(at(61), "app", 12, "r")).empty());
  CHECK(run.report().containers[0].pid == 12);
  CHECK(run.report().started_at == started);
  // The period counts from the last attempt.
  CHECK(told(run.exited(at(100), "app", 1, "")) == "signal side");
  CHECK((run.report().stop_code == "EssentialContainerExited"));
  CHECK(*run.report().containers[0].exit_code == 1);
}

TEST_CASE("agent: no restart for an ignored exit code, an unknown one, or once the task is being stopped") {
  ContainerSpec app = container("app");
  app.restart = RestartSpec{.ignored_exit_codes = {0, 7}, .attempt_period_seconds = 60};
  const auto begun = [&](TaskRun& run) {
    run.prepared(at(0));
    run.started(at(0), "app", 10, "r");
  };
  TaskRun ignored({.arn = "t", .containers = {app}});
  begun(ignored);
  CHECK(told(ignored.exited(at(100), "app", 7, "")) == "clean up");
  TaskRun unknown({.arn = "t", .containers = {app}});
  begun(unknown);
  CHECK(told(unknown.exited(at(100), "app", std::nullopt, "")) == "clean up");
  TaskRun stopping({.arn = "t", .containers = {app}});
  begun(stopping);
  CHECK(told(stopping.stop(at(100))) == "signal app");
  CHECK(told(stopping.exited(at(101), "app", 1, "")) == "clean up");
}

TEST_CASE("agent: a stop while a container is being started again waits for it and then signals it") {
  ContainerSpec app = container("app");
  app.restart = RestartSpec{.attempt_period_seconds = 60};
  TaskRun run({.arn = "t", .containers = {app}});
  run.prepared(at(0));
  run.started(at(0), "app", 10, "r");
  CHECK(told(run.exited(at(60), "app", 1, "")) == "start app");
  CHECK(told(run.stop(at(60))).empty());
  CHECK(told(run.started(at(61), "app", 12, "r")) == "signal app");
  CHECK(told(run.exited(at(62), "app", 0, "")) == "clean up");
}

TEST_CASE("agent: restarts before a restart of the daemon count on") {
  ContainerSpec app = container("app");
  app.restart = RestartSpec{.attempt_period_seconds = 60};
  TaskRun run({.arn = "t", .containers = {app}});
  run.prepared(at(0));
  run.restarted_before("app", 2, at(50));
  run.started(at(50), "app", 10, "r");
  run.warn("the host has less");
  CHECK(told(run.exited(at(110), "app", 1, "")) == "start app");
  CHECK(run.report().containers[0].restarts == 3);
  CHECK(run.report().warnings == list<str>{"the host has less"});
}
