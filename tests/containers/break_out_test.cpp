// Known ways out of a container, each tried and refused; and each shown to be a way, by the same attempt in a container
// whose guards are taken away (attempts/attempts.cpp opens doors and walks through none).
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>

#include "base/json.hpp"
#include "base/text.hpp"
#include "place_test.hpp"
#include "reactor/process.hpp"
#include "sandbox/user_space.hpp"

using namespace utakata;        // NOLINT: a test
using namespace utakata::test;  // NOLINT: a test

namespace {

namespace fs = std::filesystem;

// Each by its name, and whether every host shows it open to a container without guards. The others depend on the
// kernel's configuration or on this process's own capabilities, so that their control says nothing.
struct Way {
  std::string_view name;
  bool shown;
};
constexpr auto ways = std::to_array<Way>({{"mount-tmpfs", true},
                                          {"remount-proc-sys", false},
                                          {"unmount-mask", false},
                                          {"mount-cgroup", true},
                                          {"fsopen", true},
                                          {"open-tree", true},
                                          {"pivot-root", true},
                                          {"unshare-user", true},
                                          {"unshare-mount", true},
                                          {"unshare-net", true},
                                          {"clone-user", true},
                                          {"clone-mount", true},
                                          {"clone3-user", true},
                                          {"setns-net", true},
                                          {"open-sysrq", false},
                                          {"open-core-pattern", true},
                                          {"open-panic", true},
                                          {"open-host-name", true},
                                          {"open-uevent-helper", false},
                                          {"open-sys-kernel", false},
                                          {"read-timer-list", true},
                                          {"read-keys", true},
                                          {"read-interrupts", true},
                                          {"read-kcore", false},
                                          {"list-firmware", false},
                                          {"list-acpi", false},
                                          {"list-scsi", false},
                                          {"list-powercap", false},
                                          {"lower-oom-score", false},
                                          {"open-release-agent", false},
                                          {"open-notify-on-release", false},
                                          {"open-devices-allow", false},
                                          {"open-group-processes", false},
                                          {"open-unified-processes", false},
                                          {"open-disk", false},
                                          {"open-memory", false},
                                          {"open-kernel-log", true},
                                          {"open-loop-control", false},
                                          {"open-fuse", false},
                                          {"open-kvm", false},
                                          {"trace-supervisor", true},
                                          {"signal-supervisor", true},
                                          {"inherited-descriptors", false},
                                          {"abstract-socket", true},
                                          {"keyctl", true},
                                          {"add-key", true},
                                          {"bpf", true},
                                          {"perf-event", true},
                                          {"kexec", false},
                                          {"load-module", false},
                                          {"open-by-handle", true},
                                          {"userfaultfd", true},
                                          {"io-uring", false},
                                          {"kernel-log", true},
                                          {"personality", true},
                                          {"vsock", false},
                                          {"host-name", true},
                                          {"change-link", true}});

i64 parent_of(i64 pid) {
  const str stat = read_file(cat("/proc/", pid, "/stat"));
  const auto rest = split(std::string_view(stat).substr(stat.rfind(')') + 2), ' ');
  return parse_integer(rest[1]).value_or(0);
}

// A listening socket of the host's, as a daemon might have it, by its abstract name.
struct HostSocket {
  str name = cat("utakata-attempt-", getpid());
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  HostSocket() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(name, address.sun_path + 1);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0);
    REQUIRE(listen(fd, 8) == 0);
  }
  ~HostSocket() { close(fd); }
  HostSocket(const HostSocket&) = delete;
  HostSocket& operator=(const HostSocket&) = delete;
};

