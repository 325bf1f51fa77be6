#include "sandbox/doctor.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "base/text.hpp"
#include "reactor/process.hpp"
#include "sandbox/cgroups.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/probe_folder.hpp"
#include "sandbox/user_space.hpp"

namespace utakata::sandbox {
namespace {

constexpr rlim_t fargate_open_files = 65'535;

Finding root_finding() {
  if (geteuid() == 0) return {.name = "root", .status = "ok", .detail = "running as root"};
  return {.name = "root",
          .status = "missing",
          .detail = cat("running as user ", geteuid()),
          .remedy = "run as root: namespaces, overlay mounts and cgroups need it"};
}

Finding kernel_finding() {
  utsname name{};
  uname(&name);
  return {.name = "kernel", .status = "ok", .detail = cat(name.sysname, " ", name.release, " ", name.machine)};
}

Finding namespace_finding() {
  int error = 0;
  std::thread([&error] {
    if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) error = errno;
  }).join();
  if (error == 0)
    return {.name = "namespaces", .status = "ok", .detail = "network, mount and process namespaces can be made"};
  return {.name = "namespaces",
          .status = "missing",
          .detail = std::strerror(error),
          .remedy = "run as root on a host (or in a container) that may make namespaces"};
}

Finding overlay_finding() {
  const ProbeFolder place("/tmp");
  const str& dir = place.path;
  if (dir.empty())
    return {
        .name = "overlay", .status = "missing", .detail = "no folder can be made in /tmp", .remedy = "free some space"};
  for (const char* name : {"/lower", "/upper", "/work", "/all"}) mkdir((dir + name).c_str(), 0700);
  const str options = cat("lowerdir=", dir, "/lower,upperdir=", dir, "/upper,workdir=", dir, "/work");
  const bool mounted = mount("overlay", (dir + "/all").c_str(), "overlay", 0, options.c_str()) == 0;
  const int mount_error = errno;
  if (mounted) umount2((dir + "/all").c_str(), MNT_DETACH);
  if (mounted) return {.name = "overlay", .status = "ok", .detail = "image layers can be mounted"};
  return {.name = "overlay",
          .status = "missing",
          .detail = std::strerror(mount_error),
          .remedy = "modprobe overlay; keep --state on ext4, xfs or btrfs, not on another overlay"};
}

Finding cgroup_finding() {
  const Cgroups groups = Cgroups::detect("utakata-doctor");
  groups.remove_all();
  str missing;
  for (const char* controller : {"cpu", "memory", "pids"})
    if (!groups.has(controller)) missing += cat(missing.empty() ? "" : ", ", controller);
  if (groups.kind() == "none")
    return {.name = "cgroups",
            .status = "missing",
            .detail = "no control groups are mounted",
            .remedy = "mount -t cgroup2 none /sys/fs/cgroup"};
  if (!missing.empty())
    return {.name = "cgroups",
            .status = "degraded",
            .detail = cat(groups.kind(), ", not usable: ", missing),
            .remedy = "limits of these controllers are not enforced"};
  return {
      .name = "cgroups", .status = "ok", .detail = cat(groups.kind(), ": cpu, memory and process limits are enforced")};
}

Finding runtime_finding(const str& runtime) {
  const auto version = reactor::run_process_blocking({runtime, "--version"}, seconds(10));
  if (version && version->exit_code == 0)
    return {.name = "runtime", .status = "ok", .detail = str(version->output.substr(0, version->output.find('\n')))};
  return {.name = "runtime",
          .status = "missing",
          .detail = cat(runtime, " does not run"),
          .remedy = cat("apt-get install ", runtime)};
}

Finding skopeo_finding() {
  const auto version = reactor::run_process_blocking({"skopeo", "--version"}, seconds(10));
  if (version && version->exit_code == 0)
    return {.name = "registries", .status = "ok", .detail = str(version->output.substr(0, version->output.find('\n')))};
  return {.name = "registries",
          .status = "degraded",
          .detail = "skopeo does not run: images come from layouts only",
          .remedy = "apt-get install skopeo"};
}

Finding limit_finding() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_max >= fargate_open_files)
    return {.name = "open files", .status = "ok", .detail = cat("up to ", files.rlim_max, " per container")};
  return {
      .name = "open files",
      .status = "degraded",
      .detail = cat("Fargate gives containers 65535, this host's hard limit of ", files.rlim_max, " is given instead"),
      .remedy = "raise the hard limit before starting utakata: ulimit -Hn 65535"};
}

