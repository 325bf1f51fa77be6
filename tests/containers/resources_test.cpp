// What a container definition says of its resources, and what the container then finds.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/text.hpp"
#include "place_test.hpp"
#include "sandbox/statistics.hpp"

using namespace utakata;        // NOLINT: a test
using namespace utakata::test;  // NOLINT: a test

namespace {

namespace fs = std::filesystem;

list<str> output(Place& place, const TaskSpec& spec, std::size_t lines) {
  place.sandbox->start(spec);
  list<str> found = place.lines(spec, lines);
  place.reports.until(spec.arn, "STOPPED");
  return found;
}

}  // namespace

TEST_CASE("resources: a child that is killed for want of memory is told, though the first process lives on") {
  Place place;
  ContainerSpec parent = shell("app", "sh -c 'a=x; while :; do a=$a$a; done'; exit 9");
  parent.memory_mib = 16;
  const TaskSpec spec = place.task({parent});
  place.sandbox->start(spec);
  const TaskReport stopped = place.reports.until(spec.arn, "STOPPED");
  CHECK(*stopped.containers[0].exit_code == 9);
  CHECK(stopped.containers[0].reason == "OutOfMemoryError: Container killed due to memory usage");
}

TEST_CASE("resources: the memory of the task holds all its containers, and the one that is killed is told") {
  Place place;
  TaskSpec spec = place.task({shell("hog", "a=x; while :; do a=$a$a; done"), shell("quiet", "sleep 1000")});
  spec.memory_mib = 64;
  place.sandbox->start(spec);
  const TaskReport stopped = place.reports.until(spec.arn, "STOPPED");
  CHECK(stopped.containers[0].reason.starts_with("OutOfMemoryError"));
  CHECK(stopped.containers[1].reason.empty());
}

