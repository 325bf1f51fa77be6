// A daemon that ends while tasks are on their way, and another that takes them over.
#include <doctest/doctest.h>

#include "place_test.hpp"

using namespace utakata;        // NOLINT: a test
using namespace utakata::test;  // NOLINT: a test

namespace {

const str until_told = "until test -e /go; do sleep 0.05; done; ";

void tell_to_go(const Place& place, const TaskSpec& task, const str& container) {
  std::ofstream(cat(place.dir, "/tasks/", task.id, "/containers/", container, "/rootfs/go")) << "x";
}

// Waits for one container's status, whatever its task's is.
void until_container(Place& place, const TaskSpec& task, const str& name, std::string_view status) {
  for (int tries = 0; tries < 1200; ++tries) {
    for (const ContainerState& each : place.reports.latest(task.arn).containers)
      if (each.name == name && each.status.name() == status) return;
    usleep(50'000);
  }
  FAIL(name, " never was ", str(status));
}

void restart(Place& place) {
  place.sandbox = nullptr;
  place.open();
  place.sandbox->recover();
}

}  // namespace

TEST_CASE("restart: a container that waits for another one when the daemon ends is started when its time has come") {
  Place place;
  ContainerSpec first = shell("first", until_told);
  first.essential = false;
  ContainerSpec app = shell("app", "exec sleep 1000");
  app.depends_on = {{.container = "first", .condition = "COMPLETE"}};
  const TaskSpec task = place.task({app, first});
  place.start(task);
  until_container(place, task, "first", "RUNNING");
  restart(place);
  tell_to_go(place, task, "first");
  const TaskReport report = place.reports.until(task.arn, "RUNNING");
  CHECK(report.containers[1].exit_code == 0);
  CHECK((report.containers[0].status == "RUNNING"));
}

TEST_CASE("restart: tasks keep the rules that they have until the whole configuration comes") {
  Place place;
  const TaskSpec web = place.task({shell("web", "mkdir -p /w; echo hello > /w/index.html; exec httpd -f -p 80 -h /w")});
  const TaskSpec client =
      place.task({tells("app", cat("while :; do timeout 1 wget -q -O - http://", web.network.address,
                                   "/ >/dev/null 2>&1 && echo yes || echo no; sleep 0.1; done"))});
  place.start(web);
  place.reports.until(web.arn, "RUNNING");
  place.start(client);
  const auto heard = [&](std::size_t past, std::string_view word) {
    const list<str> lines = place.lines(client, past + 20);
    REQUIRE(lines.size() >= past + 20);
    return std::find(lines.end() - 5, lines.end(), word) != lines.end();
  };
  const auto told = [&] { return place.lines(client, 1).size(); };
  REQUIRE(heard(told(), "yes"));
  restart(place);
  place.sandbox->change(ChangeVpc{.vpc_id = "vpc-1", .cidr = "172.31.0.0/16", .groups = {{.id = "sg-other"}}});
  CHECK(heard(told(), "yes"));
  place.sandbox->configure({.vpcs = {{.id = "vpc-1", .cidr = "172.31.0.0/16"}}});
  CHECK(heard(told(), "no"));
}

TEST_CASE("restart: how a container ended while no daemon was there is told in full") {
  Place place;
  ContainerSpec hog = shell("app", until_told + "a=x; while :; do a=$a$a; done");
  hog.memory_mib = 16;
  const TaskSpec task = place.task({hog});
  place.start(task);
  place.reports.until(task.arn, "RUNNING");
  place.sandbox = nullptr;
  tell_to_go(place, task, "app");
  const str end = cat(place.dir, "/tasks/", task.id, "/containers/app/exit");
  for (int tries = 0; tries < 1200 && !std::filesystem::exists(end); ++tries) usleep(50'000);
  REQUIRE(std::filesystem::exists(end));
  place.open();
  place.sandbox->recover();
  const TaskReport report = place.reports.until(task.arn, "STOPPED");
  CHECK(report.containers[0].exit_code == 137);
  CHECK(report.containers[0].reason.contains("OutOfMemoryError"));
}

TEST_CASE("restart: a restart policy holds for what ended while no daemon was there") {
  Place place;
  ContainerSpec app = shell("app", "test -e /go && exec sleep 1000; touch /go; sleep 1; exit 5");
  app.restart = RestartSpec{.ignored_exit_codes = {}, .attempt_period_seconds = 0};
  const TaskSpec task = place.task({app});
  place.start(task);
  place.reports.until(task.arn, "RUNNING");
  place.sandbox = nullptr;
  const str end = cat(place.dir, "/tasks/", task.id, "/containers/app/exit");
  for (int tries = 0; tries < 1200 && !std::filesystem::exists(end); ++tries) usleep(50'000);
  place.open();
  place.sandbox->recover();
  for (int tries = 0; tries < 1200 && place.reports.latest(task.arn).containers[0].restarts == 0; ++tries)
    usleep(50'000);
  until_container(place, task, "app", "RUNNING");
  CHECK(place.reports.latest(task.arn).containers[0].restarts == 1);
}
