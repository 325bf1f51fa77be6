#include "sandbox/supervise.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <optional>

#include "base/text.hpp"
#include "reactor/process.hpp"
#include "sandbox/read_text.hpp"
#include "sandbox/runtime.hpp"
#include "sandbox/task.hpp"

extern char** environ;  // NOLINT: POSIX names it so

namespace utakata::sandbox {
namespace {

namespace fs = std::filesystem;

// A container can give its processes any command line, but has PIDs of its own always. The program is not compared: it
// may have been replaced by a newer one since.
bool is_of_platform(const str& process) {
  struct stat owner{};
  struct stat pids{};
  struct stat own_pids{};
  return stat(cat("/proc/", process).c_str(), &owner) == 0 && owner.st_uid == geteuid() &&
         stat(cat("/proc/", process, "/ns/pid").c_str(), &pids) == 0 && stat("/proc/self/ns/pid", &own_pids) == 0 &&
         pids.st_ino == own_pids.st_ino && pids.st_dev == own_pids.st_dev;
}

// The second word of the command line is the folder (supervisor_main.cpp).
bool supervises(const str& process, const str& folder) {
  if (!is_of_platform(process)) return false;
  const str line = read_text(cat("/proc/", process, "/cmdline")).value_or("");
  const std::vector<std::string_view> words = split(line, '\0');
  return words.size() > 2 && words[0].ends_with("utakata-supervisor") && words[1] == folder;
}

i64 parent_of(i64 pid) {
  const str stat = read_text(cat("/proc/", pid, "/stat")).value_or("");
  const std::size_t bracket = stat.rfind(')');
  if (bracket == str::npos || bracket + 4 > stat.size()) return 0;
  const std::string_view rest = std::string_view(stat).substr(bracket + 4);
  return parse_integer(rest.substr(0, rest.find(' '))).value_or(0);
}

}  // namespace

Outcome<Supervisor> spawn_supervisor(const Host& host, const str& folder, const str& id) {
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
  const auto [runtime, view] = runtime_of(host, id);
  const str& program = host.supervisor;
  std::array<str, 6> words{program, folder, runtime, host.runtime_root(), id, view};
  std::array<char*, 7> argv{};
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
  const str line = read_text(cat("/proc/", pid, "/cmdline")).value_or("");
  const std::vector<std::string_view> words = split(line, '\0');
  return words.size() > 2 && words[0].ends_with("utakata-supervisor") && words[1] == "hold" && words[2] == folder;
}

i64 holder_of(const str& folder) {
  const str text = read_text(folder + "/holder").value_or("");
  return parse_integer(trim(text.substr(0, text.find('\n')))).value_or(0);
}

}  // namespace

Outcome<str> hold_pid_namespace(const str& program, const str& folder, const str& users) {
  std::vector<str> words{program, "hold", folder};
  if (!users.empty()) words.push_back(users);
  const auto result = reactor::run_process_blocking(words, seconds(10));
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

namespace {

constexpr int helper_kill_rounds = 500;  // of 10 ms
constexpr int delete_attempts = 3;

std::vector<str> delete_words(const Host& host, const str& id) {
  std::vector<str> words = runtime_words(host, runtime_of(host, id));
  words.insert(words.end(), {"delete", "--force", id});
  return words;
}
str state_folder(const Host& host, const str& id) { return cat(host.runtime_root(), "/", id); }

// After a runtime that was killed, or a state that it cannot read: the processes are in the task's groups and end with
// those.
void forget_container(const Host& host, const str& id) {
  std::error_code error;
  fs::remove_all(state_folder(host, id), error);
}

// "supervisor DIR ...", "supervisor hold DIR", "supervisor --session DIR ...", "crun --root ROOT ... ID", and the last
// after "supervisor view FILE".
std::optional<Helper> helper_of(int pid, std::vector<std::string_view> words, const str& tasks_dir,
                                const str& runtime_root) {
  if (words.size() > 5 && words[1] == "view") words.erase(words.begin(), words.begin() + 3);
  const bool supervisor = words[0].ends_with("utakata-supervisor");
  const bool runtime = words.size() > 2 && words[1] == "--root" && words[2] == runtime_root;
  if (!supervisor && !runtime) return {};
  Helper helper{.pid = pid, .folder = {}, .container_id = {}};
  for (const std::string_view word : words)
    if (word.starts_with(tasks_dir + "/") && helper.folder.empty()) helper.folder = word;
  if (supervisor) return helper.folder.empty() ? std::nullopt : std::optional(helper);
  for (std::size_t i = 3; i < words.size(); ++i)  // an id is TASK-CONTAINER, and no option looks like that
    if (const std::size_t dash = words[i].find('-'); dash != str::npos && dash > 0 && !words[i].contains('/')) {
      helper.container_id = words[i];
      break;
    }
  return helper;
}

}  // namespace

list<Helper> helpers(const str& tasks_dir, const str& runtime_root) {
  list<Helper> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const str name = entry.path().filename();
    const auto pid = parse_integer(name);
    if (!pid) continue;
    const str line = read_text(cat("/proc/", name, "/cmdline")).value_or("");
    const std::vector<std::string_view> words = split(line, '\0');
    if (words.size() < 3) continue;
    if (auto helper = helper_of(static_cast<int>(*pid), words, tasks_dir, runtime_root))
      found.push_back(*std::move(helper));
  }
  return found;
}

void kill_helpers(const str& tasks_dir, const str& runtime_root, const std::function<bool(const Helper&)>& chosen) {
  for (int round = 0; round < helper_kill_rounds; ++round) {
    bool found = false;
    for (const Helper& helper : helpers(tasks_dir, runtime_root)) {
      if (!chosen(helper)) continue;
      ::kill(helper.pid, SIGKILL);
      found = true;
    }
    if (!found) return;
    usleep(10'000);
  }
}

void abandon_start(Host& host, const str& folder, const str& id) {
  kill_helpers(host.tasks_dir(), host.runtime_root(), [&](const Helper& helper) {
    return helper.folder == folder || helper.folder.starts_with(folder + "/") || helper.container_id == id;
  });
}

reactor::Co<void> delete_container(Host& host, str id) {
  const reactor::Gate::Place place = co_await host.starts.enter();
  for (int attempt = 0; attempt < delete_attempts; ++attempt) {
    static_cast<void>(co_await reactor::run_process(host.loop, delete_words(host, id), seconds(30)));
    if (access(state_folder(host, id).c_str(), F_OK) != 0) co_return;
  }
  forget_container(host, id);
}

void delete_container_blocking(const Host& host, const str& id) {
  static_cast<void>(reactor::run_process_blocking(delete_words(host, id), seconds(30)));
  forget_container(host, id);
}

}  // namespace utakata::sandbox
