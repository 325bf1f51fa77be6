#include "sandbox/command.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/json.hpp"
#include "base/text.hpp"
#include "sandbox/runtime.hpp"
#include "sandbox/supervise.hpp"
#include "sandbox/task.hpp"

extern char** environ;  // NOLINT: POSIX names it so

namespace utakata::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr Duration start_patience = seconds(30);  // of the runtime's exec
constexpr int first_given_fd = 3;                 // of the session's supervisor: socket, then pipes

std::unexpected<Fault> not_started(std::string_view why) {
  return refuse("CommandNotStarted", cat("Unable to start command: ", why));
}

// The socket, then input, output and errors where they are pipes; closed unless they are handed on.
struct Held {
  std::array<int, 4> fds{-1, -1, -1, -1};
  Held() = default;
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { close_all(); }
  // The pipes: a container whose root is nobody's on the host could not open them by their names.
  void give_to(uid_t root) const {
    for (std::size_t i = 1; i < fds.size(); ++i)
      if (fds.at(i) >= 0 && fchown(fds.at(i), root, root) != 0) return;
  }
  void close_all() {
    for (int& fd : fds)
      if (fd >= 0) close(std::exchange(fd, -1));
  }
};
struct Lines {
  Held ours, given;  // to the supervisor
};

// Numbers well above those that the supervisor gets, so that one never overwrites another.
int moved_up(int fd) {
  const int high = fcntl(fd, F_DUPFD_CLOEXEC, 64);
  close(fd);
  return high;
}

Outcome<> make_lines(bool terminal, Lines& lines) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return not_started("too many open files");
  lines.ours.fds[0] = ends[0];
  lines.given.fds[0] = moved_up(ends[1]);
  for (std::size_t i = 1; i < 4 && !terminal; ++i) {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return not_started("too many open files");
    const bool to_command = i == 1;
    lines.ours.fds.at(i) = ends[to_command ? 1 : 0];
    lines.given.fds.at(i) = moved_up(ends[to_command ? 0 : 1]);
  }
  return {};
}

Outcome<int> spawn_session(const str& program, std::array<str, 8> words, const Held& given) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int fd = 0; fd < 3; ++fd) posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  for (std::size_t i = 0; i < given.fds.size(); ++i)
    if (given.fds.at(i) >= 0)
      posix_spawn_file_actions_adddup2(&actions, given.fds.at(i), first_given_fd + static_cast<int>(i));
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  std::array<char*, 9> argv{};
  for (std::size_t i = 0; i < words.size(); ++i) argv.at(i) = words.at(i).data();
  int pid = -1;
  const int error = posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return not_started(cat(program, ": ", std::strerror(error)));  // NOLINT(concurrency-mt-unsafe)
  return pid;
}

