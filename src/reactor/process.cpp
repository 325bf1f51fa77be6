#include "reactor/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <ctime>

#include "base/text.hpp"

extern char** environ;  // NOLINT: POSIX names it so

namespace utakata::reactor {
namespace {

constexpr std::size_t output_max = 64 * 1024;

struct Started {
  pid_t pid = -1;
  int output = -1;  // the reading end
  int pidfd = -1;
};

Outcome<Started> spawn(const std::vector<std::string>& argv, const std::string& output_file = {}) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return refuse("ProcessNotStarted", "no pipe: too many open files");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (output_file.empty())
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  else
    posix_spawn_file_actions_addopen(&actions, 1, output_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));  // NOLINT: POSIX's signature
  words.push_back(nullptr);
  Started started;
  const int error = posix_spawnp(&started.pid, words[0], &actions, &attributes, words.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return refuse("ProcessNotStarted", cat(argv[0], ": ", std::strerror(error)));  // NOLINT(concurrency-mt-unsafe)
  }
  started.output = ends[0];
  started.pidfd = static_cast<int>(syscall(SYS_pidfd_open, started.pid, 0));
  return started;
}

int exit_code(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// What is there to read now; false at the end of the output.
bool drain(int fd, std::string& output) {
  std::array<char, 4096> piece;
  while (true) {
    const ssize_t n = read(fd, piece.data(), piece.size());
    if (n > 0 && output.size() < output_max) output.append(piece.data(), static_cast<std::size_t>(n));
    if (n == 0) return false;
    if (n < 0) return errno == EAGAIN || errno == EINTR;
  }
}

}  // namespace

Co<Outcome<ProcessResult>> run_process(Loop& loop, std::vector<std::string> argv, Duration patience) {
  auto started = spawn(argv);
  if (!started) co_return std::unexpected(started.error());
  ProcessResult result;
  Descriptor output(loop, started->output);
  Descriptor ended(loop, started->pidfd);
  const Instant deadline = loop.now() + patience;
  // The program's end counts, not its output's: a child of it may hold that open for ever.
  while (!co_await ended.readable(std::min(milliseconds(20), std::max(deadline - loop.now(), nanoseconds(1))))) {
    drain(output.fd(), result.output);
    if (loop.now() < deadline) continue;
    result.timed_out = true;
    ::kill(started->pid, SIGKILL);
    co_await ended.readable();
    break;
  }
  drain(output.fd(), result.output);
  result.exit_code = exit_code(started->pid);
  co_return result;
}

namespace {

constexpr Duration ask_every = milliseconds(500);
constexpr Duration killed_within = seconds(60);

Instant monotonic() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return Instant{now.tv_sec * 1'000'000'000 + now.tv_nsec};
}

}  // namespace

Outcome<ProcessResult> run_process_blocking(const std::vector<std::string>& argv, Duration patience,
                                            const ProcessWishes& wishes) {
  const Started started = TRY(spawn(argv, wishes.output_file));
  ProcessResult result;
  fcntl(started.output, F_SETFL, O_NONBLOCK);
  std::array<pollfd, 2> watched{
      {{.fd = started.output, .events = POLLIN, .revents = 0}, {.fd = started.pidfd, .events = POLLIN, .revents = 0}}};
  Instant deadline = monotonic() + patience;
  while (true) {
    const Duration left = std::max(deadline - monotonic(), Duration{});
    const Duration wait = wishes.meanwhile ? std::min(left, ask_every) : left;
    poll(watched.data(), watched.size(), static_cast<int>(wait.milliseconds()) + 1);
    if (watched[0].revents != 0 && !drain(started.output, result.output)) watched[0].fd = -1;
    if (watched[1].revents != 0) break;
    if (result.timed_out) continue;
    if (monotonic() >= deadline || (wishes.meanwhile && !wishes.meanwhile())) {
      result.timed_out = true;
      ::kill(started.pid, SIGKILL);
      deadline = monotonic() + killed_within;
    }
  }
  drain(started.output, result.output);
  close(started.output);
  close(started.pidfd);
  result.exit_code = exit_code(started.pid);
  return result;
}

}  // namespace utakata::reactor
