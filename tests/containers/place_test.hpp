#pragma once

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
#include "store/segment_log_store.hpp"
#include "tests/files.hpp"

// A sandbox with a folder of its own, and what it reports. Included by the tests of real containers only.
namespace utakata::test {

inline str images_dir() {
  const char* named = std::getenv("UTAKATA_IMAGES");
  return named != nullptr ? named : "build/test-images";
}

/// For each of the OCI runtimes the test case that asks runs once.
inline str each_runtime() {
  str runtime;
  SUBCASE("crun") { runtime = "crun"; }
  SUBCASE("runc") { runtime = "runc"; }
  return runtime;
}

// Takes the reports in and waits for the one that is asked for.
class Reports {
 public:
  ports::ReportSink sink() {
    return [this](Report report) {
      const std::scoped_lock lock(mutex_);
      if (const auto* task = std::get_if<TaskReport>(&report)) tasks_[task->task_arn] = *task;
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
  TaskReport latest(const str& arn) {
    const std::scoped_lock lock(mutex_);
    return tasks_[arn];
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
  std::optional<InventoryReport> inventory_;
};

struct Place {
  TemporaryFolder folder{"containers"};
  str dir = folder.path;
  Reports reports;
  std::unique_ptr<store::SegmentLogStore> logs;
  std::unique_ptr<sandbox::Sandbox> sandbox;
  str runtime;
  sandbox::StandIns stand_ins;
  int made = 0;

  explicit Place(sandbox::StandIns given = {}, str by = "crun") : runtime(std::move(by)), stand_ins(std::move(given)) {
    open();
  }
  ~Place() {
    if (sandbox) sandbox->stop_all();
  }
  void open() {
    logs = *store::SegmentLogStore::open(dir + "/logs");
    auto opened = sandbox::Sandbox::open({.state_dir = dir,
                                          .images_dir = images_dir(),
                                          .runtime = runtime,
                                          .supervisor = {},
                                          .stand_ins = stand_ins,
                                          .dns = "none",  // no question leaves this host
                                          .logs_dir = dir + "/logs",
                                          .logs = logs.get()},
                                         reports.sink());
    REQUIRE_MESSAGE(opened, (opened ? str() : opened.error().message));
    sandbox = *std::move(opened);
  }
  /// Waits for so many lines of the task's containers that tell (tells()).
  list<str> lines(const TaskSpec& task, std::size_t wanted) {
    LogQuery query;
    for (const ContainerSpec& c : task.containers)
      if (c.log) query.streams.push_back(c.log->id);
    list<str> found;
    for (int tries = 0; tries < 600 && found.size() < wanted; ++tries) {
      if (tries > 0) usleep(100'000);
      found.clear();
      const auto page = logs->read(query);
      for (const auto& each : page->events) found.push_back(each.event.text);
    }
    return found;
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
                        .interface_id = cat("eni-", id.substr(0, 12)),
                        .mac = cat("02:00:00:00:00:", 10 + made),
                        .address = cat("172.31.0.", 10 + made),
                        .host_name = "ip-172-31-0-10.test"},
            .containers = std::move(containers)};
  }
  /// Puts the task into its VPC, with everything allowed unless other groups are named, and starts it.
  void start(const TaskSpec& spec, list<str> groups = {"sg-open"}) {
    join(spec, std::move(groups));
    sandbox->start(spec);
  }
  void join(const TaskSpec& spec, list<str> groups) {
    sandbox->change(ChangeVpc{
        .vpc_id = spec.network.vpc_id,
        .cidr = "172.31.0.0/16",
        .groups = {{.id = "sg-open", .rules = {{.cidr = "0.0.0.0/0"}, {.egress = true, .cidr = "0.0.0.0/0"}}}},
        .interfaces = {
            {.id = spec.network.interface_id, .address = spec.network.address, .groups = std::move(groups)}}});
  }
};

inline ContainerSpec shell(str name, str script) {
  return {.name = std::move(name),
          .image = "busybox",
          .command = list<str>{"sh", "-c", std::move(script)},
          .stop_timeout_seconds = 2};
}

/// The same with its output in a log stream: Place::lines().
inline ContainerSpec tells(str name, str script) {
  static int streams = 0;
  ContainerSpec container = shell(std::move(name), std::move(script));
  container.log = LogTarget{.id = cat("stream-", ++streams)};
  return container;
}

// The folder with the program that tries; containers have it at /tools.
struct Tools : TemporaryFolder {
  Tools() : TemporaryFolder("attempts", 0755) {
    std::filesystem::copy_file(std::filesystem::read_symlink("/proc/self/exe").parent_path() / "break_out_attempts",
                               path + "/attempts");
  }
  void bring(TaskSpec& spec) const {
    spec.volumes.push_back({.name = "tools", .host_path = path});
    for (ContainerSpec& each : spec.containers) each.mounts.push_back({.volume = "tools", .path = "/tools"});
  }
};

}  // namespace utakata::test
