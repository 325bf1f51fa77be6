#include "sandbox/statistics.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "sandbox/cgroups.hpp"
#include "sandbox/read_text.hpp"

namespace utakata::sandbox {
namespace {

constexpr i64 ns_per_second = 1'000'000'000;
constexpr i64 ns_per_microsecond = 1'000;

i64 number(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return parse_integer(trim(text)).value_or(0);
}

// Lines "NAME VALUE".
dict<i64> read_pairs(const str& path) {
  dict<i64> pairs;
  const str text = read_text(path).value_or("");
  for (const std::string_view line : split(text, '\n'))
    if (const auto parts = split_words(line); parts.size() == 2) pairs[str(parts[0])] = number(parts[1]);
  return pairs;
}

i64 of(const dict<i64>& pairs, const char* name) {
  const auto at = pairs.find(name);
  return at != pairs.end() ? at->second : 0;
}

using Folders = std::map<str, str>;

std::optional<str> file_of(const Folders& folders, const char* controller, std::string_view name) {
  const auto at = folders.find(controller);
  return at != folders.end() ? read_text(cat(at->second, "/", name)) : std::nullopt;
}

void read_cpu(const Folders& folders, CpuUse& cpu) {
  if (const auto usage = file_of(folders, "cpuacct", "cpuacct.usage")) {
    cpu.total_ns = number(*usage);
    const str each = file_of(folders, "cpuacct", "cpuacct.usage_percpu").value_or("");
    for (const std::string_view word : split_words(each.substr(0, each.find('\n'))))
      cpu.each_cpu_ns.push_back(number(word));
    cpu.user_ns = number(file_of(folders, "cpuacct", "cpuacct.usage_user").value_or(""));
    cpu.kernel_ns = number(file_of(folders, "cpuacct", "cpuacct.usage_sys").value_or(""));
    if (!folders.contains("cpu")) return;
    const dict<i64> throttling = read_pairs(folders.at("cpu") + "/cpu.stat");
    cpu.periods = of(throttling, "nr_periods");
    cpu.throttled_periods = of(throttling, "nr_throttled");
    cpu.throttled_ns = of(throttling, "throttled_time");
    return;
  }
  if (!folders.contains("unified")) return;
  const dict<i64> use = read_pairs(folders.at("unified") + "/cpu.stat");
  cpu.total_ns = of(use, "usage_usec") * ns_per_microsecond;
  cpu.user_ns = of(use, "user_usec") * ns_per_microsecond;
  cpu.kernel_ns = of(use, "system_usec") * ns_per_microsecond;
  cpu.periods = of(use, "nr_periods");
  cpu.throttled_periods = of(use, "nr_throttled");
  cpu.throttled_ns = of(use, "throttled_usec") * ns_per_microsecond;
}

void read_memory(const Folders& folders, i64 task_memory, UseSample& sample) {
  const bool first = folders.contains("memory");
  const char* controller = first ? "memory" : "unified";
  const auto get = [&](std::string_view name) { return number(file_of(folders, controller, name).value_or("")); };
  sample.memory = get(first ? "memory.usage_in_bytes" : "memory.current");
  sample.memory_peak = get(first ? "memory.max_usage_in_bytes" : "memory.peak");
  if (first) sample.memory_failures = get("memory.failcnt");
  const i64 own = get(first ? "memory.limit_in_bytes" : "memory.max");  // "max" is no number: 0
  sample.memory_limit = own > 0 && (task_memory == 0 || own < task_memory) ? own : task_memory;
  if (folders.contains(controller)) sample.memory_details = read_pairs(folders.at(controller) + "/memory.stat");
}

void read_processes(const Folders& folders, UseSample& sample) {
  const char* controller = folders.contains("pids") ? "pids" : "unified";
  sample.processes = number(file_of(folders, controller, "pids.current").value_or(""));
  const auto limit = file_of(folders, controller, "pids.max");
  if (limit && !limit->starts_with("max")) sample.processes_limit = number(*limit);
}

// Version 1: "MAJOR:MINOR Operation VALUE".
list<BlockUse> read_block_file(const Folders& folders, std::string_view name) {
  list<BlockUse> uses;
  const str text = file_of(folders, "blkio", name).value_or("");
  for (const std::string_view line : split(text, '\n')) {
    const auto parts = split_words(line);
    if (parts.size() != 3) continue;
    const std::size_t colon = parts[0].find(':');
    if (colon == std::string_view::npos) continue;
    uses.push_back({.major = number(parts[0].substr(0, colon)),
                    .minor = number(parts[0].substr(colon + 1)),
                    .operation = to_lower(parts[1]),
                    .value = number(parts[2])});
  }
  return uses;
}

// Version 2: "MAJOR:MINOR rbytes=N wbytes=N rios=N wios=N ...".
void read_io_stat(const Folders& folders, UseSample& sample) {
  const str text = file_of(folders, "unified", "io.stat").value_or("");
  for (const std::string_view line : split(text, '\n')) {
    const auto parts = split_words(line);
    const std::size_t colon = parts.empty() ? std::string_view::npos : parts[0].find(':');
    if (colon == std::string_view::npos) continue;
    const BlockUse device{.major = number(parts[0].substr(0, colon)),
                          .minor = number(parts[0].substr(colon + 1)),
                          .operation = {},
                          .value = 0};
    const auto add = [&](list<BlockUse>& uses, std::string_view key, std::string_view operation) {
      for (const std::string_view part : parts) {
        if (!part.starts_with(cat(key, "="))) continue;
        uses.push_back(device);
        uses.back().operation = operation;
        uses.back().value = number(part.substr(key.size() + 1));
      }
    };
    add(sample.block_bytes, "rbytes", "read");
    add(sample.block_bytes, "wbytes", "write");
    add(sample.block_operations, "rios", "read");
    add(sample.block_operations, "wios", "write");
  }
}

Json cpu_document(const CpuUse& cpu) {
  Json out = Json::object();
  Json& usage = out.set("cpu_usage", Json::object());
  usage.set("total_usage", cpu.total_ns);
  if (!cpu.each_cpu_ns.empty()) {
    Json& each = usage.set("percpu_usage", Json::array());
    for (const i64 one : cpu.each_cpu_ns) each.push(one);
  }
  usage.set("usage_in_kernelmode", cpu.kernel_ns);
  usage.set("usage_in_usermode", cpu.user_ns);
  out.set("system_cpu_usage", cpu.system_ns);
  out.set("online_cpus", static_cast<i64>(sysconf(_SC_NPROCESSORS_ONLN)));
  Json& throttling = out.set("throttling_data", Json::object());
  throttling.set("periods", cpu.periods);
  throttling.set("throttled_periods", cpu.throttled_periods);
  throttling.set("throttled_time", cpu.throttled_ns);
  return out;
}

// As Docker says that there is no former sample.
Json no_cpu_document() {
  return *Json::parse(R"({"cpu_usage":{"total_usage":0,"usage_in_kernelmode":0,"usage_in_usermode":0},)"
                      R"("throttling_data":{"periods":0,"throttled_periods":0,"throttled_time":0}})");
}

Json block_document(const list<BlockUse>& uses) {
  Json out = Json::array();
  for (const BlockUse& use : uses) {
    Json& one = out.push(Json::object());
    one.set("major", use.major);
    one.set("minor", use.minor);
    one.set("op", use.operation);
    one.set("value", use.value);
  }
  return out;
}

Json memory_document(const UseSample& sample) {
  Json out = Json::object();
  out.set("usage", sample.memory);
  out.set("max_usage", sample.memory_peak);
  Json& details = out.set("stats", Json::object());
  for (const auto& [name, value] : sample.memory_details) details.set(name, value);
  out.set("failcnt", sample.memory_failures);
  out.set("limit", sample.memory_limit);
  return out;
}

Json networks_document(const UseSample& sample) {
  Json out = Json::object();
  for (const auto& [name, use] : sample.interfaces) {
    Json& one = out.set(name, Json::object());
    one.set("rx_bytes", use.received_bytes);
    one.set("rx_packets", use.received_packets);
    one.set("rx_errors", use.received_errors);
    one.set("rx_dropped", use.received_dropped);
    one.set("tx_bytes", use.sent_bytes);
    one.set("tx_packets", use.sent_packets);
    one.set("tx_errors", use.sent_errors);
    one.set("tx_dropped", use.sent_dropped);
  }
  return out;
}

Json rates_document(const UseSample& sample, const std::optional<UseSample>& former) {
  Json out = Json::object();
  f64 received = 0;
  f64 sent = 0;
  const f64 seconds = former ? static_cast<f64>((sample.at - former->at).ns) / static_cast<f64>(ns_per_second) : 0;
  if (seconds > 0)
    for (const auto& [name, use] : sample.interfaces)
      if (const auto before = former->interfaces.find(name); before != former->interfaces.end()) {
        received += static_cast<f64>(use.received_bytes - before->second.received_bytes) / seconds;
        sent += static_cast<f64>(use.sent_bytes - before->second.sent_bytes) / seconds;
      }
  out.set("rx_bytes_per_sec", received);
  out.set("tx_bytes_per_sec", sent);
  return out;
}

}  // namespace

std::map<str, str> group_folders(std::string_view mountinfo, std::string_view groups) {
  std::map<str, str> mounts;  // controller -> where its hierarchy is mounted; "" for version 2
  for (const CgroupMount& mount : cgroup_mounts(mountinfo)) {
    if (mount.options.empty()) mounts.emplace("", mount.folder);
    for (const str& option : mount.options) mounts.emplace(option, mount.folder);
  }
  std::map<str, str> folders;
  for (const std::string_view line : split(groups, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const str path(line.substr(second + 1));
    for (const std::string_view controller : split(line.substr(first + 1, second - first - 1), ','))
      if (const auto at = mounts.find(str(controller)); at != mounts.end())
        folders[controller.empty() ? str("unified") : str(controller)] = cat(at->second, path == "/" ? "" : path);
  }
  return folders;
}

std::map<str, InterfaceUse> read_interfaces(std::string_view text) {
  std::map<str, InterfaceUse> uses;
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const str name(trim(line.substr(0, colon)));
    const auto parts = split_words(line.substr(colon + 1));
    if (name == "lo" || parts.size() < 12) continue;
    uses[name] = {.received_bytes = number(parts[0]),
                  .received_packets = number(parts[1]),
                  .received_errors = number(parts[2]),
                  .received_dropped = number(parts[3]),
                  .sent_bytes = number(parts[8]),
                  .sent_packets = number(parts[9]),
                  .sent_errors = number(parts[10]),
                  .sent_dropped = number(parts[11])};
  }
  return uses;
}

// The first line: user nice system idle iowait irq softirq steal, in ticks; guests are counted among the users.
i64 read_system_cpu(std::string_view text) {
  const auto parts = split_words(text.substr(0, text.find('\n')));
  i64 ticks = 0;
  for (std::size_t i = 1; i < parts.size() && i < 9; ++i) ticks += number(parts[i]);
  return ticks * (ns_per_second / std::max(1L, sysconf(_SC_CLK_TCK)));
}

std::optional<UseSample> sample_use(i64 pid, i64 task_memory, Instant now) {
  const auto groups = pid > 0 ? read_text(cat("/proc/", pid, "/cgroup")) : std::nullopt;
  if (!groups || groups->empty()) return {};
  const Folders folders = group_folders(read_text("/proc/self/mountinfo").value_or(""), *groups);
  UseSample sample{.at = now};
  read_cpu(folders, sample.cpu);
  sample.cpu.system_ns = read_system_cpu(read_text("/proc/stat").value_or(""));
  read_memory(folders, task_memory, sample);
  read_processes(folders, sample);
  sample.block_bytes = read_block_file(folders, "blkio.throttle.io_service_bytes_recursive");
  sample.block_operations = read_block_file(folders, "blkio.throttle.io_serviced_recursive");
  if (!folders.contains("blkio")) read_io_stat(folders, sample);
  sample.interfaces = read_interfaces(read_text(cat("/proc/", pid, "/net/dev")).value_or(""));
  return sample;
}

Json statistics_document(const UseSample& sample, const std::optional<UseSample>& former, const str& name,
                         const str& id) {
  Json out = Json::object();
  out.set("read", iso8601(sample.at, 9));
  out.set("preread", former ? iso8601(former->at, 9) : str("0001-01-01T00:00:00Z"));
  Json& processes = out.set("pids_stats", Json::object());
  processes.set("current", sample.processes);
  if (sample.processes_limit) processes.set("limit", *sample.processes_limit);
  Json& blocks = out.set("blkio_stats", Json::object());
  blocks.set("io_service_bytes_recursive", block_document(sample.block_bytes));
  blocks.set("io_serviced_recursive", block_document(sample.block_operations));
  for (const char* none : {"io_queue_recursive", "io_service_time_recursive", "io_wait_time_recursive",
                           "io_merged_recursive", "io_time_recursive", "sectors_recursive"})
    blocks.set(none, Json::array());
  out.set("num_procs", 0);  // of Windows
  out.set("storage_stats", Json::object());
  out.set("cpu_stats", cpu_document(sample.cpu));
  out.set("precpu_stats", former ? cpu_document(former->cpu) : no_cpu_document());
  out.set("memory_stats", memory_document(sample));
  out.set("name", name);
  out.set("id", id);
  out.set("networks", networks_document(sample));
  out.set("network_rate_stats", rates_document(sample, former));
  return out;
}

}  // namespace utakata::sandbox
