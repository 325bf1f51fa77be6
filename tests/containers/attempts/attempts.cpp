// attempts [NAME...] -- KEY=VALUE...: tries known ways out of a container and says for each, one line, what happened:
// "NAME refused REASON" or "NAME OPEN". It only opens doors and never walks through: files are opened and not written,
// calls get arguments that do nothing. Static, without a library of ours: it is brought into containers as a file.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int refused = -1;  // with errno
constexpr int open_door = 0;

// What the test tells: numbers of host processes and devices, a name of a socket.
int value_count;
char** values;
const char* value(const char* key) {
  const size_t length = strlen(key);
  for (int i = 0; i < value_count; ++i)
    if (strncmp(values[i], key, length) == 0 && values[i][length] == '=') return values[i] + length + 1;
  return "";
}
long number(const char* key) { return strtol(value(key), nullptr, 10); }

int as_outcome(long result) { return result < 0 ? refused : open_door; }

int opens(const char* path, int flags) {
  const int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
  if (fd >= 0) close(fd);
  return as_outcome(fd);
}

// A masked file opens, but nothing is in it.
int has_content(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return refused;
  char byte = 0;
  errno = ENODATA;
  const ssize_t n = read(fd, &byte, 1);
  close(fd);
  return n == 1 ? open_door : refused;
}

int folder_has_content(const char* path) {
  const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return refused;
  char entries[1024];
  long used = syscall(SYS_getdents64, fd, entries, sizeof entries);
  close(fd);
  errno = ENODATA;
  return used > 2 * 24 ? open_door : refused;  // more than "." and ".."
}

int opens_device(mode_t kind, unsigned major_number, unsigned minor_number) {
  char path[64];
  snprintf(path, sizeof path, "/attempt-device-%d", getpid());
  if (mknod(path, kind | 0600, makedev(major_number, minor_number)) != 0) return refused;
  const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  const int error = errno;
  if (fd >= 0) close(fd);
  unlink(path);
  errno = error;
  // Without a driver behind it the guard let it pass all the same.
  return fd >= 0 || error == ENXIO || error == ENODEV ? open_door : refused;
}

// In a child, so that what it changes ends with it. 0 in its exit status is an open door, else errno.
int in_child(int (*attempt)()) {
  const pid_t child = fork();
  if (child == 0) _exit(attempt() == open_door ? 0 : errno == 0 ? 255 : errno);
  int status = 0;
  waitpid(child, &status, 0);
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : ECANCELED;
  return errno == 0 ? open_door : refused;
}

int cloned(unsigned long flags) {
  const long child = syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (child == 0) _exit(0);
  if (child < 0) return refused;
  waitpid(static_cast<pid_t>(child), nullptr, 0);
  return open_door;
}

int cloned3() {
  struct {
    unsigned long long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
  } arguments{};
  arguments.flags = CLONE_NEWUSER;
  arguments.exit_signal = SIGCHLD;
  const long child = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) _exit(0);
  if (child < 0) return refused;
  waitpid(static_cast<pid_t>(child), nullptr, 0);
  return open_door;
}

int joins(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return refused;
  const int result = setns(fd, 0);
  const int error = errno;
  close(fd);
  errno = error;
  return as_outcome(result);
}

int attaches(long pid) {
  errno = EINVAL;
  if (pid <= 0) return refused;
  if (ptrace(PTRACE_SEIZE, static_cast<pid_t>(pid), nullptr, nullptr) != 0) return refused;
  ptrace(PTRACE_DETACH, static_cast<pid_t>(pid), nullptr, nullptr);
  return open_door;
}

int makes_link() {
  const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return refused;
  struct {
    nlmsghdr head;
    ifinfomsg info;
    rtattr name_head;
    char name[16];
  } message{};
  message.head.nlmsg_len = sizeof message;
  message.head.nlmsg_type = RTM_NEWLINK;
  message.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  message.info.ifi_index = 1;  // lo: set what it is already
  message.info.ifi_change = IFF_UP;
  message.info.ifi_flags = IFF_UP;
  message.name_head.rta_len = RTA_LENGTH(3);
  message.name_head.rta_type = IFLA_IFNAME;
  memcpy(message.name, "lo", 3);
  struct {
    nlmsghdr head;
    nlmsgerr error;
    char more[1024];
  } answer{};
  long result = send(fd, &message, sizeof message, 0);
  if (result > 0) result = recv(fd, &answer, sizeof answer, 0);
  close(fd);
  if (result < 0) return refused;
  errno = -answer.error.error;
  return errno == 0 ? open_door : refused;
}