struct Word {
  str text;
  int terminal = -1;
};
Word receive(int socket) {
  std::array<char, 8192> space{};
  iovec part{.iov_base = space.data(), .iov_len = space.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  Word word;
  const ssize_t n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (n > 0) word.text.assign(space.data(), static_cast<std::size_t>(n));
  if (const cmsghdr* head = n > 0 ? CMSG_FIRSTHDR(&message) : nullptr; head != nullptr && head->cmsg_type == SCM_RIGHTS)
    std::memcpy(&word.terminal, CMSG_DATA(head), sizeof word.terminal);
  return word;
}

reactor::Co<void> reap_when_ended(Host& host, int pid) {
  reactor::Descriptor ended(host.loop, static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (co_await ended.readable()) reap(pid);
}

}  // namespace

// runc says `exec failed: unable to start container process: exec: "x": executable file not found in $PATH`, crun says
// "executable file `x` not found in $PATH" and "open executable: No such file or directory".
Fault why_not_started(std::string_view supervisors_word, std::string_view program) {
  if (!supervisors_word.starts_with("failed ")) return not_started("the session's supervisor died").error();
  str reason = readable_reason(supervisors_word);
  if (reason.empty()) reason = supervisors_word.substr(7, supervisors_word.find('\n') - 7);
  const str lower = to_lower(reason);
  const bool of_program = lower.contains("exec: ") || lower.contains("exec /") || lower.contains("executable");
  const auto fault = [](std::string_view code, const str& why) {
    return Fault{.code = str(code), .message = cat("Unable to start command: ", why)};
  };
  if (of_program && (lower.contains("not found in $path") || lower.contains("no such file or directory")))
    return fault("CommandNotFound", cat("the container has no program '", program, "'"));
  for (const std::string_view obstacle : {"permission denied", "is a directory", "exec format error"})
    if (of_program && lower.contains(obstacle))
      return fault("CommandNotExecutable", cat("'", program, "' cannot be executed: ", obstacle));
  return not_started(reason).error();
}

std::optional<str> process_of_command(const str& config, const ports::CommandPlan& plan) {
  const auto whole = Json::parse(config);
  const Json* own = whole ? whole->find("process") : nullptr;
  if (own == nullptr) return {};
  Json process = *own;
  Json words = Json::array();
  for (const str& word : plan.words) words.push(word);
  process.set("args", std::move(words));
  process.set("terminal", plan.terminal);
  Json& user = process.set("user", Json::object());
  user.set("uid", 0);
  user.set("gid", 0);
  if (!plan.terminal) return process.write();
  Json& size = process.set("consoleSize", Json::object());
  size.set("height", plan.rows);
  size.set("width", plan.columns);
  Json environment = Json::array();
  bool known = false;
  if (const Json* given = own->find("env"))
    for (const Json& each : given->items()) {
      known = known || each.text().starts_with("TERM=");
      environment.push(each);
    }
  if (!known) environment.push("TERM=xterm-256color");
  process.set("env", std::move(environment));
  return process.write();
}

reactor::Co<Outcome<ports::CommandEnds>> begin_command(Host& host, ContainerFolder container, str runtime_id,
                                                       ports::CommandPlan plan) {
  const auto process = process_of_command(container.read("config.json"), plan);
  if (!process) co_return not_started("the container's configuration cannot be read");
  const ContainerFolder folder(cat(container.path(), "/session-", plan.session_id));
  std::error_code error;
  fs::create_directory(folder.path(), error);
  if (error) co_return not_started(error.message());
  if (const auto written = folder.write("process.json", *process); !written) {
    fs::remove_all(folder.path(), error);
    co_return not_started(written.error().message);
  }
  Lines lines;
  if (const auto made = make_lines(plan.terminal, lines); !made) co_return std::unexpected(made.error());
  if (const auto root = parse_integer(trim(container.read("root-id"))); root && !plan.terminal)
    lines.given.give_to(static_cast<uid_t>(*root));
  const auto [runtime, view] = runtime_of(host, runtime_id);
  const str kind = plan.terminal ? "terminal" : "pipes";
  const auto supervisor = spawn_session(
      host.supervisor,
      {host.supervisor, "--session", folder.path(), runtime, host.runtime_root(), std::move(runtime_id), kind, view},
      lines.given);
  if (!supervisor) co_return std::unexpected(supervisor.error());
  lines.given.close_all();
  reactor::start(reap_when_ended(host, *supervisor));
  std::array<int, 4>& ours = lines.ours.fds;
  bool came = false;
  {
    reactor::Descriptor waiting(host.loop, fcntl(ours[0], F_DUPFD_CLOEXEC, 0));
    came = co_await waiting.readable(start_patience);
  }
  const Word word = receive(ours[0]);
  if (word.text != "started") {
    if (!came) co_return not_started("the runtime did not answer in time");
    co_return std::unexpected(why_not_started(word.text, plan.words.front()));
  }
  ports::CommandEnds ends{.control = ours[0], .input = ours[1], .output = ours[2], .errors = ours[3]};
  ours.fill(-1);
  if (plan.terminal) {
    ends.input = word.terminal;
    ends.output = fcntl(word.terminal, F_DUPFD_CLOEXEC, 0);
  }
  co_return ends;
}

}  // namespace utakata::sandbox
