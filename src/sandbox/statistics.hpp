#pragma once

#include <map>
#include <optional>

#include "base/json.hpp"
#include "base/types.hpp"

// What a container uses, read from its control groups (version 1, 2 or both) and its network namespace, and told as
// Docker's ContainerStats, which is what the metadata endpoint gives.
namespace utakata::sandbox {

struct CpuUse {
  i64 total_ns = 0, user_ns = 0, kernel_ns = 0;
  list<i64> each_cpu_ns;  // empty where the kernel does not tell
  i64 system_ns = 0;      // of the whole host
  i64 periods = 0, throttled_periods = 0, throttled_ns = 0;
};
struct InterfaceUse {
  i64 received_bytes = 0, received_packets = 0, received_errors = 0, received_dropped = 0;
  i64 sent_bytes = 0, sent_packets = 0, sent_errors = 0, sent_dropped = 0;
};
struct BlockUse {
  i64 major = 0, minor = 0;
  str operation;  // "read", "write", ...
  i64 value = 0;
};
struct UseSample {
  Instant at;
  CpuUse cpu;
  i64 memory = 0, memory_peak = 0, memory_limit = 0, memory_failures = 0;
  dict<i64> memory_details;
  i64 processes = 0;
  opt<i64> processes_limit;
  list<BlockUse> block_bytes, block_operations;
  std::map<str, InterfaceUse> interfaces;
};

/// Folders of the control groups of a process: controller -> folder, "unified" for version 2. From the texts of
/// /proc/self/mountinfo and /proc/PID/cgroup.
std::map<str, str> group_folders(std::string_view mountinfo, std::string_view groups);

/// Of the container whose first process this is; nothing if it has ended. `task_memory` is the task's own limit, bytes.
std::optional<UseSample> sample_use(i64 pid, i64 task_memory, Instant now);

/// `former`: an earlier sample of the same container, if there is one.
Json statistics_document(const UseSample&, const std::optional<UseSample>& former, const str& name, const str& id);

/// For tests: one file's text each.
std::map<str, InterfaceUse> read_interfaces(std::string_view proc_net_dev);
i64 read_system_cpu(std::string_view proc_stat);

}  // namespace utakata::sandbox