int connects_abstract(const char* name) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "%s", name);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + strlen(name));
  const int result = connect(fd, reinterpret_cast<sockaddr*>(&address), length);
  const int error = errno;
  close(fd);
  errno = error;
  return as_outcome(result);
}

// The first two names may stay: "." and "..", then standard input, output, errors and the descriptor that looks.
int more_descriptors() {
  errno = ENOENT;
  for (int fd = 3; fd < 256; ++fd)
    if (fcntl(fd, F_GETFD) >= 0) return open_door;
  errno = ENOENT;
  return refused;
}

int lowers_score() {
  char text[32] = {};
  int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
  if (fd < 0 || read(fd, text, sizeof text - 1) <= 0) return refused;
  const int length = snprintf(text, sizeof text, "%ld", strtol(text, nullptr, 10) - 1);
  const long result = pwrite(fd, text, static_cast<size_t>(length), 0);
  const int error = errno;
  close(fd);
  errno = error;
  return as_outcome(result);
}

// The runtime's own program, which a process sees while the runtime enters the container (CVE-2019-5736): held until
// it runs no more, and then written to. `program` is the number of the file (inode); a copy in memory counts as well.
int program_becomes_writable(int seen) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", seen);
  for (int round = 0; round < 2000; ++round) {
    const int writable = open(path, O_WRONLY | O_CLOEXEC);
    if (writable >= 0) {
      const long result = pwrite(writable, "\x7f", 1, 0);  // what is there already
      const int error = errno;
      close(writable);
      errno = error;
      return as_outcome(result);
    }
    if (errno != ETXTBSY) return refused;
    usleep(5'000);
  }
  return refused;
}

bool lies_in_memory(int file) {
  char path[64];
  char name[32] = {};
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  return readlink(path, name, sizeof name - 1) > 0 && strncmp(name, "/memfd:", 7) == 0;
}

int finds_program_writable() {
  const auto program = static_cast<ino_t>(number("program"));
  for (int round = 0; round < 1000; ++round) {
    for (int pid = 1; pid < 200; ++pid) {
      char path[64];
      snprintf(path, sizeof path, "/proc/%d/exe", pid);
      const int seen = open(path, O_PATH | O_CLOEXEC);
      struct stat info{};
      const bool found = seen >= 0 && fstat(seen, &info) == 0 && (info.st_ino == program || lies_in_memory(seen));
      const int outcome = found ? program_becomes_writable(seen) : refused;
      if (seen >= 0) close(seen);
      if (found) return outcome;
    }
    usleep(2'000);
  }
  errno = ENOENT;
  return refused;
}

// One UDP datagram to port 7 of `to` under the source address `from`, which is also what it says.
int sends_from(const char* from) {
  const int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);  // with a header of our own (IP_HDRINCL)
  if (fd < 0) return refused;
  struct {
    iphdr ip;
    udphdr udp;
    char text[32];
  } packet{};
  const int length = snprintf(packet.text, sizeof packet.text, "%s\n", from);
  packet.ip.version = 4;
  packet.ip.ihl = sizeof packet.ip / 4;
  packet.ip.ttl = 64;
  packet.ip.protocol = IPPROTO_UDP;
  packet.ip.saddr = inet_addr(from);
  packet.ip.daddr = inet_addr(value("to"));
  packet.udp.source = packet.udp.dest = htons(7);
  packet.udp.len = htons(static_cast<uint16_t>(sizeof packet.udp + static_cast<size_t>(length)));  // no checksum
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = packet.ip.daddr;
  const size_t bytes = sizeof packet.ip + sizeof packet.udp + static_cast<size_t>(length);
  const ssize_t sent = sendto(fd, &packet, bytes, 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
  const int error = errno;
  close(fd);
  errno = error;
  return as_outcome(sent);
}

// Says what comes on UDP port 7, without an end.
int hears() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in port{};
  port.sin_family = AF_INET;
  port.sin_port = htons(7);
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&port), sizeof port) != 0) return refused;
  puts("hears");
  while (true) {
    fflush(stdout);
    char text[64];
    const ssize_t n = recv(fd, text, sizeof text, 0);
    if (n < 0) return refused;
    fwrite(text, 1, static_cast<size_t>(n), stdout);
  }
}

