#include "session_main.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "runtime_view_main.hpp"
#include "sealed_exec_main.hpp"

namespace {

constexpr int daemon_socket = 3;
constexpr int command_input = 4;  // and 5, 6: output, errors
constexpr int grace_ms = 5'000;
constexpr int watch_ms = 200;  // between looks at who is left

// The daemon may be gone: then nobody needs to know.
void tell(const char* text, size_t length, int descriptor = -1) {
  iovec part{const_cast<char*>(text), length};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
  }
  const ssize_t ignored = sendmsg(daemon_socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  static_cast<void>(ignored);
}

void remove_folder(const char* folder) {
  for (const char* name : {"process.json", "pid", "runtime.log", "console"}) unlink(name);
  rmdir(folder);
}

[[noreturn]] void fail(const char* folder, const char* why, int number) {
  char text[8192];
  int length = snprintf(text, sizeof text, "failed %s: status %d\n", why, number);
  const int log = open("runtime.log", O_RDONLY | O_CLOEXEC);
  if (log >= 0) {
    const ssize_t n = read(log, text + length, sizeof text - static_cast<size_t>(length));
    if (n > 0) length += static_cast<int>(n);
    close(log);
  }
  tell(text, static_cast<size_t>(length));
  remove_folder(folder);
  _exit(1);
}

// Where the runtime brings the terminal's master. Relative to the folder: a socket's path may have 107 bytes.
int listen_for_console() {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  strcpy(address.sun_path, "console");
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 1) != 0) return -1;
  return fd;
}

int receive_console(int listener) {
  pollfd watched{listener, POLLIN, 0};
  if (poll(&watched, 1, grace_ms) != 1) return -1;
  const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (connection < 0) return -1;
  char name[256];
  iovec part{name, sizeof name};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  int master = -1;
  if (recvmsg(connection, &message, MSG_CMSG_CLOEXEC) >= 0)
    if (const cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr && head->cmsg_type == SCM_RIGHTS)
      memcpy(&master, CMSG_DATA(head), sizeof master);
  close(connection);
  return master;
}

int run_runtime(char* const argv[], const char* view, bool pipes) {
  const pid_t child = fork();
  if (child == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    setsid();  // whatever session the command gets, it is not this process's, which is to outlive it
    const int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) dup2(pipes ? command_input + fd : null, fd);
    for (int fd = daemon_socket; fd <= command_input + 2; ++fd) close(fd);
    if (enter_runtime_view(view, "runtime.log")) exec_sealed(argv);
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

pid_t read_pid() {
  char text[32] = {};
  const int fd = open("pid", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  const ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  return n > 0 ? static_cast<pid_t>(strtol(text, nullptr, 10)) : -1;
}

// The sixth word of /proc/PID/stat; the second one is in brackets and may hold anything.
pid_t session_of(const char* process) {
  char path[64];
  char text[512] = {};
  snprintf(path, sizeof path, "/proc/%.32s/stat", process);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  const ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  const char* bracket = n > 0 ? strrchr(text, ')') : nullptr;
  int parent = 0;
  int group = 0;
  int session = -1;
  if (bracket == nullptr || sscanf(bracket + 1, " %*c %d %d %d", &parent, &group, &session) != 3) return -1;
  return session;
}

void signal_session(pid_t session, int number) {
  DIR* processes = opendir("/proc");
  if (processes == nullptr) return;
  while (const dirent* entry = readdir(processes)) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || session_of(entry->d_name) != session) continue;
    kill(static_cast<pid_t>(strtol(entry->d_name, nullptr, 10)), number);
  }
  closedir(processes);
}

// True once the command has ended.
bool reap(pid_t command, int& status) {
  bool ended = false;
  int one = 0;
  for (pid_t pid = waitpid(-1, &one, WNOHANG); pid > 0; pid = waitpid(-1, &one, WNOHANG)) {
    if (pid != command) continue;
    status = one;
    ended = true;
  }
  return ended;
}

// Until the command has ended. Once the daemon's end of the socket is gone, it is made to, and its session with it.
int watch(pid_t command, int signals) {
  char process[32];
  snprintf(process, sizeof process, "%d", static_cast<int>(command));
  const pid_t session = session_of(process);
  int status = 0;
  int hung_up_ms = -1;
  while (!reap(command, status)) {
    pollfd watched[2] = {{signals, POLLIN, 0}, {hung_up_ms < 0 ? daemon_socket : -1, POLLIN, 0}};
    const int ready = poll(watched, 2, hung_up_ms < 0 ? -1 : watch_ms);
    if (watched[0].revents != 0) {
      signalfd_siginfo ignored;
      while (read(signals, &ignored, sizeof ignored) > 0) {
      }
    }
    if (watched[1].revents != 0) {
      signal_session(session, SIGHUP);
      hung_up_ms = 0;
    } else if (hung_up_ms >= 0 && ready == 0) {
      hung_up_ms += watch_ms;
      if (hung_up_ms >= grace_ms) signal_session(session, SIGKILL);
    }
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

int run_session(int count, char** values) {
  if (count != 8) {
    fprintf(stderr,
            "usage: utakata-supervisor --session FOLDER RUNTIME ROOT ID terminal|pipes VIEW (started by serve)\n");
    return 2;
  }
  const char* folder = values[2];
  const bool pipes = strcmp(values[6], "pipes") == 0;
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  const int signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (chdir(folder) != 0) fail(folder, "cannot enter the session's folder", errno);
  const int listener = pipes ? -1 : listen_for_console();
  if (!pipes && listener < 0) fail(folder, "no socket for the terminal", errno);
  const auto word = [](const char* text) { return const_cast<char*>(text); };
  char* const console_or_id = pipes ? values[5] : word("--console-socket");
  char* const exec[] = {values[3],
                        word("--root"),
                        values[4],
                        word("--log"),
                        word("runtime.log"),
                        word("--log-format"),
                        word("json"),
                        word("exec"),
                        word("--detach"),
                        word("--pid-file"),
                        word("pid"),
                        word("--process"),
                        word("process.json"),
                        console_or_id,
                        pipes ? nullptr : word("console"),
                        values[5],
                        nullptr};
  const int status = run_runtime(exec, values[7], pipes);
  if (status != 0) fail(folder, "exec", status);
  const pid_t command = read_pid();
  const int master = pipes ? -1 : receive_console(listener);
  if (command <= 0 || (!pipes && master < 0)) fail(folder, "the runtime brought no terminal or no process", EIO);
  if (pipes)
    for (int fd = command_input; fd <= command_input + 2; ++fd) close(fd);
  tell("started", 7, master);
  if (master >= 0) close(master);
  if (listener >= 0) close(listener);
  char text[32];
  const int length = snprintf(text, sizeof text, "exited %d", watch(command, signals));
  tell(text, static_cast<size_t>(length));
  remove_folder(folder);
  return 0;
}
