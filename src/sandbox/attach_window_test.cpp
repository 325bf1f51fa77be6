#include "sandbox/attach_window.hpp"

#include <doctest/doctest.h>

#include "sandbox/read_text.hpp"

using namespace utakata;           // NOLINT: a test
using namespace utakata::sandbox;  // NOLINT: a test

TEST_CASE("attach window: our own group in the first hierarchy where it is seen") {
  const str hybrid =
      "30 1 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
      "31 1 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
  CHECK(own_processes_file(hybrid, "4:memory:/a/b\n0::/\n") == "/sys/fs/cgroup/memory/a/b/cgroup.procs");
  CHECK(own_processes_file(hybrid, "0::/c\n") == "/sys/fs/cgroup/unified/c/cgroup.procs");
  CHECK(own_processes_file("31 1 0:27 /x /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/y\n").empty());
  CHECK(own_processes_file("", "0::/y\n").empty());
}

TEST_CASE("attach window: opening it leaves this process in its groups") {
  const str before = read_text("/proc/self/cgroup").value_or("");
  {
    AttachWindow window(own_processes_file(read_text("/proc/self/mountinfo").value_or(""), before));
    for (int i = 0; i < 3; ++i) window.keep_open();
  }
  CHECK(read_text("/proc/self/cgroup").value_or("") == before);
  AttachWindow nowhere("/nowhere/cgroup.procs");
  nowhere.keep_open();
  AttachWindow none("");
  none.keep_open();
}
