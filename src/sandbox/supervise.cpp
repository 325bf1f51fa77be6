#include "sandbox/supervise.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.hpp"
#include "reactor/process.hpp"
#include "sandbox/task.hpp"

extern char** environ;  // NOLINT: POSIX names it so

namespace utakata::sandbox {
namespace {

namespace fs = std::filesystem;

str read_all(const str& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The second word of the command line is the folder (supervisor_main.cpp).
bool supervises(const str& process, const str& folder) {
  const str line = read_all(cat("/proc/", process, "/cmdline"));
  const std::vector<std::string_view> words = split(line, '\0');
  return words.size() > 2 && words[0].ends_with("utakata-supervisor") && words[1] == folder;
}

i64 parent_of(i64 pid) {
  const str stat = read_all(cat("/proc/", pid, "/stat"));
  const std::size_t bracket = stat.rfind(')');
  if (bracket == str::npos || bracket + 4 > stat.size()) return 0;
  const std::string_view rest = std::string_view(stat).substr(bracket + 4);
  return parse_integer(rest.substr(0, rest.find(' '))).value_or(0);
}

}  // namespace

Outcome<Supervisor> spawn_supervisor(const str& program, const str& folder, const str& runtime, const str& root,
                                     const str& id) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return refuse("CannotStartContainerError", "CannotStartContainerError: no pipe: too many open files");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  std::array<str, 5> words{program, folder, runtime, root, id};
  std::array<char*, 6> argv{};
  for (std::size_t i = 0; i < words.size(); ++i) argv.at(i) = words.at(i).data();
  Supervisor supervisor;
  const int error = posix_spawn(&supervisor.pid, program.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return refuse("CannotStartContainerError", cat("CannotStartContainerError: ", program, ": ",
                                                   std::strerror(error)));  // NOLINT(concurrency-mt-unsafe)
  }
  supervisor.ready_fd = ends[0];
  supervisor.pidfd = static_cast<int>(syscall(SYS_pidfd_open, supervisor.pid, 0));
  return supervisor;
}

int open_supervisor(const str& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const str name = entry.path().filename();
    if (!parse_integer(name) || !supervises(name, folder)) continue;
    return static_cast<int>(syscall(SYS_pidfd_open, static_cast<int>(*parse_integer(name)), 0));
  }
  return -1;
}

void signal_child_of_supervisor(i64 pid, const str& folder, int number) {
  const int target = static_cast<int>(syscall(SYS_pidfd_open, static_cast<int>(pid), 0));
  if (target < 0) return;
  // Opened first, looked at afterwards: whatever the number means now, it is the process that gets the signal.
  if (supervises(cat(parent_of(pid)), folder)) syscall(SYS_pidfd_send_signal, target, number, nullptr, 0);
  close(target);
}

namespace {

// The holder of this folder's namespace as /proc knows it.
bool holds(i64 pid, const str& folder) {
  const str line = read_all(cat("/proc/", pid, "/cmdline"));
  const std::vector<std::string_view> words = split(line, '\0');
  return words.size() > 2 && words[0].ends_with("utakata-supervisor") && words[1] == "hold" && words[2] == folder;
}

i64 holder_of(const str& folder) {
  const str text = read_all(folder + "/holder");
  return parse_integer(trim(text.substr(0, text.find('\n')))).value_or(0);
}

}  // namespace

Outcome<str> hold_pid_namespace(const str& program, const str& folder) {
  const auto result = reactor::run_process_blocking({program, "hold", folder}, seconds(10));
  const i64 holder = holder_of(folder);
  if (!result || result->exit_code != 0 || !holds(holder, folder))
    return refuse("ResourceInitializationError",
                  "ResourceInitializationError: no PID namespace for the task (pidMode) can be made");
  return cat("/proc/", holder, "/ns/pid");
}

void release_pid_namespace(const str& folder) {
  const i64 holder = holder_of(folder);
  if (holder <= 0) return;
  const int target = static_cast<int>(syscall(SYS_pidfd_open, static_cast<int>(holder), 0));
  if (target < 0) return;
  if (holds(holder, folder)) syscall(SYS_pidfd_send_signal, target, SIGKILL, nullptr, 0);
  close(target);
}

void reap(int pid) {
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

reactor::Co<void> delete_container(Host& host, str id) {
  std::vector<str> argv{host.runtime, "--root", host.runtime_root(), "delete", "--force", std::move(id)};
  static_cast<void>(co_await reactor::run_process(host.loop, std::move(argv), seconds(30)));
}

}  // namespace utakata::sandbox
