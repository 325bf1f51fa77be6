// Real containers by the sandbox alone. Needs root, the OCI runtime and the test image
// (tests/images/build-test-images.sh).
#include "place_test.hpp"

#include <doctest/doctest.h>

using namespace utakata;        // NOLINT: a test
using namespace utakata::test;  // NOLINT: a test

TEST_CASE("containers: an exit code, the log and a clean host") {
  Place place;
  ContainerSpec talks = shell("app", "echo one; echo two >&2; hostname; exit 3");
  talks.log = LogTarget{.id = "talks"};
  const TaskSpec spec = place.task({talks});
  place.sandbox->start(spec);
  list<str> lines = place.lines(spec, 3);
  std::ranges::sort(lines);  // output and errors are two streams
  CHECK(lines == list<str>{"ip-172-31-0-10.test", "one", "two"});
  const TaskReport stopped = place.reports.until(spec.arn, "STOPPED");
  CHECK((stopped.stop_code == "EssentialContainerExited"));
  REQUIRE(stopped.containers[0].exit_code);
  CHECK(*stopped.containers[0].exit_code == 3);
  place.sandbox->stop_all();
  place.sandbox = nullptr;
  CHECK(read_file("/proc/mounts").find(place.dir) == str::npos);
}

TEST_CASE("containers: standard output can be opened by its name, by root and by another user") {
  Place place;
  for (const char* user : {"0", "1000:1000"}) {
    ContainerSpec by_name = tells("app", "echo out > /dev/stdout; echo err > /dev/stderr; cat < /dev/stdin; echo done");
    by_name.user = user;
    const TaskSpec spec = place.task({by_name});
    place.start(spec);
    list<str> lines = place.lines(spec, 3);
    std::ranges::sort(lines);
    CHECK(lines == list<str>{"done", "err", "out"});
  }
}

TEST_CASE("containers: the stop signal is heeded, or the stop timeout ends it") {
  Place place;
  const TaskSpec heeds = place.task({tells("app", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done")});
  const TaskSpec deaf = place.task({tells("app", "trap '' TERM; echo ready; while :; do sleep 0.1; done")});
  for (const TaskSpec& spec : {heeds, deaf}) place.sandbox->start(spec);
  for (const TaskSpec& spec : {heeds, deaf}) CHECK(place.lines(spec, 1) == list<str>{"ready"});
  for (const TaskSpec& spec : {heeds, deaf}) place.sandbox->stop(spec.arn);
  CHECK(*place.reports.until(heeds.arn, "STOPPED").containers[0].exit_code == 7);
  const ContainerState killed = place.reports.until(deaf.arn, "STOPPED").containers[0];
  CHECK(*killed.exit_code == 137);
  CHECK(killed.killed_at.set());
}

TEST_CASE("containers: those of a task share their network, tasks reach each other by address") {
  Place place;
  const TaskSpec server =
      place.task({shell("web", "mkdir -p /w; echo hello > /w/index.html; exec httpd -f -p 80 -h /w"),
                  shell("side", "while :; do wget -q -O - http://127.0.0.1/ && break; sleep 0.1; done; sleep 1000")});
  place.start(server);
  place.reports.until(server.arn, "RUNNING");
  ContainerSpec client =
      shell("app", cat("while :; do wget -q -O - http://", server.network.address, "/ && break; sleep 0.1; done"));
  client.log = LogTarget{.id = "client"};
  const TaskSpec asks = place.task({client});
  place.start(asks);
  CHECK(place.lines(asks, 1) == list<str>{"hello"});
}

TEST_CASE("containers: what cannot start says why") {
  Place place;
  const TaskSpec no_image = place.task({{.name = "app", .image = "no-such-image:1"}});
  place.sandbox->start(no_image);
  CHECK(place.reports.until(no_image.arn, "STOPPED").reason.starts_with("CannotPullContainerError"));
  const TaskSpec no_program =
      place.task({{.name = "app", .image = "busybox", .command = list<str>{"/no/such/program"}}});
  place.sandbox->start(no_program);
  const TaskReport stopped = place.reports.until(no_program.arn, "STOPPED");
  CHECK((stopped.stop_code == "TaskFailedToStart"));
  CHECK(stopped.reason.find("/no/such/program") != str::npos);
}

TEST_CASE("containers: want of memory is told apart") {
  Place place;
  ContainerSpec hog = shell("app", "a=x; while :; do a=$a$a; done");
  hog.memory_mib = 16;
  const TaskSpec spec = place.task({hog});
  place.sandbox->start(spec);
  const TaskReport stopped = place.reports.until(spec.arn, "STOPPED");
  CHECK(*stopped.containers[0].exit_code == 137);
  CHECK(stopped.containers[0].reason == "OutOfMemoryError: Container killed due to memory usage");
}

TEST_CASE("containers: another sandbox adopts what the first left running, with the same processes") {
  Place place;
  const TaskSpec lives = place.task({shell("app", "trap 'exit 5' TERM; while :; do sleep 0.1; done")});
  const TaskSpec ends = place.task({shell("app", "trap 'exit 6' USR1; while :; do sleep 0.1; done")});
  for (const TaskSpec& spec : {lives, ends}) place.sandbox->start(spec);
  const i64 pid = place.reports.until(lives.arn, "RUNNING").containers[0].pid;
  const i64 ending = place.reports.until(ends.arn, "RUNNING").containers[0].pid;
  place.sandbox = nullptr;  // containers go on
  ::kill(static_cast<pid_t>(ending), SIGUSR1);
  while (access(cat(place.dir, "/tasks/", ends.id, "/containers/app/exit").c_str(), F_OK) != 0) usleep(10'000);
  place.open();
  place.sandbox->recover();
  const auto inventory = place.reports.inventory();
  REQUIRE(inventory);
  CHECK(inventory->tasks.size() == 2);
  for (const TaskReport& task : inventory->tasks)
    if (task.task_arn == lives.arn) CHECK(task.containers[0].pid == pid);
  CHECK(*place.reports.until(ends.arn, "STOPPED").containers[0].exit_code == 6);
  place.sandbox->stop(lives.arn);
  CHECK(*place.reports.until(lives.arn, "STOPPED").containers[0].exit_code == 5);
}
