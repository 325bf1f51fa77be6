#include "sandbox/bundle.hpp"

#include "base/json.hpp"
#include "base/text.hpp"
#include "sandbox/seccomp.hpp"

namespace utakata::sandbox {
namespace {

Json texts(std::initializer_list<std::string_view> items) {
  Json array = Json::array();
  for (const std::string_view item : items) array.push(item);
  return array;
}
template <class List>
Json texts_of(const List& items) {
  Json array = Json::array();
  for (const auto& item : items) array.push(Json(std::string_view(item)));
  return array;
}

// What tells of the host or lets one change it. docker hides the same, and the last three since 2020 and 2023.
constexpr std::initializer_list<std::string_view> masked_paths{
    "/proc/acpi",       "/proc/asound",        "/proc/interrupts",  "/proc/kcore",
    "/proc/keys",       "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
    "/proc/timer_list", "/proc/timer_stats",   "/sys/firmware",     "/sys/devices/virtual/powercap"};
constexpr std::initializer_list<std::string_view> read_only_paths{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                                                  "/proc/sysrq-trigger"};

Json namespaces(const BundlePaths& paths) {
  Json array = Json::array();
  for (const std::string_view type : {"mount", "ipc", "uts", "cgroup"}) array.push(Json::object()).set("type", type);
  Json& processes = array.push(Json::object());
  processes.set("type", "pid");
  if (!paths.pid_namespace.empty()) processes.set("path", paths.pid_namespace);
  Json& network = array.push(Json::object());
  network.set("type", "network");
  network.set("path", paths.network);
  if (!paths.ids) return array;
  Json& users = array.push(Json::object());
  users.set("type", "user");
  users.set("path", paths.users);
  return array;
}

Json linux_part(const ContainerSpec& container, const BundlePaths& paths, const list<str>& capabilities,
                const HostLimits& host) {
  Json object = Json::object();
  object.set("namespaces", namespaces(paths));
  if (paths.ids) {
    object.set("uidMappings", id_mappings(paths.ids));
    object.set("gidMappings", id_mappings(paths.ids));
  }
  object.set("cgroupsPath", paths.cgroup);
  object.set("resources", resources_json(container));
  Json controls = Json::object();
  for (const auto& [name, value] : container.system_controls) controls.set(name, value);
  if (controls.size() > 0) object.set("sysctl", std::move(controls));
  object.set("maskedPaths", texts(masked_paths));
  object.set("readonlyPaths", texts(read_only_paths));
  if (host.filters_system_calls) object.set("seccomp", seccomp_json(capabilities, host.ptrace_is_confined));
  return object;
}

}  // namespace

Json bundle_config(const TaskSpec& task, const ContainerSpec& container, const Process& process, const UserIds& user,
                   const BundlePaths& paths, const HostLimits& host, list<str>& warnings) {
  Json config = Json::object();
  config.set("ociVersion", "1.0.2");
  Json& inner = config.set("process", Json::object());
  Json& ids = inner.set("user", Json::object());
  ids.set("uid", user.uid);
  ids.set("gid", user.gid);
  if (!user.more_gids.empty()) {
    Json& more = ids.set("additionalGids", Json::array());
    for (const i64 gid : user.more_gids) more.push(gid);
  }
  inner.set("terminal", false);
  inner.set("args", texts_of(process.arguments));
  inner.set("env", texts_of(process.environment));
  inner.set("cwd", process.working_directory);
  const list<str> capabilities = granted_capabilities(container, host, warnings);
  inner.set("capabilities", capabilities_json(capabilities));
  inner.set("rlimits", rlimits_json(clamped_ulimits(container, host, warnings)));
  inner.set("noNewPrivileges", true);
  Json& root = config.set("root", Json::object());
  root.set("path", paths.root);
  root.set("readonly", container.read_only_root);
  config.set("hostname", task.network.host_name);
  config.set("mounts", mounts_json(container, paths));
  // No annotations: crun takes orders from them, and the only one that we give is compiled_filters.hpp's. Labels are
  // the metadata's.
  config.set("linux", linux_part(container, paths, capabilities, host));
  return config;
}

}  // namespace utakata::sandbox
