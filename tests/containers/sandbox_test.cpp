// Real containers by the sandbox alone. Needs root, the OCI runtime and the test image
// (tests/images/build-test-images.sh).
#include "sandbox/sandbox.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <sstream>

#include "base/text.hpp"

using namespace utakata;  // NOLINT: a test

namespace {

str images_dir() {
  const char* named = std::getenv("UTAKATA_IMAGES");
  return named != nullptr ? named : "build/test-images";
}

str read_file(const str& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Takes the reports in and waits for the one that is asked for.
class Reports {
 public:
  ports::ReportSink sink() {
    return [this](Report report) {
      const std::scoped_lock lock(mutex_);
      if (const auto* task = std::get_if<TaskReport>(&report)) tasks_[task->task_arn] = *task;
      if (const auto* log = std::get_if<LogReport>(&report)) logs_.push_back(*log);
      if (const auto* inventory = std::get_if<InventoryReport>(&report)) inventory_ = *inventory;
      arrived_.notify_all();
    };
  }
  TaskReport until(const str& arn, std::string_view status) {
    std::unique_lock lock(mutex_);
    const bool came =
        arrived_.wait_for(lock, std::chrono::seconds(60), [&] { return tasks_[arn].status.name() == status; });
    if (!came)
      FAIL("waited for ", str(status), ", the task is ", str(tasks_[arn].status.name()), ": ", tasks_[arn].reason);
    return tasks_[arn];
  }
  list<str> lines(const str& arn, std::size_t wanted) {
    std::unique_lock lock(mutex_);
    list<str> found;
    arrived_.wait_for(lock, std::chrono::seconds(60), [&] {
      found.clear();
      for (const LogReport& log : logs_)
        if (log.task_arn == arn)
          for (const LogLine& line : log.lines) found.push_back(line.text);
      return found.size() >= wanted;
    });
    return found;
  }
  std::optional<InventoryReport> inventory() {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::chrono::seconds(60), [&] { return inventory_.has_value(); });
    return inventory_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<str, TaskReport> tasks_;
  list<LogReport> logs_;
  std::optional<InventoryReport> inventory_;
};

struct Place {
  str dir;
  Reports reports;
  std::unique_ptr<sandbox::Sandbox> sandbox;
  int made = 0;

  Place() {
    char name[] = "/tmp/utakata-containers-XXXXXX";
    dir = mkdtemp(name);
    open();
  }
  ~Place() {
    if (sandbox) sandbox->stop_all();
    std::filesystem::remove_all(dir);
  }
  void open() {
    auto opened = sandbox::Sandbox::open({.state_dir = dir, .images_dir = images_dir()}, reports.sink());
    REQUIRE_MESSAGE(opened, (opened ? str() : opened.error().message));
    sandbox = *std::move(opened);
  }
  TaskSpec task(list<ContainerSpec> containers) {
    ++made;
    const str id = cat(1000 + made, "56789abcdef0123456789abcdef0");
    return {.arn = cat("arn:", id),
            .id = id,
            .account = "000000000000",
            .region = "ap-northeast-1",
            .cluster = "c",
            .family = "f",
            .cpu = 256,
            .memory_mib = 256,
            .network = {.vpc_id = "vpc-1",
                        .subnet_id = "subnet-1",
                        .subnet_cidr = "172.31.0.0/20",
                        .interface_id = "eni-1",
                        .mac = cat("02:00:00:00:00:", 10 + made),
                        .address = cat("172.31.0.", 10 + made),
                        .host_name = "ip-172-31-0-10.test"},
            .containers = std::move(containers)};
  }
};

ContainerSpec shell(str name, str script) {
  return {.name = std::move(name),
          .image = "busybox",
          .command = list<str>{"sh", "-c", std::move(script)},
          .stop_timeout_seconds = 2};
}

}  // namespace

TEST_CASE("containers: an exit code, the log and a clean host") {
  Place place;
  ContainerSpec talks = shell("app", "echo one; echo two >&2; hostname; exit 3");
  talks.log = LogTarget{.group = "g", .stream = "s"};
  const TaskSpec spec = place.task({talks});
  place.sandbox->start(spec);
  list<str> lines = place.reports.lines(spec.arn, 3);
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

TEST_CASE("containers: the stop signal is heeded, or the stop timeout ends it") {
  Place place;
  const TaskSpec heeds = place.task({shell("app", "trap 'exit 7' TERM; while :; do sleep 0.1; done")});
  const TaskSpec deaf = place.task({shell("app", "trap '' TERM; while :; do sleep 0.1; done")});
  for (const TaskSpec& spec : {heeds, deaf}) place.sandbox->start(spec);
  for (const TaskSpec& spec : {heeds, deaf}) place.reports.until(spec.arn, "RUNNING");
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
  place.sandbox->start(server);
  place.reports.until(server.arn, "RUNNING");
  ContainerSpec client =
      shell("app", cat("while :; do wget -q -O - http://", server.network.address, "/ && break; sleep 0.1; done"));
  client.log = LogTarget{.group = "g", .stream = "s"};
  const TaskSpec asks = place.task({client});
  place.sandbox->start(asks);
  CHECK(place.reports.lines(asks.arn, 1) == list<str>{"hello"});
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
  while (access(cat(place.dir, "/tasks/", ends.id, "/app/exit").c_str(), F_OK) != 0) usleep(10'000);
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