Json every_capability() {
  constexpr std::array<const char*, 41> names{"CHOWN",
                                              "DAC_OVERRIDE",
                                              "DAC_READ_SEARCH",
                                              "FOWNER",
                                              "FSETID",
                                              "KILL",
                                              "SETGID",
                                              "SETUID",
                                              "SETPCAP",
                                              "LINUX_IMMUTABLE",
                                              "NET_BIND_SERVICE",
                                              "NET_BROADCAST",
                                              "NET_ADMIN",
                                              "NET_RAW",
                                              "IPC_LOCK",
                                              "IPC_OWNER",
                                              "SYS_MODULE",
                                              "SYS_RAWIO",
                                              "SYS_CHROOT",
                                              "SYS_PTRACE",
                                              "SYS_PACCT",
                                              "SYS_ADMIN",
                                              "SYS_BOOT",
                                              "SYS_NICE",
                                              "SYS_RESOURCE",
                                              "SYS_TIME",
                                              "SYS_TTY_CONFIG",
                                              "MKNOD",
                                              "LEASE",
                                              "AUDIT_WRITE",
                                              "AUDIT_CONTROL",
                                              "SETFCAP",
                                              "MAC_OVERRIDE",
                                              "MAC_ADMIN",
                                              "SYSLOG",
                                              "WAKE_ALARM",
                                              "BLOCK_SUSPEND",
                                              "AUDIT_READ",
                                              "PERFMON",
                                              "BPF",
                                              "CHECKPOINT_RESTORE"};
  Json list = Json::array();
  for (std::size_t i = 0; i < names.size(); ++i)
    if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1) list.push(cat("CAP_", names.at(i)));
  Json sets = Json::object();
  for (const char* set : {"bounding", "effective", "permitted"}) sets.set(set, list);
  return sets;
}

Json without(const Json& object, std::initializer_list<std::string_view> names) {
  Json out = Json::object();
  for (std::size_t i = 0; i < object.names().size(); ++i)
    if (std::ranges::find(names, object.names()[i]) == names.end()) out.set(object.names()[i], object.items()[i]);
  return out;
}

// The container's own configuration with every guard taken away: the host's processes and network, all that this
// process may do, every device, nothing masked or read-only, no filter.
str without_guards(const str& config, const list<str>& command) {
  Json whole = *Json::parse(config);
  Json process = *whole.find("process");
  process.set("capabilities", every_capability());
  process.set("noNewPrivileges", false);
  Json& words = process.set("args", Json::array());
  for (const str& word : command) words.push(word);
  Json system =
      without(*whole.find("linux"), {"seccomp", "maskedPaths", "readonlyPaths", "uidMappings", "gidMappings"});
  Json& namespaces = system.set("namespaces", Json::array());
  for (const char* type : {"mount", "uts", "ipc"}) namespaces.push(Json::object()).set("type", type);
  Json& device = system.set("resources", Json::object()).set("devices", Json::array()).push(Json::object());
  device.set("allow", true);
  device.set("access", "rwm");
  // runc takes a path without a slash from our own group, where it goes with the task.
  const std::string_view group = system.text_at({"cgroupsPath"});
  system.set("cgroupsPath", cat(group.substr(group.starts_with("/utakata-") ? 1 : 0), "-control"));
  Json mounts = Json::array();
  for (const Json& each : whole.find("mounts")->items()) {
    Json mount = each;
    Json& options = mount.set("options", Json::array());
    for (const Json& option : each.find("options")->items())
      if (option.text() != "ro") options.push(option);
    mounts.push(std::move(mount));
  }
  whole.set("process", std::move(process));
  whole.set("linux", std::move(system));
  whole.set("mounts", std::move(mounts));
  return whole.write();
}

list<str> run_control(const str& folder, const list<str>& command) {
  const TemporaryFolder bundle("attempts", 0755);
  bundle.write("config.json", without_guards(read_file(folder + "/config.json"), command));
  const str root = bundle.path + "/runtime";
  const auto result =
      reactor::run_process_blocking({"runc", "--root", root, "run", "--bundle", bundle.path, "control"}, seconds(60));
  static_cast<void>(
      reactor::run_process_blocking({"runc", "--root", root, "delete", "--force", "control"}, seconds(30)));
  REQUIRE(result);
  list<str> lines;
  for (const std::string_view line : split(result->output, '\n'))
    if (!line.empty()) lines.emplace_back(line);
  return lines;
}

bool has(const list<str>& lines, const str& line) { return std::ranges::find(lines, line) != lines.end(); }

