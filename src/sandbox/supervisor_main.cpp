// utakata-supervisor: stands between one container and the daemon, which may die and come back.
//
//   utakata-supervisor DIR RUNTIME ROOT ID VIEW
//   utakata-supervisor hold DIR [USERS]                 hold_main.cpp
//   utakata-supervisor view VIEW PROGRAM ARGUMENT...    runtime_view_main.cpp
//   utakata-supervisor --session ...                    session_main.cpp
//
// Of the first form, DIR is the container's folder and holds the OCI bundle. The supervisor creates and starts the
// container with RUNTIME (state in ROOT, seeing the host as the file VIEW says), keeps its output as DIR/log-plan says
// (log_main.hpp), and leaves one of these files, each complete or absent:
//   DIR/started   "PID NANOSECONDS\n"                   the container's process runs
//   DIR/failed    the reason                            it could not be started
//   DIR/exit      "CODE NANOSECONDS\n"                  it has ended; 128 + signal when a signal ended it
// Its standard output, if open, gets one byte when `started` or `failed` is there. Plain C calls only: it must stay
// small.
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "hold_main.hpp"
#include "runtime_view_main.hpp"
#include "sandbox/log_main.hpp"
#include "sealed_exec_main.hpp"
#include "session_main.hpp"

namespace {

constexpr int pipe_bytes = 256 * 1024;
// What the first process wrote is within a pipe's size; a child that it left behind may go on writing for ever.
constexpr size_t last_bytes_max = 4 * size_t{pipe_bytes};

const char* folder;

void path_of(char* out, size_t size, const char* name) { snprintf(out, size, "%s/%s", folder, name); }

int64_t wall_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Complete or absent, also after a crash of the machine.
void leave_file(const char* name, const char* text) {
  char temporary[4096];
  char final_name[4096];
  snprintf(temporary, sizeof temporary, "%s/.%s", folder, name);
  path_of(final_name, sizeof final_name, name);
  const int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return;
  const size_t length = strlen(text);
  if (write(fd, text, length) == static_cast<ssize_t>(length)) {
    fsync(fd);
    rename(temporary, final_name);
  }
  close(fd);
}

void tell_daemon() {
  const ssize_t ignored = write(1, ".", 1);
  static_cast<void>(ignored);
  close(1);
  const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (null >= 0 && null != 1) dup2(null, 1);
}

utakata::supervisor::Log container_log;  // static: it is larger than a stack should be

// Runs the OCI runtime; `into` becomes the standard output and error of it and of the container that it creates.
// `from`, if there is any, becomes their standard input.
int run_runtime(char* const argv[], const char* view, int from, int into_out, int into_err) {
  const pid_t child = fork();
  if (child == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const int null = open("/dev/null", O_RDWR);
    dup2(from >= 0 ? from : null, 0);
    dup2(into_out >= 0 ? into_out : null, 1);
    dup2(into_err >= 0 ? into_err : null, 2);
    char log[4096];
    path_of(log, sizeof log, "runtime.log");
    if (enter_runtime_view(view, log)) exec_sealed(argv);
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A standard input that nobody writes to and that does not end (docker run -i), if DIR/keep-stdin-open is there; our
// end of the pipe stays open as long as we run.
int kept_open_input() {
  char name[4096];
  path_of(name, sizeof name, "keep-stdin-open");
  int ends[2];
  if (access(name, F_OK) != 0 || pipe2(ends, O_CLOEXEC) != 0) return -1;
  return ends[0];
}

// The container's root, if it is nobody's on the host (DIR/root-id), owns its standard input and output: else programs
// could not open /dev/stdout by its name.
void give_to_root(const int* fds, size_t count) {
  char name[4096];
  path_of(name, sizeof name, "root-id");
  FILE* file = fopen(name, "re");
  unsigned root = 0;
  if (file == nullptr) return;
  const bool there = fscanf(file, "%u", &root) == 1;
  fclose(file);
  for (size_t i = 0; there && i < count; ++i)
    if (fds[i] >= 0 && fchown(fds[i], root, root) != 0) return;
}

[[noreturn]] void fail(const char* doing, int status) {
  char reason[8192];
  int length = snprintf(reason, sizeof reason, "%s ended with status %d\n", doing, status);
  char name[4096];
  path_of(name, sizeof name, "runtime.log");
  const int fd = open(name, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    const ssize_t n = read(fd, reason + length, sizeof reason - static_cast<size_t>(length) - 1);
    if (n > 0) length += static_cast<int>(n);
    close(fd);
  }
  reason[length] = '\0';
  leave_file("failed", reason);
  tell_daemon();
  _exit(1);
}

pid_t read_pid() {
  char name[4096];
  char text[32] = {};
  path_of(name, sizeof name, "pid");
  const int fd = open(name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  const ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  return n > 0 ? static_cast<pid_t>(strtol(text, nullptr, 10)) : -1;
}

void leave_exit(int status) {
  char text[64];
  const int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  snprintf(text, sizeof text, "%d %lld\n", code, static_cast<long long>(wall_ns()));
  leave_file("exit", text);
}

// Until the container's first process has ended; then what is left in the pipes.
void watch(pid_t container) {
  auto& log = container_log;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  const int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  int status = 0;
  bool ended = false;
  while (!ended) {
    pollfd watched[3] = {{signals, POLLIN, 0}, {log.out.fd, POLLIN, 0}, {log.err.fd, POLLIN, 0}};
    poll(watched, 3, log.patience());
    if (watched[1].revents != 0 && !log.drain(log.out)) log.out.fd = -1;
    if (watched[2].revents != 0 && !log.drain(log.err)) log.err.fd = -1;
    log.flush_overdue();
    if (watched[0].revents == 0) continue;
    signalfd_siginfo ignored;
    while (read(signals, &ignored, sizeof ignored) > 0) {
    }
    // Orphans of the container are reaped here as well: we are their subreaper.
    int one = 0;
    for (pid_t pid = waitpid(-1, &one, WNOHANG); pid > 0; pid = waitpid(-1, &one, WNOHANG)) {
      if (pid != container) continue;
      status = one;
      ended = true;
    }
  }
  log.drain_all(log.out, last_bytes_max);
  log.drain_all(log.err, last_bytes_max);
  log.end();
  leave_exit(status);
}

}  // namespace

int main(int count, char** values) {
  if (count > 1 && strcmp(values[1], "--session") == 0) return run_session(count, values);
  if (count > 2 && strcmp(values[1], "hold") == 0) return hold_namespace(values[2], count > 3 ? values[3] : nullptr);
  if (count > 3 && strcmp(values[1], "view") == 0) return run_in_view(values);
  if (count != 6) {
    fprintf(stderr, "usage: utakata-supervisor DIR RUNTIME ROOT ID VIEW (started by utakata serve)\n");
    return 2;
  }
  folder = values[1];
  setsid();
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);

  int out_ends[2];
  int err_ends[2];
  if (pipe2(out_ends, O_CLOEXEC) != 0 || pipe2(err_ends, O_CLOEXEC) != 0) fail("pipe", errno);
  fcntl(out_ends[0], F_SETFL, O_NONBLOCK);
  fcntl(err_ends[0], F_SETFL, O_NONBLOCK);
  fcntl(out_ends[0], F_SETPIPE_SZ, pipe_bytes);
  fcntl(err_ends[0], F_SETPIPE_SZ, pipe_bytes);
  container_log.out.fd = out_ends[0];
  container_log.err.fd = err_ends[0];

  char pid_file[4096];
  char runtime_log[4096];
  path_of(pid_file, sizeof pid_file, "pid");
  path_of(runtime_log, sizeof runtime_log, "runtime.log");
  // In one step: a second process of the runtime, to start what a first one has created, costs a fifth of the time.
  char* const run[] = {values[2],
                       const_cast<char*>("--root"),
                       values[3],
                       const_cast<char*>("--log"),
                       runtime_log,
                       const_cast<char*>("--log-format"),
                       const_cast<char*>("json"),
                       const_cast<char*>("run"),
                       const_cast<char*>("--detach"),
                       const_cast<char*>("--bundle"),
                       values[1],
                       const_cast<char*>("--pid-file"),
                       pid_file,
                       values[4],
                       nullptr};
  const int input = kept_open_input();
  const int given[] = {input, out_ends[1], err_ends[1]};
  give_to_root(given, 3);
  const int status = run_runtime(run, values[5], input, out_ends[1], err_ends[1]);
  close(out_ends[1]);
  close(err_ends[1]);
  // crun ends well also when the process of its own that did the work was killed; then there is no number.
  const pid_t container = status == 0 ? read_pid() : -1;
  if (container <= 0) fail("run", status);
  char text[64];
  snprintf(text, sizeof text, "%d %lld\n", static_cast<int>(container), static_cast<long long>(wall_ns()));
  leave_file("started", text);
  tell_daemon();
  // A flood is its container's, not the platform's: everything else on the host comes first.
  setpriority(PRIO_PROCESS, 0, 10);
  container_log.begin(folder);
  watch(container);
  return 0;
}
