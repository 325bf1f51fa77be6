#include "sandbox/bundle.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/text.hpp"
#include "sandbox/seccomp.hpp"

using namespace utakata;           // NOLINT: a test
using namespace utakata::sandbox;  // NOLINT: a test

namespace {

const HostLimits rich{.hard = {}, .capabilities = {"CHOWN", "KILL", "NET_RAW", "SETUID", "SYS_PTRACE"}};

Json config_of(const ContainerSpec& container, const BundlePaths& paths = {}) {
  list<str> warnings;
  Json config =
      bundle_config({.network = {.host_name = "ip-10"}}, container, {.arguments = {"a"}}, {}, paths, rich, warnings);
  CHECK(warnings.empty());
  return config;
}

const Json* mount_at(const Json& config, std::string_view path) {
  for (const Json& each : config.find("mounts")->items())
    if (each.text_at({"destination"}) == path) return &each;
  return nullptr;
}

list<str> texts(const Json* array) {
  list<str> out;
  if (array != nullptr)
    for (const Json& each : array->items()) out.push_back(each.text());
  return out;
}

}  // namespace

TEST_CASE("bundle: ulimits of every name, open files as on Fargate unless they are named") {
  list<str> warnings;
  ContainerSpec plain{.name = "c"};
  CHECK(rlimits_json(clamped_ulimits(plain, rich, warnings)).write() ==
        R"([{"type":"RLIMIT_NOFILE","soft":65535,"hard":65535}])");
  ContainerSpec container{.name = "c"};
  for (const char* name : {"core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc",
                           "rss", "rtprio", "rttime", "sigpending", "stack"})
    container.ulimits.push_back({.name = name, .soft = 10, .hard = 20});
  const Json all = rlimits_json(clamped_ulimits(container, rich, warnings));
  CHECK(all.items().size() == 15);
  CHECK(all.items().front().write() == R"({"type":"RLIMIT_CORE","soft":10,"hard":20})");
  container.ulimits = {{.name = "memlock", .soft = -1, .hard = -1}, {.name = "nofile", .soft = 1, .hard = 2}};
  CHECK(rlimits_json(clamped_ulimits(container, rich, warnings)).items().front().write() ==
        R"({"type":"RLIMIT_MEMLOCK","soft":18446744073709551615,"hard":18446744073709551615})");
  CHECK(warnings.empty());
}

