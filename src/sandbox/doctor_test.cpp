#include "sandbox/doctor.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "tests/files.hpp"

using namespace utakata;           // NOLINT: a test
using namespace utakata::sandbox;  // NOLINT: a test
using namespace utakata::test;     // NOLINT: a test

TEST_CASE("doctor: a login shell's group that keeps limits from holding is named, with what to do") {
  const TemporaryFolder place("doctor");
  write_file(place.path + "/user/cgroup.controllers", "cpu memory pids\n");
  write_file(place.path + "/user/cgroup.subtree_control", "");
  write_file(place.path + "/user/cgroup.procs", "1\n");
  Cgroups groups =
      Cgroups::from(cat("30 1 0:1 / ", place.path, " rw - cgroup2 cgroup2 rw\n"), "0::/user\n", "utakata-doctor");
  groups.read_unified_controllers();
  groups.check_unified_controllers();
  const Finding found = cgroup_finding(groups);
  CHECK((found.status == "degraded"));
  CHECK(found.detail.contains("limits of cpu, memory, pids do not hold"));
  CHECK(found.detail.contains("1 other process is in it"));
  CHECK(found.remedy.contains("systemd-run --scope -p Delegate=yes"));
}
