#include "sandbox/bundle.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <array>
#include <map>
#include <utility>

#include "base/json.hpp"
#include "base/text.hpp"

namespace utakata::sandbox {
namespace {

// Docker's default set, which is Fargate's; what we do not have ourselves cannot be given.
constexpr std::array<std::pair<std::string_view, int>, 14> default_capabilities{{{"CAP_CHOWN", 0},
                                                                                 {"CAP_DAC_OVERRIDE", 1},
                                                                                 {"CAP_FOWNER", 3},
                                                                                 {"CAP_FSETID", 4},
                                                                                 {"CAP_KILL", 5},
                                                                                 {"CAP_SETGID", 6},
                                                                                 {"CAP_SETUID", 7},
                                                                                 {"CAP_SETPCAP", 8},
                                                                                 {"CAP_NET_BIND_SERVICE", 10},
                                                                                 {"CAP_NET_RAW", 13},
                                                                                 {"CAP_SYS_CHROOT", 18},
                                                                                 {"CAP_MKNOD", 27},
                                                                                 {"CAP_AUDIT_WRITE", 29},
                                                                                 {"CAP_SETFCAP", 31}}};
constexpr i64 default_open_files = 65'535;  // Fargate's nofile, soft and hard

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

Json capabilities() {
  Json list = Json::array();
  for (const auto& [name, number] : default_capabilities)
    if (prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1) list.push(name);
  Json object = Json::object();
  for (const std::string_view set : {"bounding", "effective", "permitted"}) object.set(set, list);
  return object;
}

Json limits(const ContainerSpec& container) {
  rlimit own{};
  getrlimit(RLIMIT_NOFILE, &own);
  const auto most = static_cast<i64>(own.rlim_max);
  Json array = Json::array();
  const auto add = [&](std::string_view type, i64 soft, i64 hard) {
    Json limit = Json::object();
    limit.set("type", type);
    limit.set("soft", soft);
    limit.set("hard", hard);
    array.push(std::move(limit));
  };
  bool open_files = false;
  for (const UlimitSpec& each : container.ulimits) {
    if (each.name != "nofile") continue;  // others need CAP_SYS_RESOURCE to be raised; the doctor says so
    open_files = true;
    add("RLIMIT_NOFILE", std::min(each.soft, most), std::min(each.hard, most));
  }
  if (!open_files) add("RLIMIT_NOFILE", std::min(default_open_files, most), std::min(default_open_files, most));
  return array;
}

Json mount(std::string_view destination, std::string_view type, std::string_view source,
           std::initializer_list<std::string_view> options) {
  Json object = Json::object();
  object.set("destination", destination);
  object.set("type", type);
  object.set("source", source);
  object.set("options", texts(options));
  return object;
}

Json mounts(const ContainerSpec& container, const BundlePaths& paths) {
  Json array = Json::array();
  array.push(mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}));
  array.push(mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}));
  array.push(mount("/dev/pts", "devpts", "devpts",
                   {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}));
  array.push(mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}));
  array.push(mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}));
  array.push(mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}));
  array.push(mount("/etc/hosts", "bind", paths.hosts, {"bind", "rprivate", "nosuid", "nodev", "ro"}));
  array.push(mount("/etc/resolv.conf", "bind", paths.resolv_conf, {"bind", "rprivate", "nosuid", "nodev", "ro"}));
  array.push(mount("/etc/hostname", "bind", paths.host_name, {"bind", "rprivate", "nosuid", "nodev", "ro"}));
  for (const MountSpec& each : container.mounts)
    array.push(mount(each.path, "bind", cat(paths.volumes, "/", each.volume),
                     {"bind", "rprivate", each.read_only ? "ro" : "rw"}));
  if (container.init_process)
    array.push(mount("/dev/init", "bind", "/usr/bin/tini-static", {"bind", "rprivate", "ro"}));
  return array;
}

