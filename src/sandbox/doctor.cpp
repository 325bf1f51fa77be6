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
#include <filesystem>
#include <thread>

#include "base/text.hpp"
#include "reactor/process.hpp"
#include "sandbox/cgroups.hpp"
#include "sandbox/firewall.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/nft.hpp"
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

Finding overlay_finding(const str& folder) {
  const ProbeFolder place(folder);
  const str& dir = place.path;
  if (dir.empty())
    return {.name = "overlay",
            .status = "missing",
            .detail = cat("no folder can be made in ", folder),
            .remedy = "free some space there, or name another folder by --state"};
  for (const char* name : {"/lower", "/upper", "/work", "/all"}) mkdir((dir + name).c_str(), 0700);
  const str options = cat("lowerdir=", dir, "/lower,upperdir=", dir, "/upper,workdir=", dir, "/work");
  const bool mounted = mount("overlay", (dir + "/all").c_str(), "overlay", 0, options.c_str()) == 0;
  const int mount_error = errno;
  if (mounted) umount2((dir + "/all").c_str(), MNT_DETACH);
  if (mounted) return {.name = "overlay", .status = "ok", .detail = cat("image layers can be mounted in ", folder)};
  return {.name = "overlay",
          .status = "missing",
          .detail = cat("in ", folder, ": ", std::strerror(mount_error)),
          .remedy = "modprobe overlay; keep --state on ext4, xfs or btrfs, not on another overlay"};
}

Cgroups detected_groups() {
  Cgroups groups = Cgroups::detect("utakata-doctor");
  groups.remove_all();
  groups.leave_leaf();
  return groups;
}

// In a network namespace of its own, as every VPC's router has one.
Finding firewall_finding() {
  Outcome<> tried;
  std::thread([&tried] {
    if (unshare(CLONE_NEWNET) != 0) {
      tried = refuse("None", cat("no network namespace: ", std::strerror(errno)));
      return;
    }
    auto nft = Nft::open();
    tried = nft ? nft->run(firewall({})) : Outcome<>(std::unexpected(nft.error()));
  }).join();
  if (tried)
    return {.name = "nftables", .status = "ok", .detail = "security groups, addresses and ports of tasks are enforced"};
  return {.name = "nftables",
          .status = "missing",
          .detail = cat(tried.error().message,
                        ": security groups cannot be enforced, and tasks and load balancers get no network"),
          .remedy = "modprobe nf_tables nft_ct; or use a kernel with CONFIG_NF_TABLES and CONFIG_NF_TABLES_INET"};
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
Finding device_finding(const Cgroups& groups) {
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

// The folder itself, or the one above it that is there: both are on the same file system.
str place_of(const str& state_dir) {
  std::error_code error;
  std::filesystem::path place = std::filesystem::absolute(state_dir, error).lexically_normal();
  while (!std::filesystem::is_directory(place, error) && place != place.root_path()) place = place.parent_path();
  return place.string();
}

Finding user_finding(const str& folder) {
  const str obstacle = users_obstacle(folder);
  if (obstacle.empty())
    return {.name = "users",
            .status = "ok",
            .detail = cat("each task's root is nobody on the host and to other tasks (tried in ", folder, ")")};
  return {.name = "users",
          .status = "degraded",
          .detail = cat("the root of tasks is the host's root, without its privileges: ", obstacle, " (tried in ",
                        folder, ")"),
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

Finding cgroup_finding(const Cgroups& groups) {
  str missing;
  for (const char* controller : {"cpu", "memory", "pids"})
    if (!groups.has(controller)) missing += cat(missing.empty() ? "" : ", ", controller);
  if (groups.kind() == "none")
    return {.name = "cgroups",
            .status = "missing",
            .detail = "no control groups are mounted",
            .remedy = "mount -t cgroup2 none /sys/fs/cgroup"};
  if (missing.empty())
    return {.name = "cgroups",
            .status = "ok",
            .detail = cat(groups.kind(), ": cpu, memory and process limits are enforced")};
  Finding finding{.name = "cgroups", .status = "degraded"};
  finding.detail = cat(groups.kind(), ": limits of ", missing, " do not hold");
  if (!groups.obstacle().empty()) finding.detail += cat(": ", groups.obstacle());
  finding.remedy = groups.obstacle().empty()
                       ? str("mount these controllers; tasks run without their limits")
                       : str("start it in a group of its own: systemd-run --scope -p Delegate=yes utakata serve");
  return finding;
}

list<Finding> examine(const str& runtime, const str& state_dir) {
  const str place = place_of(state_dir);
  const Cgroups groups = detected_groups();
  return {root_finding(),
          kernel_finding(),
          namespace_finding(),
          overlay_finding(place),
          cgroup_finding(groups),
          firewall_finding(),
          runtime_finding(runtime),
          skopeo_finding(),
          filter_finding(runtime),
          device_finding(groups),
          given_capabilities_finding(),
          user_finding(place),
          limit_finding(),
          capability_finding(),
          init_finding(),
          storage_finding()};
}

}  // namespace utakata::sandbox
