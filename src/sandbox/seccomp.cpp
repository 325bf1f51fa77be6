#include "sandbox/seccomp.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/text.hpp"

namespace utakata::sandbox {
namespace {

// By what they touch, so that a reader finds what is missing. Names that the host's libseccomp does not know are passed
// over by the runtime.
constexpr std::array<std::string_view, 13> allowed{
    // files: opening, reading, writing
    "close close_range copy_file_range creat dup dup2 dup3 fadvise64 fadvise64_64 fallocate fcntl fcntl64 fdatasync "
    "flock fsync ftruncate ftruncate64 ioctl _llseek lseek open openat openat2 pread64 preadv preadv2 pwrite64 pwritev "
    "pwritev2 read readahead readv sendfile sendfile64 splice sync sync_file_range syncfs tee truncate truncate64 "
    "vmsplice write writev",
    // files: names, attributes, links
    "access chdir chmod chown chown32 faccessat faccessat2 fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat "
    "fgetxattr flistxattr fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 futimesat getcwd getdents "
    "getdents64 getxattr lchown lchown32 lgetxattr link linkat listxattr llistxattr lremovexattr lsetxattr lstat "
    "lstat64 mkdir mkdirat mknod mknodat name_to_handle_at newfstatat readlink readlinkat removexattr rename renameat "
    "renameat2 rmdir setxattr stat stat64 statfs statfs64 statx symlink symlinkat umask unlink unlinkat utime "
    "utimensat "
    "utimensat_time64 utimes",
    // waiting for descriptors
    "epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd "
    "eventfd2 fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy "
    "io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit _newselect poll ppoll ppoll_time64 pselect6 "
    "pselect6_time64 select signalfd signalfd4 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime "
    "timerfd_settime64",
    // sockets, pipes, messages ("socket" has a condition)
    "accept accept4 bind connect getpeername getsockname getsockopt listen pipe pipe2 recv recvfrom recvmmsg "
    "recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair",
    // System V and POSIX messages, semaphores, shared memory
    "ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 "
    "mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget",
    // memory
    "brk madvise memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2 mprotect mremap msync munlock "
    "munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease remap_file_pages",
    // processes and threads ("clone" has a condition)
    "execve execveat exit exit_group fork futex futex_time64 futex_waitv get_robust_list get_thread_area getpgid "
    "getpgrp getpid getppid getsid gettid kill membarrier pause pidfd_open pidfd_send_signal prctl rseq "
    "set_robust_list set_thread_area set_tid_address setpgid setsid tgkill tkill vfork wait4 waitid waitpid",
    // signals
    "alarm restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend "
    "rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack sigprocmask sigreturn",
    // users, groups, capabilities
    "capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid getresgid32 "
    "getresuid getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups "
    "setgroups32 setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32",
    // limits and scheduling
    "getcpu getpriority getrlimit getrusage ioprio_get ioprio_set prlimit64 sched_get_priority_max "
    "sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval "
    "sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield "
    "setpriority setrlimit ugetrlimit",
    // time; whoever lacks CAP_SYS_TIME can only read it
    "adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 "
    "clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete "
    "timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 times",
    // filters that only take away, and what is left
    "getrandom landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp sysinfo uname",
#if defined(__x86_64__)
    "arch_prctl modify_ldt"
#elif defined(__aarch64__)
    "arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2"
#else
    ""
#endif
};

constexpr std::string_view traces = "process_vm_readv process_vm_writev ptrace";
constexpr std::string_view traces_with_capability = "kcmp pidfd_getfd process_madvise";

constexpr i64 vsock_family = 40;            // AF_VSOCK leads to the hypervisor
constexpr i64 new_namespaces = 0x7E020000;  // every CLONE_NEW* flag of clone(2)
// personality(2): Linux, Linux with short inodes, each with 3 GB, and the question which it is.
constexpr std::array<i64, 5> personalities{0, 8, 0x20000, 0x20008, 0xFFFFFFFF};

Json rule(std::string_view names, std::string_view action = "SCMP_ACT_ALLOW") {
  Json object = Json::object();
  Json& array = object.set("names", Json::array());
  for (const std::string_view name : split(names, ' ')) array.push(name);
  object.set("action", action);
  return object;
}

struct Condition {
  i64 value = 0;
  std::string_view operation;
};
Json rule_if(std::string_view name, const Condition& first_argument) {
  Json object = rule(name);
  Json& argument = object.set("args", Json::array()).push(Json::object());
  argument.set("index", 0);
  argument.set("value", first_argument.value);
  argument.set("op", first_argument.operation);
  return object;
}

Json architectures() {
  Json array = Json::array();
#if defined(__x86_64__)
  for (const char* name : {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}) array.push(name);
#elif defined(__aarch64__)
  for (const char* name : {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"}) array.push(name);
#endif
  return array;
}

}  // namespace

Json seccomp_json(const list<str>& capabilities, bool ptrace_is_confined) {
  const auto has = [&](std::string_view name) { return std::ranges::find(capabilities, name) != capabilities.end(); };
  Json object = Json::object();
  object.set("defaultAction", "SCMP_ACT_ERRNO");
  object.set("defaultErrnoRet", EPERM);
  object.set("architectures", architectures());
  Json& calls = object.set("syscalls", Json::array());
  std::string names;
  for (const std::string_view group : allowed)
    if (!group.empty()) names += cat(names.empty() ? "" : " ", group);
  if (ptrace_is_confined || has("SYS_PTRACE")) names += cat(" ", traces);
  if (has("SYS_PTRACE")) names += cat(" ", traces_with_capability);
  if (has("SYS_CHROOT")) names += " chroot";
  calls.push(rule(names));
  calls.push(rule_if("socket", {vsock_family, "SCMP_CMP_NE"}));
  for (const i64 each : personalities) calls.push(rule_if("personality", {each, "SCMP_CMP_EQ"}));
  calls.push(rule_if("clone", {new_namespaces, "SCMP_CMP_MASKED_EQ"}));
  // Its flags lie in memory, where a filter cannot look; with ENOSYS the C library takes clone instead.
  calls.push(rule("clone3", "SCMP_ACT_ERRNO")).set("errnoRet", ENOSYS);
  return object;
}

}  // namespace utakata::sandbox
