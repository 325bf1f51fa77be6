#include "sandbox/limits.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>

#include "base/text.hpp"

namespace utakata::sandbox {
namespace {

constexpr i64 default_open_files = 65'535;  // Fargate's nofile, soft and hard
constexpr i64 no_limit = -1;
constexpr int cap_sys_resource = 24;
constexpr i32 least_shares = 2;  // of a container that asks for none, as the ECS agent gives it

struct Limit {
  std::string_view name, type;
  __rlimit_resource resource;
};
constexpr std::array<Limit, 15> known_limits{{{"core", "RLIMIT_CORE", RLIMIT_CORE},
                                              {"cpu", "RLIMIT_CPU", RLIMIT_CPU},
                                              {"data", "RLIMIT_DATA", RLIMIT_DATA},
                                              {"fsize", "RLIMIT_FSIZE", RLIMIT_FSIZE},
                                              {"locks", "RLIMIT_LOCKS", RLIMIT_LOCKS},
                                              {"memlock", "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
                                              {"msgqueue", "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
                                              {"nice", "RLIMIT_NICE", RLIMIT_NICE},
                                              {"nofile", "RLIMIT_NOFILE", RLIMIT_NOFILE},
                                              {"nproc", "RLIMIT_NPROC", RLIMIT_NPROC},
                                              {"rss", "RLIMIT_RSS", RLIMIT_RSS},
                                              {"rtprio", "RLIMIT_RTPRIO", RLIMIT_RTPRIO},
                                              {"rttime", "RLIMIT_RTTIME", RLIMIT_RTTIME},
                                              {"sigpending", "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
                                              {"stack", "RLIMIT_STACK", RLIMIT_STACK}}};

struct Capability {
  std::string_view name;
  int number;
  bool by_default;
};
constexpr std::array<Capability, 15> known_capabilities{{{"CHOWN", 0, true},
                                                         {"DAC_OVERRIDE", 1, true},
                                                         {"FOWNER", 3, true},
                                                         {"FSETID", 4, true},
                                                         {"KILL", 5, true},
                                                         {"SETGID", 6, true},
                                                         {"SETUID", 7, true},
                                                         {"SETPCAP", 8, true},
                                                         {"NET_BIND_SERVICE", 10, true},
                                                         {"NET_RAW", 13, true},
                                                         {"SYS_CHROOT", 18, true},
                                                         {"SYS_PTRACE", 19, false},  // the one that Fargate lets add
                                                         {"MKNOD", 27, true},
                                                         {"AUDIT_WRITE", 29, true},
                                                         {"SETFCAP", 31, true}}};

bool above(i64 wanted, i64 most) { return most != no_limit && (wanted == no_limit || wanted > most); }

bool contains(const list<str>& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

str limit_text(i64 value) { return value == no_limit ? str("unlimited") : cat(value); }

bool kernel_filters_system_calls() {
  return access("/proc/sys/kernel/seccomp/actions_avail", F_OK) == 0 || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

bool kernel_is_at_least(i64 major, i64 minor) {
  utsname name{};
  uname(&name);
  const auto numbers = split(std::string_view(name.release), '.');
  const i64 own = parse_integer(numbers[0]).value_or(0);
  return own > major || (own == major && numbers.size() > 1 && parse_integer(numbers[1]).value_or(0) >= minor);
}

}  // namespace

bool may_raise_limits() { return prctl(PR_CAPBSET_READ, cap_sys_resource, 0, 0, 0) == 1; }

HostLimits host_limits() {
  HostLimits host;
  const bool may_raise = may_raise_limits();
  for (const Limit& each : known_limits) {
    rlimit own{};
    if (may_raise || getrlimit(each.resource, &own) != 0 || own.rlim_max == RLIM_INFINITY) continue;
    host.hard[str(each.name)] = static_cast<i64>(std::min<rlim_t>(own.rlim_max, std::numeric_limits<i64>::max()));
  }
  // Nobody can open more files than this, root included.
  i64 most_files = 0;
  if (std::ifstream("/proc/sys/fs/nr_open") >> most_files &&
      above(host.hard.contains("nofile") ? host.hard["nofile"] : no_limit, most_files))
    host.hard["nofile"] = most_files;
  for (const Capability& each : known_capabilities)
    if (prctl(PR_CAPBSET_READ, each.number, 0, 0, 0) == 1) host.capabilities.insert(str(each.name));
  host.filters_system_calls = kernel_filters_system_calls();
  host.ptrace_is_confined = kernel_is_at_least(4, 8);
  return host;
}

list<UlimitSpec> clamped_ulimits(const ContainerSpec& container, const HostLimits& host, list<str>& warnings) {
  list<UlimitSpec> out;
  const auto most = [&](const str& name) { return host.hard.contains(name) ? host.hard.at(name) : no_limit; };
  const auto cut = [](i64 wanted, i64 limit) { return above(wanted, limit) ? limit : wanted; };
  for (const UlimitSpec& each : container.ulimits) {
    const i64 limit = most(each.name);
    if (above(each.soft, limit) || above(each.hard, limit))
      warnings.push_back(cat("container ", container.name, ": ulimit ", each.name, " of ", limit_text(each.soft), ":",
                             limit_text(each.hard), " is more than this host can give; it has ",
                             limit_text(cut(each.soft, limit)), ":", limit_text(cut(each.hard, limit))));
    out.push_back({.name = each.name, .soft = cut(each.soft, limit), .hard = cut(each.hard, limit)});
  }
  const bool open_files = std::ranges::any_of(out, [](const UlimitSpec& each) { return each.name == "nofile"; });
  const i64 files = cut(default_open_files, most("nofile"));
  if (!open_files) out.push_back({.name = "nofile", .soft = files, .hard = files});
  return out;
}

list<str> granted_capabilities(const ContainerSpec& container, const HostLimits& host, list<str>& warnings) {
  list<str> out;
  const bool drop_all = contains(container.dropped_capabilities, "ALL");
  for (const Capability& each : known_capabilities) {
    const bool added = contains(container.added_capabilities, each.name);
    const bool kept = each.by_default && !drop_all && !contains(container.dropped_capabilities, each.name);
    if (!added && !kept) continue;
    if (host.capabilities.contains(str(each.name)))
      out.emplace_back(each.name);
    else if (added)
      warnings.push_back(
          cat("container ", container.name, ": this host cannot give the capability ", each.name, " to a container"));
  }
  return out;
}

std::size_t default_capabilities() {
  return static_cast<std::size_t>(std::ranges::count(known_capabilities, true, &Capability::by_default));
}

Json rlimits_json(const list<UlimitSpec>& ulimits) {
  Json array = Json::array();
  const auto number = [](i64 value) {
    return value == no_limit ? Json(std::numeric_limits<std::uint64_t>::max()) : Json(value);
  };
  for (const UlimitSpec& each : ulimits) {
    const auto at = std::ranges::find(known_limits, each.name, &Limit::name);
    if (at == known_limits.end()) continue;
    Json& limit = array.push(Json::object());
    limit.set("type", at->type);
    limit.set("soft", number(each.soft));
    limit.set("hard", number(each.hard));
  }
  return array;
}

Json capabilities_json(const list<str>& granted) {
  Json names = Json::array();
  for (const str& each : granted) names.push("CAP_" + each);
  Json object = Json::object();
  for (const std::string_view set : {"bounding", "effective", "permitted"}) object.set(set, names);
  return object;
}

// The task's group holds its limits; here is the container's part of them. No task swaps (Cgroups::make_task).
Json resources_json(const ContainerSpec& container) {
  Json resources = Json::object();
  Json device = Json::object();
  device.set("allow", false);
  device.set("access", "rwm");
  resources.set("devices", Json::array()).push(std::move(device));
  Json memory = Json::object();
  if (container.memory_mib) memory.set("limit", i64{*container.memory_mib} * 1024 * 1024);
  if (container.memory_reservation_mib) memory.set("reservation", i64{*container.memory_reservation_mib} * 1024 * 1024);
  if (memory.size() > 0) resources.set("memory", std::move(memory));
  resources.set("cpu", Json::object()).set("shares", i64{std::max(container.cpu, least_shares)});
  return resources;
}

}  // namespace utakata::sandbox
