#include "sandbox/runtime_view.hpp"

#include <doctest/doctest.h>

using utakata::sandbox::runtime_view;

namespace {

constexpr const char* hybrid =
    "30 25 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
    "31 25 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
    "32 25 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "33 25 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n";

}  // namespace

TEST_CASE("runtime view: pure version 2 is seen as it is") {
  CHECK(runtime_view("30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/user.slice/session-1.scope\n") ==
        "");
}

TEST_CASE("runtime view: a hybrid host shows no controllers of version 2") {
  CHECK(runtime_view(hybrid, "2:memory:/\n1:cpu:/\n3:name=systemd:/\n0::/\n") ==
        "/dev/null\n/sys/fs/cgroup/unified/cgroup.controllers\n");
}

TEST_CASE("runtime view: our own group stands for the root of each hierarchy, the controllers are hidden above it") {
  CHECK(runtime_view(hybrid, "2:memory:/jobs/7\n1:cpu:/\n3:name=systemd:/init\n0::/init\n") ==
        "/sys/fs/cgroup/unified/init\n/sys/fs/cgroup/unified\n"
        "/sys/fs/cgroup/memory/jobs/7\n/sys/fs/cgroup/memory\n"
        "/sys/fs/cgroup/systemd/init\n/sys/fs/cgroup/systemd\n"
        "/dev/null\n/sys/fs/cgroup/unified/cgroup.controllers\n");
}

TEST_CASE("runtime view: a mount that begins at our own group shows it already") {
  CHECK(runtime_view("31 25 0:27 /docker/7 /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
                     "32 25 0:28 /docker/7 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
                     "1:cpu:/docker/7\n2:memory:/docker/7/utakata\n") ==
        "/sys/fs/cgroup/memory/utakata\n/sys/fs/cgroup/memory\n");
  CHECK(runtime_view("31 25 0:27 /docker/7 /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", "1:cpu:/docker/70\n") ==
        "");
}

TEST_CASE("runtime view: a group's name may have colons") {
  CHECK(runtime_view("31 25 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", "1:cpu:/a/b:c:d\n") ==
        "/sys/fs/cgroup/cpu/a/b:c:d\n/sys/fs/cgroup/cpu\n");
}

TEST_CASE("runtime view: version 2 with a hierarchy of version 1 that limits nothing is seen as it is") {
  CHECK(runtime_view("30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
                     "33 25 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n",
                     "1:name=systemd:/init\n0::/user.slice\n") == "");
}
