#pragma once

#include <set>

#include "base/json.hpp"
#include "core/task_spec.hpp"

// What a container may use and do: limits of its processes, capabilities, shares of the task.
namespace utakata::sandbox {

/// What this process can give to a container at most.
struct HostLimits {
  dict<i64> hard;              // by ulimit name; a name that is missing has no limit
  std::set<str> capabilities;  // "CHOWN", ...
  bool filters_system_calls = true;
  bool ptrace_is_confined = true;  // to what a filter allows
};
HostLimits host_limits();
/// CAP_SYS_RESOURCE: limits above our own can be given.
bool may_raise_limits();

/// The container's ulimits with Fargate's default for open files; what the host cannot give is cut, and `warnings` gets
/// a sentence for each that the definition asked for. -1 is no limit.
list<UlimitSpec> clamped_ulimits(const ContainerSpec&, const HostLimits&, list<str>& warnings);

/// Fargate's set, which is docker's default, without what is dropped, with what is added; what the host lacks is left
/// out with a warning.
list<str> granted_capabilities(const ContainerSpec&, const HostLimits&, list<str>& warnings);

/// How many capabilities a container gets that asks for nothing, on a host that has them all.
std::size_t default_capabilities();

// Parts of config.json.
Json rlimits_json(const list<UlimitSpec>&);
Json capabilities_json(const list<str>&);
Json resources_json(const ContainerSpec&);

}  // namespace utakata::sandbox
