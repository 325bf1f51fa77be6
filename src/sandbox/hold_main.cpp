#include "hold_main.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdio>

// Plain C calls only: it is part of the supervisor, which must stay small.
namespace {

#if defined(__x86_64__)
constexpr unsigned own_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned own_architecture = AUDIT_ARCH_AARCH64;
#endif

bool join_users(const char* users) {
  if (users == nullptr) return true;
  const int fd = open(users, O_RDONLY | O_CLOEXEC);
  return fd >= 0 && setns(fd, CLONE_NEWUSER) == 0;
}

bool leave_number(const char* folder, pid_t holder) {
  char temporary[4096];
  char name[4096];
  char text[32];
  snprintf(temporary, sizeof temporary, "%s/.holder", folder);
  snprintf(name, sizeof name, "%s/holder", folder);
  const int length = snprintf(text, sizeof text, "%d\n", static_cast<int>(holder));
  const int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = fd >= 0 && write(fd, text, static_cast<size_t>(length)) == length;
  if (fd >= 0) close(fd);
  return written && rename(temporary, name) == 0;
}

// An empty root, which cannot be written, in a mount namespace of its own.
bool leave_file_system(const char* folder) {
  return unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) == 0 &&
         mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("none", folder, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=555") == 0 &&
         chdir(folder) == 0 && syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 &&
         chdir("/") == 0;
}

bool drop_capabilities() {
  __user_cap_header_struct head{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct none[2] = {};
  return syscall(SYS_capset, &head, none) == 0;
}

bool allow_only_waiting() {
  const sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own_architecture, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_wait4, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigtimedwait, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_restart_syscall, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{.len = sizeof program / sizeof program[0], .filter = const_cast<sock_filter*>(program)};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// The first process of the namespace: it only takes in orphans, until it is killed. The byte says that it is ready.
[[noreturn]] void hold(const char* folder, int ready) {
  prctl(PR_SET_DUMPABLE, 0);
  sigset_t every;
  sigfillset(&every);
  sigprocmask(SIG_BLOCK, &every, nullptr);
  if (!leave_file_system(folder) || !drop_capabilities() || write(ready, ".", 1) != 1) _exit(1);
  for (int fd = 0; fd < 64; ++fd) close(fd);
  if (!allow_only_waiting()) _exit(1);
  while (true) {
    if (waitpid(-1, nullptr, 0) < 0) sigwaitinfo(&every, nullptr);
  }
}

}  // namespace

int hold_namespace(const char* folder, const char* users) {
  setsid();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0 || !join_users(users) || unshare(CLONE_NEWPID) != 0) return 1;
  const pid_t holder = fork();
  if (holder < 0) return 1;
  if (holder == 0) hold(folder, ends[1]);
  close(ends[1]);
  char byte = 0;
  if (read(ends[0], &byte, 1) != 1 || !leave_number(folder, holder)) {
    kill(holder, SIGKILL);
    return 1;
  }
  return 0;
}