Json linux_part(const ContainerSpec& container, const BundlePaths& paths) {
  Json object = Json::object();
  Json namespaces = Json::array();
  for (const std::string_view type : {"pid", "mount", "ipc", "uts"}) namespaces.push(Json::object()).set("type", type);
  Json& network = namespaces.push(Json::object());
  network.set("type", "network");
  network.set("path", paths.network);
  object.set("namespaces", std::move(namespaces));
  object.set("cgroupsPath", paths.cgroup);
  Json resources = Json::object();
  Json device = Json::object();
  device.set("allow", false);
  device.set("access", "rwm");
  resources.set("devices", Json::array()).push(std::move(device));
  Json memory = Json::object();
  if (container.memory_mib) memory.set("limit", i64{*container.memory_mib} * 1024 * 1024);
  if (container.memory_reservation_mib) memory.set("reservation", i64{*container.memory_reservation_mib} * 1024 * 1024);
  if (memory.size() > 0) resources.set("memory", std::move(memory));
  if (container.cpu > 0) resources.set("cpu", Json::object()).set("shares", std::max<i64>(container.cpu, 2));
  object.set("resources", std::move(resources));
  object.set("maskedPaths",
             texts({"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"}));
  object.set("readonlyPaths", texts({"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}));
  return object;
}

std::optional<std::vector<std::string_view>> line_of(std::string_view file, std::string_view name, std::size_t key_at) {
  for (const std::string_view line : split(file, '\n')) {
    const auto parts = split(line, ':');
    if (parts.size() > 3 && parts[key_at] == name) return parts;
  }
  return {};
}

}  // namespace

// A definition's entryPoint drops the image's command, as docker run --entrypoint does.
Outcome<Process> process_of(const TaskSpec& task, const ContainerSpec& container, const Image& image) {
  Process process;
  const list<str>& entry = container.entry_point ? *container.entry_point : image.entry_point;
  const list<str>& command = container.command       ? *container.command
                             : container.entry_point ? list<str>()
                                                     : image.command;
  if (container.init_process) process.arguments = {"/dev/init", "--"};
  process.arguments.insert(process.arguments.end(), entry.begin(), entry.end());
  process.arguments.insert(process.arguments.end(), command.begin(), command.end());
  if (entry.empty() && command.empty())
    return refuse(
        "CannotStartContainerError",
        "CannotStartContainerError: no command specified, neither by the container definition nor by its image");
  std::map<str, str> environment{{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                                 {"HOSTNAME", task.network.host_name},
                                 {"AWS_EXECUTION_ENV", "AWS_ECS_FARGATE"},
                                 {"AWS_REGION", task.region},
                                 {"AWS_DEFAULT_REGION", task.region}};
  for (const str& pair : image.environment) {
    const std::size_t equals = pair.find('=');
    environment[pair.substr(0, equals)] = equals == str::npos ? str() : pair.substr(equals + 1);
  }
  for (const auto& [name, value] : container.environment) environment[name] = value;
  for (const auto& [name, value] : environment) process.environment.push_back(cat(name, "=", value));
  process.working_directory = container.working_directory ? *container.working_directory : image.working_directory;
  if (process.working_directory.empty()) process.working_directory = "/";
  return process;
}

Outcome<UserIds> user_of(const str& text, const str& passwd, const str& group) {
  UserIds ids;
  if (text.empty()) return ids;
  const std::size_t colon = text.find(':');
  const str user = text.substr(0, colon);
  if (const auto number = parse_integer(user)) {
    ids.uid = *number;
    if (const auto line = line_of(passwd, user, 2)) ids.gid = parse_integer((*line)[3]).value_or(0);
  } else if (const auto line = line_of(passwd, user, 0)) {
    ids.uid = parse_integer((*line)[2]).value_or(0);
    ids.gid = parse_integer((*line)[3]).value_or(0);
  } else {
    return refuse("CannotStartContainerError",
                  cat("CannotStartContainerError: unable to find user ", user, ": no matching entries in passwd file"));
  }
  if (colon == str::npos) return ids;
  const str wanted = text.substr(colon + 1);
  if (const auto number = parse_integer(wanted)) {
    ids.gid = *number;
  } else {
    for (const std::string_view line : split(group, '\n')) {
      const auto parts = split(line, ':');
      if (parts.size() > 2 && parts[0] == wanted) return UserIds{ids.uid, parse_integer(parts[2]).value_or(0)};
    }
    return refuse("CannotStartContainerError", cat("CannotStartContainerError: unable to find group ", wanted,
                                                   ": no matching entries in group file"));
  }
  return ids;
}

str bundle_config(const TaskSpec& task, const ContainerSpec& container, const Process& process, const UserIds& user,
                  const BundlePaths& paths) {
  Json config = Json::object();
  config.set("ociVersion", "1.0.2");
  Json& inner = config.set("process", Json::object());
  Json& ids = inner.set("user", Json::object());
  ids.set("uid", user.uid);
  ids.set("gid", user.gid);
  inner.set("terminal", false);
  inner.set("args", texts_of(process.arguments));
  inner.set("env", texts_of(process.environment));
  inner.set("cwd", process.working_directory);
  inner.set("capabilities", capabilities());
  inner.set("rlimits", limits(container));
  inner.set("noNewPrivileges", true);
  Json& root = config.set("root", Json::object());
  root.set("path", paths.root);
  root.set("readonly", container.read_only_root);
  config.set("hostname", task.network.host_name);
  config.set("mounts", mounts(container, paths));
  config.set("linux", linux_part(container, paths));
  return config.write();
}

}  // namespace utakata::sandbox
