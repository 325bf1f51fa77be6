#include "client/terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>

namespace utakata::client {
namespace {

constexpr std::size_t read_size = 16 * 1024;

termios before;       // NOLINT: the handler of a signal has nothing else to look at
bool is_raw = false;  // NOLINT

void restore() {
  if (is_raw) tcsetattr(STDIN_FILENO, TCSANOW, &before);
  is_raw = false;
}

void restore_and_end(int number) {
  restore();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

}  // namespace

session::Size terminal_size() {
  winsize size{};
  for (const int fd : {STDOUT_FILENO, STDIN_FILENO})
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
      return {.columns = size.ws_col, .rows = size.ws_row};
  return {};
}

RawTerminal::RawTerminal() {
  if (isatty(STDIN_FILENO) == 0 || tcgetattr(STDIN_FILENO, &before) != 0) return;
  termios raw = before;
  cfmakeraw(&raw);
  is_raw = true;
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS}) std::signal(number, restore_and_end);
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

RawTerminal::~RawTerminal() { restore(); }

struct StandardInput::Shared {
  reactor::Loop* loop = nullptr;  // null: nobody listens any more
  Arrived arrived;
  std::mutex mutex;
  std::condition_variable changed;
  bool wanted = true;
};

StandardInput::StandardInput(reactor::Loop& loop, Arrived arrived) : shared_(std::make_shared<Shared>()) {
  shared_->loop = &loop;
  shared_->arrived = std::move(arrived);
  std::thread([shared = shared_] {
    std::string space(read_size, '\0');
    while (true) {
      {
        std::unique_lock lock(shared->mutex);
        shared->changed.wait(lock, [&] { return shared->wanted || shared->loop == nullptr; });
        if (shared->loop == nullptr) return;
        shared->wanted = false;
      }
      ssize_t n = -1;
      while ((n = read(STDIN_FILENO, space.data(), space.size())) < 0 && (errno == EINTR || errno == EAGAIN)) {
        pollfd watched{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        if (errno == EAGAIN) poll(&watched, 1, -1);
      }
      const std::scoped_lock lock(shared->mutex);
      if (shared->loop == nullptr) return;
      shared->loop->post([shared, bytes = space.substr(0, n > 0 ? static_cast<std::size_t>(n) : 0)] {
        if (shared->arrived) shared->arrived(bytes);
      });
      if (n <= 0) return;
    }
  }).detach();
}

StandardInput::~StandardInput() {
  const std::scoped_lock lock(shared_->mutex);
  shared_->loop = nullptr;
  shared_->arrived = nullptr;
  shared_->changed.notify_all();
}

void StandardInput::go_on() {
  const std::scoped_lock lock(shared_->mutex);
  shared_->wanted = true;
  shared_->changed.notify_all();
}

bool write_fully(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n >= 0) {
      text.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      pollfd watched{.fd = fd, .events = POLLOUT, .revents = 0};
      poll(&watched, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace utakata::client