Finding capability_finding() {
  if (may_raise_limits()) return {.name = "capabilities", .status = "ok", .detail = "limits may be raised"};
  return {.name = "capabilities",
          .status = "degraded",
          .detail = "CAP_SYS_RESOURCE is missing: limits above our own are clamped",
          .remedy = "nothing, unless a task asks for higher ulimits"};
}

Finding filter_finding(const str& runtime) {
  const bool kernel = host_limits().filters_system_calls;
  const auto version = reactor::run_process_blocking({runtime, "--version"}, seconds(10));
  const bool able = version && (version->output.contains("libseccomp") || version->output.contains("+SECCOMP"));
  if (kernel && able)
    return {.name = "system calls", .status = "ok", .detail = "filtered by seccomp as docker does; no new privileges"};
  return {
      .name = "system calls",
      .status = "degraded",
      .detail = cat(kernel ? runtime : str("this kernel"), " has no seccomp: containers may make every system call"),
      .remedy = kernel ? cat("install a ", runtime, " that is built with libseccomp")
                       : str("use a kernel with CONFIG_SECCOMP_FILTER")};
}

// Version 2 has no such controller: there the runtime loads a program into the kernel for each container.
Finding device_finding() {
  const Cgroups groups = Cgroups::detect("utakata-doctor");
  groups.remove_all();
  if (groups.has_devices())
    return {.name = "devices",
            .status = "ok",
            .detail = "containers open null, zero, full, random, urandom and terminals, and no others"};
  return {.name = "devices",
          .status = "degraded",
          .detail = "the devices controller is not mounted: containers may open devices that they make themselves",
          .remedy = "mount -t cgroup -o devices none /sys/fs/cgroup/devices"};
}

Finding given_capabilities_finding() {
  list<str> ignored;
  const HostLimits host = host_limits();
  const std::size_t given = granted_capabilities({}, host, ignored).size();
  const bool tracing = host.capabilities.contains("SYS_PTRACE");
  Finding finding{.name = "privileges", .status = "ok"};
  finding.detail = cat("containers get ", given, " of Fargate's ", default_capabilities(), " capabilities, ",
                       tracing ? "SYS_PTRACE when it is asked for" : "never SYS_PTRACE", ", and no new ones");
  if (given == default_capabilities() && tracing) return finding;
  finding.status = "degraded";
  finding.remedy = "start utakata with all of root's capabilities";
  return finding;
}

Finding user_finding() {
  const str obstacle = users_obstacle("/tmp");
  if (obstacle.empty())
    return {.name = "users", .status = "ok", .detail = "each task's root is nobody on the host and to other tasks"};
  return {.name = "users",
          .status = "degraded",
          .detail = cat("the root of tasks is the host's root, without its privileges: ", obstacle),
          .remedy = "use a kernel from 5.19 on with CONFIG_USER_NS, and --state on ext4, xfs, btrfs or tmpfs"};
}

Finding init_finding() {
  if (access("/usr/bin/tini-static", X_OK) == 0)
    return {.name = "init process", .status = "ok", .detail = "tini is there for initProcessEnabled"};
  return {.name = "init process",
          .status = "degraded",
          .detail = "/usr/bin/tini-static is missing: tasks with initProcessEnabled cannot start",
          .remedy = "apt-get install tini"};
}

Finding storage_finding() {
  const auto version = reactor::run_process_blocking({"mkfs.ext4", "-V"}, seconds(10));
  const bool maker = version && version->exit_code == 0;
  if (maker && access("/dev/loop-control", R_OK | W_OK) == 0)
    return {.name = "storage", .status = "ok", .detail = "limits of ephemeralStorage hold (ext4 on a loop device)"};
  return {.name = "storage",
          .status = "degraded",
          .detail = cat(maker ? "/dev/loop-control is missing" : "mkfs.ext4 does not run",
                        ": limits of ephemeralStorage do not hold, tasks run without them"),
          .remedy = maker ? "modprobe loop" : "apt-get install e2fsprogs"};
}

}  // namespace

list<Finding> examine(const str& runtime) {
  return {root_finding(),       kernel_finding(),
          namespace_finding(),  overlay_finding(),
          cgroup_finding(),     runtime_finding(runtime),
          skopeo_finding(),     filter_finding(runtime),
          device_finding(),     given_capabilities_finding(),
          user_finding(),       limit_finding(),
          capability_finding(), init_finding(),
          storage_finding()};
}

}  // namespace utakata::sandbox