TEST_CASE("bundle: what the host cannot give is cut, with a warning for what was asked") {
  const HostLimits poor{.hard = {{"nofile", 20'000}, {"nproc", 100}}, .capabilities = {"CHOWN"}};
  list<str> warnings;
  CHECK(clamped_ulimits({.name = "c"}, poor, warnings).front().hard == 20'000);
  CHECK(warnings.empty());
  ContainerSpec container{.name = "c", .added_capabilities = {"SYS_PTRACE"}};
  container.ulimits = {{.name = "nofile", .soft = 1'000, .hard = 50'000}, {.name = "nproc", .soft = -1, .hard = -1}};
  const list<UlimitSpec> cut = clamped_ulimits(container, poor, warnings);
  CHECK(cut[0].soft == 1'000);
  CHECK(cut[0].hard == 20'000);
  CHECK(cut[1].soft == 100);
  CHECK(granted_capabilities(container, poor, warnings) == list<str>{"CHOWN"});
  REQUIRE(warnings.size() == 3);
  CHECK(warnings[0] == "container c: ulimit nofile of 1000:50000 is more than this host can give; it has 1000:20000");
  CHECK(warnings[1].contains("unlimited:unlimited"));
  CHECK(warnings[2].contains("SYS_PTRACE"));
}

TEST_CASE("bundle: capabilities are docker's, without those dropped, with the one added") {
  list<str> warnings;
  CHECK(granted_capabilities({}, rich, warnings) == list<str>{"CHOWN", "KILL", "SETUID", "NET_RAW"});
  CHECK(granted_capabilities({.dropped_capabilities = {"NET_RAW", "KILL"}}, rich, warnings) ==
        list<str>{"CHOWN", "SETUID"});
  CHECK(granted_capabilities({.added_capabilities = {"SYS_PTRACE"}, .dropped_capabilities = {"ALL"}}, rich, warnings) ==
        list<str>{"SYS_PTRACE"});
}

TEST_CASE("bundle: tmpfs, volumes and shared memory are mounted, a folder before what lies in it") {
  ContainerSpec container{.shared_memory_mib = 7};
  container.mounts = {{.volume = "inner", .path = "/data/inner/", .read_only = true},
                      {.volume = "outer", .path = "/data"}};
  container.tmpfs = {{.path = "/scratch", .size_mib = 3, .options = {"exec", "defaults"}}};
  const Json config = config_of(container, {.volumes = {{"inner", "/v/inner"}, {"outer", "/v/outer"}}});
  CHECK(texts(mount_at(config, "/dev/shm")->find("options")).back() == "size=7m");
  CHECK(texts(mount_at(config, "/scratch")->find("options")) ==
        list<str>{"nosuid", "nodev", "noexec", "tmpcopyup", "size=3m", "exec"});
  const auto& mounts = config.find("mounts")->items();
  REQUIRE(mounts.size() > 3);
  CHECK(mounts[mounts.size() - 3].text_at({"destination"}) == "/data");
  CHECK(mounts[mounts.size() - 2].text_at({"destination"}) == "/scratch");
  CHECK(mounts.back().text_at({"destination"}) == "/data/inner");
  CHECK(mounts.back().text_at({"source"}) == "/v/inner");
  CHECK(texts(mounts.back().find("options")).back() == "ro");
}

TEST_CASE("bundle: a volume at a place of the system's takes it") {
  ContainerSpec container;
  container.mounts = {{.volume = "v", .path = "/dev/shm"}};
  const Json config = config_of(container, {.volumes = {{"v", "/v/v"}}});
  CHECK(mount_at(config, "/dev/shm")->text_at({"source"}) == "/v/v");
}

TEST_CASE("bundle: no labels, system controls, shares of the task and a shared PID namespace") {
  ContainerSpec container{.labels = {{"team", "a"}},
                          .system_controls = {{"net.core.somaxconn", "512"}},
                          .memory_mib = 64,
                          .memory_reservation_mib = 32};
  const Json config = config_of(container, {.pid_namespace = "/proc/7/ns/pid"});
  CHECK(config.find("annotations") == nullptr);  // to crun they would be orders
  CHECK(config.text_at({"linux", "sysctl", "net.core.somaxconn"}) == "512");
  CHECK(config.find({"linux", "resources", "memory", "limit"})->integer() == 64 * 1024 * 1024);
  CHECK(config.find({"linux", "resources", "memory", "reservation"})->integer() == 32 * 1024 * 1024);
  CHECK(config.find({"linux", "resources", "cpu", "shares"})->integer() == 2);
  CHECK(config.find({"linux", "namespaces"})->write().contains(R"({"type":"pid","path":"/proc/7/ns/pid"})"));
  CHECK(config_of({.cpu = 256}).find({"linux", "resources", "cpu", "shares"})->integer() == 256);
}

namespace {

// What the filter does with a call whose first argument is `argument`.
str answer(const Json& filter, std::string_view call, i64 argument = 0) {
  for (const Json& rule : filter.find("syscalls")->items()) {
    const list<str> names = texts(rule.find("names"));
    if (std::ranges::find(names, call) == names.end()) continue;
    const Json* conditions = rule.find("args");
    if (conditions == nullptr) return str(rule.text_at({"action"}));
    const Json& only = conditions->items()[0];
    const i64 value = *only.find("value")->integer();
    const std::string_view how = only.text_at({"op"});
    const bool met = how == "SCMP_CMP_EQ"   ? argument == value
                     : how == "SCMP_CMP_NE" ? argument != value
                                            : (argument & value) == 0;
    if (met) return str(rule.text_at({"action"}));
  }
  return str(filter.text_at({"defaultAction"}));
}

}  // namespace

TEST_CASE("bundle: the filter lets programs work, and lets nothing through that leads out") {
  const Json filter = seccomp_json({"CHOWN"}, true);
  for (const char* call : {"read", "openat", "execve", "ptrace", "mknod", "setuid", "epoll_wait", "futex", "statx"})
    CHECK(answer(filter, call) == "SCMP_ACT_ALLOW");
  for (const char* call : {"mount",
                           "umount2",
                           "unshare",
                           "setns",
                           "bpf",
                           "keyctl",
                           "add_key",
                           "kexec_load",
                           "init_module",
                           "reboot",
                           "open_by_handle_at",
                           "perf_event_open",
                           "pivot_root",
                           "userfaultfd",
                           "io_uring_setup",
                           "settimeofday",
                           "swapon",
                           "acct",
                           "fsopen",
                           "open_tree",
                           "move_mount",
                           "syslog",
                           "chroot",
                           "kcmp",
                           "process_madvise"})
    CHECK(answer(filter, call) == "SCMP_ACT_ERRNO");
  CHECK(filter.find("defaultErrnoRet")->integer() == 1);
  CHECK(answer(filter, "clone3") == "SCMP_ACT_ERRNO");
}

TEST_CASE("bundle: calls of the filter that depend on what they are asked") {
  const Json filter = seccomp_json({}, true);
  CHECK(answer(filter, "clone", 17) == "SCMP_ACT_ALLOW");  // SIGCHLD: a fork
  for (const i64 space : {0x10000000, 0x20000, 0x40000000, 0x02000000})
    CHECK(answer(filter, "clone", space | 17) == "SCMP_ACT_ERRNO");
  CHECK(answer(filter, "socket", 2) == "SCMP_ACT_ALLOW");
  CHECK(answer(filter, "socket", 40) == "SCMP_ACT_ERRNO");
  CHECK(answer(filter, "personality", 0) == "SCMP_ACT_ALLOW");
  CHECK(answer(filter, "personality", 0x40000) == "SCMP_ACT_ERRNO");
}

TEST_CASE("bundle: calls of the filter that depend on capabilities and on the kernel") {
  CHECK(answer(seccomp_json({"SYS_CHROOT"}, true), "chroot") == "SCMP_ACT_ALLOW");
  CHECK(answer(seccomp_json({"SYS_PTRACE"}, false), "kcmp") == "SCMP_ACT_ALLOW");
  CHECK(answer(seccomp_json({"SYS_PTRACE"}, false), "ptrace") == "SCMP_ACT_ALLOW");
  CHECK(answer(seccomp_json({}, false), "ptrace") == "SCMP_ACT_ERRNO");
}

TEST_CASE("bundle: what tells of the host is masked, what changes it is read-only, groups are its own") {
  const Json config = config_of({});
  const list<str> masked = texts(config.find({"linux", "maskedPaths"}));
  for (const char* path : {"/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/scsi", "/proc/interrupts",
                           "/sys/firmware", "/sys/devices/virtual/powercap"})
    CHECK(std::ranges::find(masked, path) != masked.end());
  const list<str> sealed = texts(config.find({"linux", "readonlyPaths"}));
  for (const char* path : {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"})
    CHECK(std::ranges::find(sealed, path) != sealed.end());
  CHECK(config.find({"linux", "namespaces"})->write().contains(R"({"type":"cgroup"})"));
  CHECK(texts(mount_at(config, "/sys/fs/cgroup")->find("options")).back() == "ro");
  CHECK(config.find({"process", "noNewPrivileges"})->boolean());
  CHECK(config.find({"linux", "resources", "devices"})->write() == R"([{"allow":false,"access":"rwm"}])");
  HostLimits without = rich;
  without.filters_system_calls = false;
  list<str> warnings;
  const Json open = bundle_config({}, {}, {}, {}, {}, without, warnings);
  CHECK(open.find("linux")->find("seccomp") == nullptr);
}