TEST_CASE("resources: shares, hard and soft limits of a container and of its task stand in their groups") {
  Place place;
  ContainerSpec app = shell("app", "sleep 1000");
  app.cpu = 128;
  app.memory_mib = 64;
  app.memory_reservation_mib = 32;
  TaskSpec spec = place.task({app});
  spec.cpu = 512;
  spec.memory_mib = 200;
  place.sandbox->start(spec);
  const TaskReport running = place.reports.until(spec.arn, "RUNNING");
  const auto folders = sandbox::group_folders(read_file("/proc/self/mountinfo"),
                                              read_file(cat("/proc/", running.containers[0].pid, "/cgroup")));
  const auto number = [&](const str& controller, const str& file, const str& above = "") {
    const str text = read_file(cat(folders.at(controller), above, "/", file));
    return parse_integer(text.substr(0, text.find_first_of(" \n"))).value_or(-1);
  };
  constexpr i64 mib = i64{1024} * 1024;
  if (folders.contains("memory")) {
    CHECK(number("memory", "memory.limit_in_bytes") == 64 * mib);
    CHECK(number("memory", "memory.soft_limit_in_bytes") == 32 * mib);
    CHECK(number("memory", "memory.limit_in_bytes", "/..") == 200 * mib);
    CHECK(number("memory", "memory.swappiness") == 0);
  } else {
    CHECK(number("unified", "memory.max") == 64 * mib);
    CHECK(number("unified", "memory.low") == 32 * mib);
    CHECK(number("unified", "memory.max", "/..") == 200 * mib);
  }
  if (folders.contains("cpu")) {
    CHECK(number("cpu", "cpu.shares") == 128);
    CHECK(number("cpu", "cpu.cfs_quota_us", "/..") == 50'000);
  } else {
    CHECK(number("unified", "cpu.max", "/..") == 50'000);
  }
  place.sandbox->kill(spec.arn);
  place.reports.until(spec.arn, "STOPPED");
}

TEST_CASE("resources: ulimits, capabilities, shared memory, tmpfs, labels and system controls arrive") {
  Place place;
  ContainerSpec app =
      tells("app",
            "ulimit -n; ulimit -c; grep CapBnd /proc/self/status; df -k /dev/shm | tail -1 | awk '{print $2}'; "
            "grep ' /scratch ' /proc/mounts; cat /proc/sys/net/ipv4/ip_unprivileged_port_start; touch /root-file || "
            "echo sealed");
  app.ulimits = {{.name = "nofile", .soft = 123, .hard = 456}, {.name = "core", .soft = 0, .hard = 0}};
  app.dropped_capabilities = {"ALL"};
  app.added_capabilities = {"SYS_PTRACE"};
  app.shared_memory_mib = 5;
  app.tmpfs = {{.path = "/scratch", .size_mib = 3, .options = {"exec"}}};
  app.system_controls = {{"net.ipv4.ip_unprivileged_port_start", "77"}};
  app.read_only_root = true;
  const list<str> lines = output(place, place.task({app}), 8);
  REQUIRE(lines.size() == 8);
  const auto says = [&](std::string_view text) {
    return std::ranges::any_of(lines, [&](const str& line) { return line.contains(text); });
  };
  CHECK(lines[0] == "123");
  CHECK(lines[1] == "0");
  CHECK(says("CapBnd:\t0000000000080000"));
  CHECK(says("5120"));
  CHECK(says("size=3072k"));
  CHECK(says("77"));
  CHECK(says("sealed"));
}

TEST_CASE("resources: a dropped capability is missed") {
  Place place;
  const str script = "touch /tmp/f; chown 1000 /tmp/f && echo may || echo may-not";
  ContainerSpec without = tells("app", script);
  without.dropped_capabilities = {"CHOWN"};
  CHECK(output(place, place.task({tells("app", script)}), 1) == list<str>{"may"});
  const list<str> lines = output(place, place.task({without}), 2);
  CHECK(std::ranges::find(lines, "may-not") != lines.end());
}

TEST_CASE("resources: a limit that the host cannot give is cut, and the report says so") {
  Place place;
  ContainerSpec app = tells("app", "ulimit -Hn");
  app.ulimits = {{.name = "nofile", .soft = 1024, .hard = 2'000'000'000}};
  const TaskSpec spec = place.task({app});
  const list<str> lines = output(place, spec, 1);
  REQUIRE(lines.size() == 1);
  CHECK(parse_integer(lines[0]).value_or(0) < 2'000'000'000);
  const TaskReport report = place.reports.until(spec.arn, "STOPPED");
  REQUIRE(report.warnings.size() == 1);
  CHECK(report.warnings[0].starts_with("container app: ulimit nofile of 1024:2000000000"));
}

TEST_CASE("resources: user, working directory and the groups that list the user") {
  Place place;
  ContainerSpec app = tells("app", "id -u; id -g; pwd");
  app.user = str("app");
  app.working_directory = str("/srv/new");
  CHECK(output(place, place.task({app}), 3) == list<str>{"1000", "1000", "/srv/new"});
}

TEST_CASE("resources: containers share a volume, which begins with the image's content; a reader cannot write") {
  Place place;
  ContainerSpec writer = shell("writer", "echo hello > /shared/new; sleep 1000");
  writer.mounts = {{.volume = "v", .path = "/shared"}, {.volume = "seeded", .path = "/etc"}};
  writer.essential = false;
  ContainerSpec reader = tells("reader",
                               "while [ ! -s /in/new ]; do sleep 0.1; done; cat /in/new; touch /in/x || echo sealed; "
                               "grep -c ^root: /copy/passwd");
  reader.mounts = {{.volume = "v", .path = "/in", .read_only = true}, {.volume = "seeded", .path = "/copy"}};
  TaskSpec spec = place.task({writer, reader});
  spec.volumes = {{.name = "v"}, {.name = "seeded"}};
  list<str> lines = output(place, spec, 4);
  std::ranges::sort(lines);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == "1");
  CHECK(lines[1] == "hello");
  CHECK(lines[2] == "sealed");
}

TEST_CASE("resources: directories stand in for EFS and for folders of the host; they outlive the task") {
  const TemporaryFolder elsewhere("stand-in");
  elsewhere.write("efs/fs-1/app/file", "from efs\n");
  elsewhere.write("host/logs/file", "from the host\n");
  Place place({.host_paths = elsewhere.path + "/host", .efs = elsewhere.path + "/efs", .s3 = {}});
  ContainerSpec app = tells("app", "cat /efs/file /host/file; echo kept > /efs/new");
  app.mounts = {{.volume = "e", .path = "/efs"}, {.volume = "h", .path = "/host"}};
  TaskSpec spec = place.task({app});
  spec.volumes = {{.name = "e", .host_path = {}, .efs = EfsSpec{.file_system_id = "fs-1", .root_directory = "/app"}},
                  {.name = "h", .host_path = elsewhere.path + "/host/logs"}};
  CHECK(output(place, spec, 2) == list<str>{"from efs", "from the host"});
  place.sandbox->stop_all();
  place.sandbox = nullptr;
  CHECK(read_file("/proc/mounts").find(place.dir) == str::npos);
  CHECK(read_file(elsewhere.path + "/efs/fs-1/app/new") == "kept\n");
  CHECK(fs::exists(elsewhere.path + "/host/logs/file"));
}

TEST_CASE("resources: a file system or a folder that is not there is told in AWS's words") {
  const TemporaryFolder elsewhere("stand-in");
  elsewhere.write("fs-1/file", "x");
  Place place({.host_paths = elsewhere.path, .efs = elsewhere.path, .s3 = {}});
  const auto why = [&](VolumeSpec volume) {
    TaskSpec spec = place.task({shell("app", "true")});
    spec.volumes = {std::move(volume)};
    place.sandbox->start(spec);
    const TaskReport report = place.reports.until(spec.arn, "STOPPED");
    CHECK((report.stop_code == "TaskFailedToStart"));
    return report.reason;
  };
  CHECK(why({.name = "e", .host_path = {}, .efs = EfsSpec{.file_system_id = "fs-2", .root_directory = "/"}})
            .contains("Failed to resolve \"fs-2.efs.ap-northeast-1.amazonaws.com\""));
  CHECK(why({.name = "e", .host_path = {}, .efs = EfsSpec{.file_system_id = "fs-1", .root_directory = "/no"}})
            .contains("reason given by server: No such file or directory"));
  CHECK(why({.name = "h", .host_path = "/etc"}).contains("--host-paths"));
  CHECK(why({.name = "h", .host_path = elsewhere.path + "/../etc"}).contains("No such file"));
}

TEST_CASE("resources: environment files and secrets are in the environment, a bad start says why") {
  const TemporaryFolder s3("stand-in");
  s3.write("bucket/app.env", "A=file\nB=file\n");
  Place place({.host_paths = {}, .efs = {}, .s3 = s3.path});
  ContainerSpec app = tells("app", "echo $A $B $C");
  app.environment = {{"A", "own"}};
  app.secrets = {{"C", "s3cret"}};
  app.environment_files = {{.bucket = "bucket", .key = "app.env"}};
  CHECK(output(place, place.task({app}), 1) == list<str>{"own file s3cret"});
  TaskSpec refused = place.task({shell("app", "true")});
  refused.cannot_start = "ResourceInitializationError: unable to pull secrets or registry auth: no";
  place.sandbox->start(refused);
  const TaskReport report = place.reports.until(refused.arn, "STOPPED");
  CHECK(report.reason == refused.cannot_start);
  CHECK((report.stop_code == "TaskFailedToStart"));
}

TEST_CASE("resources: a restart policy starts a container again with its files and its log") {
  Place place;
  ContainerSpec app =
      tells("app", "echo run >> /runs; test $(wc -l < /runs) -lt 3 && exit 1; wc -l < /runs; sleep 1000");
  app.restart = RestartSpec{.ignored_exit_codes = {}, .attempt_period_seconds = 0};
  const TaskSpec spec = place.task({app});
  place.sandbox->start(spec);
  CHECK(place.lines(spec, 1) == list<str>{"3"});
  const TaskReport report = place.reports.until(spec.arn, "RUNNING");
  CHECK(report.containers[0].restarts == 2);
  place.sandbox = nullptr;  // and after a restart of the daemon it is known
  place.open();
  place.sandbox->recover();
  const auto inventory = place.reports.inventory();
  REQUIRE(inventory);
  CHECK(inventory->tasks[0].containers[0].restarts == 2);
}

TEST_CASE("resources: containers that share their processes see each other, and none is left") {
  Place place;
  ContainerSpec main = shell("main", "exec sleep 4242");
  ContainerSpec sees = tells("sees", "until ps -o args | grep -q '^sleep 4242'; do sleep 0.1; done; echo seen");
  sees.essential = false;
  TaskSpec spec = place.task({main, sees});
  spec.shared_processes = true;
  place.sandbox->start(spec);
  CHECK(place.lines(spec, 1) == list<str>{"seen"});
  const str holder = str(trim(read_file(cat(place.dir, "/tasks/", spec.id, "/holder"))));
  const i64 pid = parse_integer(holder.substr(0, holder.find('\n'))).value_or(0);
  REQUIRE(pid > 0);
  place.sandbox->stop(spec.arn);
  place.reports.until(spec.arn, "STOPPED");
  for (int i = 0; i < 500 && fs::exists(cat("/proc/", pid, "/exe")); ++i) usleep(10'000);
  CHECK_FALSE(fs::exists(cat("/proc/", pid, "/exe")));
}

TEST_CASE("resources: a limit of storage ends what the task can write") {
  Place place;
  ContainerSpec app = tells("app",
                            "size=$(df -m / | tail -1 | awk '{print ($2 > 900 && $2 < 1100)}'); "
                            "dd if=/dev/zero of=/big bs=1M count=1500 2>/dev/null || echo $size full");
  TaskSpec spec = place.task({app});
  spec.storage_gib = 1;
  spec.memory_mib = 2048;
  place.sandbox->start(spec);
  const list<str> lines = place.lines(spec, 1);
  const TaskReport report = place.reports.until(spec.arn, "STOPPED");
  if (report.warnings.empty())
    CHECK(join(lines, " ") == "1 full");
  else
    CHECK(report.warnings[0].contains("limit of 1 GiB of storage does not hold"));
  place.sandbox->stop_all();
  place.sandbox = nullptr;
  CHECK(read_file("/proc/mounts").find(place.dir) == str::npos);
}

TEST_CASE("resources: standard input stays open when it is asked for") {
  Place place;
  ContainerSpec waits = shell("waits", "read line; exit 3");
  waits.interactive = true;
  const TaskSpec open = place.task({waits});
  const TaskSpec closed = place.task({shell("ends", "read line; exit 3")});
  place.sandbox->start(open);
  place.sandbox->start(closed);
  CHECK(*place.reports.until(closed.arn, "STOPPED").containers[0].exit_code == 3);
  CHECK((place.reports.until(open.arn, "RUNNING").status == "RUNNING"));
  place.sandbox->kill(open.arn);
  CHECK(*place.reports.until(open.arn, "STOPPED").containers[0].exit_code == 137);
}
