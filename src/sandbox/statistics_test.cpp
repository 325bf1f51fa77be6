#include "sandbox/statistics.hpp"

#include <doctest/doctest.h>

using namespace utakata;           // NOLINT: a test
using namespace utakata::sandbox;  // NOLINT: a test

TEST_CASE("statistics: the groups of a process are found in version 1, 2 and both") {
  const str mounts =
      "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
      "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
  const auto both = group_folders(mounts, "4:memory:/a/b\n1:cpu:/\n0::/u\n9:name=systemd:/\n");
  CHECK(both.at("memory") == "/sys/fs/cgroup/memory/a/b");
  CHECK(both.at("cpu") == "/sys/fs/cgroup/cpu");
  CHECK(both.at("unified") == "/sys/fs/cgroup/unified/u");
  const auto second = group_folders("30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/x\n");
  CHECK(second.size() == 1);
  CHECK(second.at("unified") == "/sys/fs/cgroup/x");
}

TEST_CASE("statistics: interfaces and the host's processor time are read as the kernel writes them") {
  const auto interfaces = read_interfaces(
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier "
      "compressed\n"
      "    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0 "
      "   "
      "      0\n"
      "  eth0:    1234      10    1    2    0     0          0         0     5678      20    3    4    0     0       0 "
      "   "
      "      0\n");
  REQUIRE(interfaces.size() == 1);
  const InterfaceUse& use = interfaces.at("eth0");
  CHECK(use.received_bytes == 1234);
  CHECK(use.received_dropped == 2);
  CHECK(use.sent_bytes == 5678);
  CHECK(use.sent_packets == 20);
  CHECK(read_system_cpu("cpu  1 2 3 4 5 6 7 8 900 900\ncpu0 ...\n") % 36 == 0);
}

TEST_CASE("statistics: a sample is held against the former one, and without one nothing is made up") {
  UseSample former{.at = Instant{1'000'000'000}};
  former.cpu.total_ns = 5;
  former.interfaces["eth0"].received_bytes = 1000;
  UseSample now{.at = Instant{3'000'000'000}, .memory = 42, .memory_limit = 100};
  now.cpu.total_ns = 25;
  now.interfaces["eth0"].received_bytes = 5000;
  const Json first = statistics_document(now, {}, "app", "id");
  CHECK(first.text_at({"preread"}) == "0001-01-01T00:00:00Z");
  CHECK(first.find({"precpu_stats", "system_cpu_usage"}) == nullptr);
  CHECK(*first.find({"network_rate_stats", "rx_bytes_per_sec"})->number() == doctest::Approx(0));
  const Json second = statistics_document(now, former, "app", "id");
  CHECK(*second.find({"precpu_stats", "cpu_usage", "total_usage"})->integer() == 5);
  CHECK(*second.find({"cpu_stats", "cpu_usage", "total_usage"})->integer() == 25);
  CHECK(*second.find({"network_rate_stats", "rx_bytes_per_sec"})->number() == doctest::Approx(2000));
  CHECK(*second.find({"memory_stats", "limit"})->integer() == 100);
  CHECK(second.text_at({"name"}) == "app");
}

TEST_CASE("statistics: of this very process they can be read, of none they cannot") {
  const auto own = sample_use(1, 0, Instant{1});
  CHECK(own);
  CHECK_FALSE(sample_use(0, 0, Instant{1}));
}