struct Attempt {
  const char* name;
  int (*run)();
};

const Attempt attempts[] = {
    // mounts
    {"mount-tmpfs", [] { return in_child([] { return as_outcome(mount("none", "/tmp", "tmpfs", 0, "")); }); }},
    {"remount-proc-sys",
     [] {
       return in_child([] { return as_outcome(mount(nullptr, "/proc/sys", nullptr, MS_REMOUNT | MS_BIND, nullptr)); });
     }},
    {"unmount-mask", [] { return in_child([] { return as_outcome(umount2("/proc/timer_list", MNT_DETACH)); }); }},
    {"mount-cgroup",
     [] { return in_child([] { return as_outcome(mount("none", "/tmp", "cgroup", 0, "none,name=attempt")); }); }},
    {"fsopen", [] { return as_outcome(syscall(SYS_fsopen, "tmpfs", 0)); }},
    {"open-tree", [] { return as_outcome(syscall(SYS_open_tree, AT_FDCWD, "/", 1)); }},
    {"pivot-root",
     [] {
       const long result = syscall(SYS_pivot_root, "/no-such", "/no-such");
       return result < 0 && errno != ENOENT ? refused : open_door;
     }},
    // namespaces
    {"unshare-user", [] { return in_child([] { return as_outcome(unshare(CLONE_NEWUSER)); }); }},
    {"unshare-mount", [] { return in_child([] { return as_outcome(unshare(CLONE_NEWNS)); }); }},
    {"unshare-net", [] { return in_child([] { return as_outcome(unshare(CLONE_NEWNET)); }); }},
    {"clone-user", [] { return cloned(CLONE_NEWUSER); }},
    {"clone-mount", [] { return cloned(CLONE_NEWNS); }},
    {"clone3-user", [] { return cloned3(); }},
    {"setns-net", [] { return in_child([] { return joins("/proc/self/ns/net"); }); }},
    // what is the host's in /proc and /sys
    {"open-sysrq", [] { return opens("/proc/sysrq-trigger", O_WRONLY); }},
    {"open-core-pattern", [] { return opens("/proc/sys/kernel/core_pattern", O_WRONLY); }},
    {"open-panic", [] { return opens("/proc/sys/vm/panic_on_oom", O_WRONLY); }},
    {"open-host-name", [] { return opens("/proc/sys/kernel/hostname", O_WRONLY); }},
    {"open-uevent-helper", [] { return opens("/sys/kernel/uevent_helper", O_WRONLY); }},
    {"open-sys-kernel", [] { return opens("/sys/kernel/mm/ksm/run", O_WRONLY); }},
    {"read-timer-list", [] { return has_content("/proc/timer_list"); }},
    {"read-keys", [] { return has_content("/proc/keys"); }},
    {"read-interrupts", [] { return has_content("/proc/interrupts"); }},
    {"read-kcore", [] { return has_content("/proc/kcore"); }},
    {"list-firmware", [] { return folder_has_content("/sys/firmware"); }},
    {"list-acpi", [] { return folder_has_content("/proc/acpi"); }},
    {"list-scsi", [] { return folder_has_content("/proc/scsi"); }},
    {"list-powercap", [] { return folder_has_content("/sys/devices/virtual/powercap"); }},
    {"lower-oom-score", lowers_score},
    // control groups
    {"open-release-agent", [] { return opens("/sys/fs/cgroup/memory/release_agent", O_WRONLY); }},
    {"open-notify-on-release", [] { return opens("/sys/fs/cgroup/memory/notify_on_release", O_WRONLY); }},
    {"open-devices-allow", [] { return opens("/sys/fs/cgroup/devices/devices.allow", O_WRONLY); }},
    {"open-group-processes", [] { return opens("/sys/fs/cgroup/memory/cgroup.procs", O_WRONLY); }},
    {"open-unified-processes", [] { return opens("/sys/fs/cgroup/cgroup.procs", O_WRONLY); }},
    // devices
    {"open-disk",
     [] {
       return opens_device(S_IFBLK, static_cast<unsigned>(number("disk-major")),
                           static_cast<unsigned>(number("disk-minor")));
     }},
    {"open-memory", [] { return opens_device(S_IFCHR, 1, 1); }},
    {"open-kernel-log", [] { return opens_device(S_IFCHR, 1, 11); }},
    {"open-loop-control", [] { return opens_device(S_IFCHR, 10, 237); }},
    {"open-fuse", [] { return opens_device(S_IFCHR, 10, 229); }},
    {"open-kvm", [] { return opens_device(S_IFCHR, 10, 232); }},
    // other processes
    {"trace-supervisor", [] { return attaches(number("supervisor")); }},
    {"signal-supervisor", [] { return as_outcome(kill(static_cast<pid_t>(number("supervisor")), 0)); }},
    {"inherited-descriptors", more_descriptors},
    {"abstract-socket", [] { return connects_abstract(value("socket")); }},
    // the kernel
    {"keyctl", [] { return as_outcome(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0)); }},
    {"add-key",
     [] { return as_outcome(syscall(SYS_add_key, "user", "utakata-attempt", "x", 1, KEY_SPEC_PROCESS_KEYRING)); }},
    {"bpf",
     [] {
       bpf_attr attributes{};
       attributes.map_type = BPF_MAP_TYPE_ARRAY;
       attributes.key_size = attributes.value_size = 4;
       attributes.max_entries = 1;
       return as_outcome(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
     }},
    {"perf-event",
     [] {
       perf_event_attr attributes{};
       attributes.size = sizeof attributes;
       attributes.type = PERF_TYPE_SOFTWARE;
       return as_outcome(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
     }},
    {"kexec",
     [] {
       // A number of segments that no kernel takes: whoever may gets EINVAL.
       const long result = syscall(SYS_kexec_load, 0, 1UL << 40, nullptr, 0);
       return result < 0 && errno != EINVAL ? refused : open_door;
     }},
    {"load-module",
     [] {
       const long result = syscall(SYS_finit_module, -1, "", 0);
       return result < 0 && errno != EBADF ? refused : open_door;
     }},
    {"open-by-handle",
     [] {
       struct {
         unsigned bytes;
         int type;
         unsigned char handle[8];
       } handle{8, 1, {2}};
       const long result = syscall(SYS_open_by_handle_at, AT_FDCWD, &handle, O_RDONLY);
       return result < 0 && errno != ESTALE && errno != EOPNOTSUPP ? refused : open_door;
     }},
    {"userfaultfd", [] { return as_outcome(syscall(SYS_userfaultfd, O_CLOEXEC)); }},
    {"io-uring",
     [] {
       unsigned char parameters[128] = {};
       return as_outcome(syscall(SYS_io_uring_setup, 1, parameters));
     }},
    {"kernel-log", [] { return as_outcome(klogctl(10, nullptr, 0)); }},
    {"personality", [] { return in_child([] { return as_outcome(personality(ADDR_NO_RANDOMIZE)); }); }},
    {"vsock", [] { return as_outcome(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0)); }},
    {"host-name", [] { return in_child([] { return as_outcome(sethostname("attempt", 7)); }); }},
    {"change-link", makes_link},
    {"overwrite-runtime", finds_program_writable},
    // that the call is let through is no way out: the one that gets it must not see it
    {"send-forged", [] { return sends_from(value("forged")); }},
    {"hear", hears},
    {"send-honest", [] { return sends_from(value("honest")); }},
};

// These need what only a test of their own tells.
bool by_name_only(const char* name) {
  return strcmp(name, "overwrite-runtime") == 0 || strcmp(name, "hear") == 0 || strncmp(name, "send-", 5) == 0;
}

void tell(const Attempt& attempt) {
  errno = 0;
  const int outcome = attempt.run();
  const int error = errno;
  if (outcome == open_door)
    printf("%s OPEN\n", attempt.name);
  else
    printf("%s refused %s\n", attempt.name, strerrorname_np(error) != nullptr ? strerrorname_np(error) : "?");
  fflush(stdout);
}

}  // namespace

int main(int count, char** words) {
  int names_end = 1;
  while (names_end < count && strcmp(words[names_end], "--") != 0) ++names_end;
  values = words + names_end;
  value_count = count - names_end;
  for (const Attempt& attempt : attempts) {
    bool wanted = names_end == 1 && !by_name_only(attempt.name);
    for (int i = 1; i < names_end; ++i) wanted = wanted || strcmp(words[i], attempt.name) == 0;
    if (wanted) tell(attempt);
  }
  return 0;
}
