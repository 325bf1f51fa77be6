#include "sandbox/cgroups.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

#include "base/text.hpp"
#include "tests/files.hpp"

using namespace utakata;           // NOLINT: a test
using namespace utakata::sandbox;  // NOLINT: a test
using namespace utakata::test;     // NOLINT: a test

namespace {

namespace fs = std::filesystem;

}  // namespace

TEST_CASE("cgroups: version 1 limits a task by each controller's own tree, and tells an out-of-memory kill") {
  const TemporaryFolder place("cgroups");
  for (const char* name :
       {"/cpu/u/t/cpu.cfs_quota_us", "/cpu/u/t/cpu.cfs_period_us", "/memory/own/u/t/memory.limit_in_bytes",
        "/memory/own/u/t/memory.swappiness", "/pids/u/t/pids.max"})
    write_file(place.path + name, "");
  const Cgroups groups = Cgroups::from(
      cat("30 1 0:1 / ", place.path, "/cpu rw - cgroup cgroup rw,cpu\n31 1 0:2 / ", place.path,
          "/memory rw - cgroup cgroup rw,memory\n32 1 0:3 / ", place.path, "/pids rw - cgroup cgroup rw,pids\n"),
      "3:pids:/\n2:cpu:/\n1:memory:/own\n", "u");
  CHECK(groups.kind() == "v1");
  groups.make_task("t", 256, 512);
  CHECK(read_file(place.path + "/cpu/u/t/cpu.cfs_quota_us") == "25000");
  write_file(place.path + "/cpu/u/t/cpu.cfs_quota_us", "");
  groups.limit_cpu("t", 0);
  CHECK(read_file(place.path + "/cpu/u/t/cpu.cfs_quota_us") == "-1");
  CHECK(read_file(place.path + "/memory/own/u/t/memory.limit_in_bytes") == "536870912");
  CHECK(read_file(place.path + "/memory/own/u/t/memory.swappiness") == "0");
  CHECK(read_file(place.path + "/pids/u/t/pids.max") == "4096");
  CHECK_FALSE(groups.ran_out_of_memory("t", "c"));
  write_file(place.path + "/memory/own/u/t/c/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
  CHECK(groups.ran_out_of_memory("t", "c"));
}

TEST_CASE("cgroups: on a hybrid host each controller is taken where it is") {
  const TemporaryFolder place("cgroups");
  for (const char* name : {"/memory/u/t/memory.limit_in_bytes", "/unified/u/t/cpu.max", "/unified/u/t/memory.max"})
    write_file(place.path + name, "");
  write_file(place.path + "/unified/cgroup.controllers", "cpu memory\n");
  Cgroups groups = Cgroups::from(cat("30 1 0:1 / ", place.path, "/memory rw - cgroup cgroup rw,memory\n31 1 0:2 / ",
                                     place.path, "/unified rw - cgroup2 cgroup2 rw\n"),
                                 "1:memory:/\n0::/\n", "u");
  groups.read_unified_controllers();
  CHECK(groups.kind() == "hybrid");
  groups.make_task("t", 1024, 64);
  CHECK(read_file(place.path + "/memory/u/t/memory.limit_in_bytes") == "67108864");
  CHECK(read_file(place.path + "/unified/u/t/cpu.max") == "100000 100000");
  CHECK(read_file(place.path + "/unified/u/t/memory.max").empty());
  CHECK_FALSE(groups.has("pids"));
}

TEST_CASE("cgroups: version 2 limits a task by the controllers that it has, and tells an out-of-memory kill") {
  const TemporaryFolder place("cgroups");
  const str top = place.path + "/unified";
  for (const char* name : {"/cgroup.subtree_control", "/u/cgroup.subtree_control", "/u/t/cgroup.subtree_control",
                           "/u/t/cpu.max", "/u/t/memory.max", "/u/t/memory.swap.max", "/u/t/pids.max"})
    write_file(top + name, "");
  write_file(top + "/cgroup.controllers", "cpuset cpu io memory pids\n");
  Cgroups groups = Cgroups::from(cat("30 1 0:1 / ", top, " rw - cgroup2 cgroup2 rw\n"), "0::/\n", "u");
  groups.read_unified_controllers();
  CHECK(groups.kind() == "v2");
  CHECK(groups.has("memory"));
  groups.make_task("t", 512, 64);
  CHECK(read_file(top + "/u/t/cpu.max") == "50000 100000");
  write_file(top + "/u/t/cpu.max", "");
  groups.limit_cpu("t", 0);
  CHECK(read_file(top + "/u/t/cpu.max") == "max");
  CHECK(read_file(top + "/u/t/memory.max") == "67108864");
  CHECK(read_file(top + "/u/t/memory.swap.max") == "0");
  CHECK(read_file(top + "/u/t/pids.max") == "4096");
  CHECK(read_file(top + "/u/t/cgroup.subtree_control") == "+cpu +memory +pids");
  CHECK_FALSE(groups.ran_out_of_memory("t", "c"));
  write_file(top + "/u/t/c/memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n");
  CHECK(groups.ran_out_of_memory("t", "c"));
}

TEST_CASE("cgroups: version 2 counts only what our group gives on, and says who is in the way") {
  const TemporaryFolder place("cgroups");
  const str own = place.path + "/unified/session";
  write_file(own + "/cgroup.controllers", "memory pids\n");
  write_file(own + "/cgroup.subtree_control", "pids\n");
  write_file(own + "/cgroup.procs", cat("1\n", getpid(), "\n2\n"));
  const auto detected = [&] {
    Cgroups groups = Cgroups::from(cat("30 1 0:1 / ", place.path, "/unified rw - cgroup2 cgroup2 rw\n"),
                                   "0::/session/utakata-daemon\n", "u");
    groups.read_unified_controllers();
    groups.check_unified_controllers();
    return groups;
  };
  const Cgroups groups = detected();
  CHECK(groups.has("pids"));
  CHECK_FALSE(groups.has("memory"));
  CHECK_FALSE(groups.has("cpu"));
  CHECK(groups.obstacle() ==
        "the group /session is not given cpu; the group /session cannot give memory on: 2 other processes are in it");
  write_file(own + "/cgroup.controllers", "cpu memory pids\n");
  write_file(own + "/cgroup.subtree_control", "cpu memory pids\n");
  CHECK(detected().obstacle().empty());
  CHECK(detected().has("memory"));
}

TEST_CASE("cgroups: what the root of version 2 gave on before is left, what was turned on for us goes again") {
  const TemporaryFolder place("cgroups");
  const str control = place.path + "/cgroup.subtree_control";
  write_file(place.path + "/cgroup.controllers", "cpu memory pids\n");
  fs::create_directories(place.path + "/of-somebody-else");
  const auto detected = [&](const str& before) {
    write_file(control, before);
    Cgroups groups = Cgroups::from(cat("30 1 0:1 / ", place.path, " rw - cgroup2 cgroup2 rw\n"), "0::/\n", "u");
    groups.read_unified_controllers();
    groups.make_room_for_groups();
    CHECK(read_file(control).starts_with("+cpu +memory +pids"));
    write_file(control, "");
    return groups;
  };
  detected("memory\n").leave_leaf();
  CHECK(read_file(control) == "-cpu -pids");
  detected("cpu memory pids\n").leave_leaf();
  CHECK(read_file(control).empty());
}

TEST_CASE("cgroups: who stepped aside goes back when nobody else needs the place") {
  const TemporaryFolder place("cgroups");
  const str own = place.path + "/unified/session";
  const Cgroups groups = Cgroups::from(cat("30 1 0:1 / ", place.path, "/unified rw - cgroup2 cgroup2 rw\n"),
                                       "0::/session/utakata-daemon\n", "u");
  const auto begin = [&](const str& in_leaf) {
    write_file(own + "/cgroup.procs", "");
    write_file(own + "/cgroup.subtree_control", "cpu memory\n");
    write_file(own + "/utakata-daemon/cgroup.procs", in_leaf);
  };
  begin(cat(getpid(), "\n"));
  groups.leave_leaf();
  CHECK(read_file(own + "/cgroup.subtree_control").starts_with("-cpu -memory"));
  CHECK(read_file(own + "/cgroup.procs") == "0");
  begin(cat(getpid(), "\n1\n"));  // another daemon
  groups.leave_leaf();
  CHECK(read_file(own + "/cgroup.procs").empty());
  begin(cat(getpid(), "\n"));
  fs::create_directories(own + "/utakata-other");  // another daemon's tasks
  groups.leave_leaf();
  CHECK(read_file(own + "/cgroup.procs").empty());
}