// The runtime's own file, as the daemon finds it.
str file_of(const str& runtime) {
  for (const char* folder : {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"})
    if (fs::exists(folder + runtime)) return folder + runtime;
  return runtime;
}

list<str> output(Place& place, const TaskSpec& spec, std::size_t lines) {
  place.sandbox->start(spec);
  list<str> found = place.lines(spec, lines);
  place.reports.until(spec.arn, "STOPPED");
  return found;
}

}  // namespace

TEST_CASE("break-out: every known way is refused, and each would be open without the guards") {
  const Tools tools;
  const HostSocket socket;
  Place place({.host_paths = tools.path, .efs = {}, .s3 = {}}, each_runtime());
  ContainerSpec app = tells("app",
                            "while [ ! -f /tools/told ]; do sleep 0.05; done; "
                            "/tools/attempts -- $(cat /tools/told); sleep 1000");
  app.labels = {{"run.oci.seccomp_bpf_data", "BgAAAAAA/38="}};  // to crun: allow every system call
  // The second with the same rules: crun gets the filter that it compiled for the first.
  const TaskSpec first = place.task({shell("app", "exec sleep 1000")});
  place.sandbox->start(first);
  place.reports.until(first.arn, "RUNNING");
  TaskSpec spec = place.task({app});
  tools.bring(spec);
  place.sandbox->start(spec);
  const i64 pid = place.reports.until(spec.arn, "RUNNING").containers[0].pid;
  CHECK(read_file(cat(place.dir, "/tasks/", spec.id, "/containers/app/config.json")).contains("seccomp_bpf_data") ==
        (place.runtime == "crun"));
  struct stat disk{};
  REQUIRE(stat("/tmp", &disk) == 0);
  const list<str> told{cat("supervisor=", parent_of(pid)), cat("socket=", socket.name),
                       cat("disk-major=", major(disk.st_dev)), cat("disk-minor=", minor(disk.st_dev))};
  tools.write("told", join(told, " "));
  const list<str> lines = place.lines(spec, ways.size());
  list<str> command{"/tools/attempts", "--"};
  command.insert(command.end(), told.begin(), told.end());
  const list<str> control = run_control(cat(place.dir, "/tasks/", spec.id, "/containers/app"), command);
  CHECK(lines.size() == ways.size());
  for (const Way& way : ways) {
    INFO(str(way.name));
    const auto refused = [&](const str& line) { return line.starts_with(cat(way.name, " refused ")); };
    CHECK(std::ranges::count_if(lines, refused) == 1);
    if (way.shown)
      CHECK(has(control, cat(way.name, " OPEN")));
    else if (!has(control, cat(way.name, " OPEN")))
      MESSAGE("no control on this host for ", str(way.name));
  }
}

TEST_CASE("break-out: what the runtime runs inside a container cannot be overwritten (CVE-2019-5736)") {
  const Tools tools;
  Place place({.host_paths = tools.path, .efs = {}, .s3 = {}}, each_runtime());
  struct stat runtime{};
  const str file = file_of(place.runtime);
  REQUIRE(stat(file.c_str(), &runtime) == 0);
  // With its libraries the runtime runs inside as well, and waits at a pipe that nobody opens.
  const str libraries = tools.path + "/lib";
  REQUIRE(std::system(
              cat("mkdir ", libraries, " && ldd ", file, " | grep -o '/[^ ]*' | xargs cp -Lt ", libraries).c_str()) ==
          0);
  ContainerSpec app = tells("app", cat("mkdir -p /lib64 /lib /bundle; ln -s /tools/lib /lib/x86_64-linux-gnu; "
                                       "ln -s /tools/lib/ld-linux-x86-64.so.2 /lib64; mkfifo /bundle/config.json; "
                                       "/tools/attempts overwrite-runtime -- program=",
                                       runtime.st_ino));
  app.health_check =
      HealthCheckSpec{.command = {"CMD", "/proc/self/exe", "--root", "/tmp/r", "run", "-b", "/bundle", "x"},
                      .interval_seconds = 1,
                      .timeout_seconds = 2};
  TaskSpec spec = place.task({app});
  tools.bring(spec);
  const list<str> lines = output(place, spec, 1);
  // It has been found: a copy is sealed, the host's own file belongs to somebody else.
  CAPTURE(lines[0]);
  CHECK((lines[0] == "overwrite-runtime refused EPERM" || lines[0] == "overwrite-runtime refused EACCES"));
  struct stat after{};
  REQUIRE(stat(file.c_str(), &after) == 0);
  CHECK(after.st_mtim.tv_sec == runtime.st_mtim.tv_sec);
  CHECK(after.st_size == runtime.st_size);
  // The attempt finds a program that may be overwritten.
  TaskSpec control = place.task({tells("app",
                                       "cp /bin/busybox /tmp/sleep; /tmp/sleep 0.5 & "
                                       "/tools/attempts overwrite-runtime -- program=$(stat -c %i /tmp/sleep)")});
  tools.bring(control);
  CHECK(output(place, control, 1) == list<str>{"overwrite-runtime OPEN"});
}

TEST_CASE("break-out: a working directory among the runtime's descriptors does not lead to the host (CVE-2024-21626)") {
  Place place({}, each_runtime());
  std::ofstream(place.dir + "/secret") << "secret of the host\n";
  for (int fd = 3; fd < 12; ++fd) {
    ContainerSpec app = shell("app", cat("cat ../../../../../../../..", place.dir, "/secret && exit 66; exit 3"));
    app.working_directory = cat("/proc/self/fd/", fd);
    const TaskSpec spec = place.task({app});
    place.sandbox->start(spec);
    const TaskReport stopped = place.reports.until(spec.arn, "STOPPED");
    INFO(stopped.reason);
    CHECK(stopped.containers[0].exit_code.value_or(0) != 66);
  }
}

TEST_CASE("break-out: a link at the place of a volume, planted before a restart, leads to nothing outside") {
  const TemporaryFolder target("attempts", 0755);
  Place place({}, each_runtime());
  ContainerSpec app = tells("app", cat("test -L /srv && { echo linked; sleep 1000; }; mv /srv /was; "
                                       "ln -s /../../../../../../..",
                                       target.path, " /srv; exit 1"));
  app.mounts = {{.volume = "v", .path = "/srv/deep/data"}};
  app.restart = RestartSpec{.ignored_exit_codes = {}, .attempt_period_seconds = 0};
  TaskSpec spec = place.task({app});
  spec.volumes = {{.name = "v"}};
  place.sandbox->start(spec);
  // The folders behind it are made within the container's root.
  CHECK(place.lines(spec, 1) == list<str>{"linked"});
  CHECK(fs::is_empty(target.path));
}

TEST_CASE("break-out: neither the host's loopback nor its abstract sockets nor another task's files are reached") {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  REQUIRE(bind(listener, reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(listen(listener, 8) == 0);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  const int control = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(connect(control, reinterpret_cast<sockaddr*>(&address), length) == 0);
  Place place({}, each_runtime());
  const TaskSpec neighbour =
      place.task({tells("app", "echo x > /secret-of-a-neighbour; find / -xdev -name 'secret-of-*'; sleep 1000")});
  place.sandbox->start(neighbour);
  CHECK(place.lines(neighbour, 1) == list<str>{"/secret-of-a-neighbour"});
  const int port = ntohs(address.sin_port);
  const TaskSpec spec = place.task({tells(
      "app",
      cat("for host in 127.0.0.1 172.31.0.1; do nc -w 2 $host ", port,
          " </dev/null >/dev/null 2>&1 && echo reached $host; done; find / -xdev -name 'secret-of-*'; echo end"))});
  CHECK(output(place, spec, 1) == list<str>{"end"});
  close(control);
  close(listener);
}

TEST_CASE("break-out: the process that holds a task's shared processes shows nothing of the host, even to a tracer") {
  Place place({}, each_runtime());
  std::ofstream(place.dir + "/secret") << "secret of the host\n";
  ContainerSpec app =
      tells("app", cat("exec 2>/dev/null; cat /proc/1/root", place.dir, "/secret; ls /proc/1/root/ | wc -l; ",
                       "cat /proc/1/cmdline | tr '\\0' ' ' | grep -c 'hold'"));
  app.added_capabilities = {"SYS_PTRACE"};
  TaskSpec spec = place.task({app});
  spec.shared_processes = true;
  const list<str> lines = output(place, spec, 2);
  CHECK(lines == list<str>{"0", "1"});  // nothing in its root, and it is the first process that was looked at
}

TEST_CASE("break-out: a task's root is nobody on the host and nobody to another task, where the host allows it") {
  Place place({}, each_runtime());
  const str obstacle = sandbox::users_obstacle(place.dir);
  if (!obstacle.empty()) {
    MESSAGE("this host: ", obstacle);
    return;
  }
  const auto root_on_host = [&](const TaskSpec& spec) {
    place.sandbox->start(spec);
    const i64 pid = place.reports.until(spec.arn, "RUNNING").containers[0].pid;
    const str status = read_file(cat("/proc/", pid, "/status"));
    const auto words = split(std::string_view(status).substr(status.find("Uid:") + 5), '\t');
    return parse_integer(words[0]).value_or(0);
  };
  const i64 one = root_on_host(place.task({shell("app", "sleep 1000")}));
  const i64 other = root_on_host(place.task({shell("app", "sleep 1000")}));
  CHECK(one >= 0x70000000);
  CHECK(other >= one + 65536);
}
