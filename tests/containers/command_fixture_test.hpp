#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <future>
#include <utility>

#include "place_test.hpp"

// A command inside a running container, as ExecuteCommand runs it. Included by the tests of real containers only.
namespace utakata::test {

struct Command {
  ports::CommandEnds ends;
  Command() = default;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  ~Command() { hang_up(); }
  void hang_up() {
    for (int* fd : {&ends.control, &ends.input, &ends.output, &ends.errors})
      if (*fd >= 0) close(std::exchange(*fd, -1));
  }
  void type(std::string_view text) const {
    REQUIRE(write(ends.input, text.data(), text.size()) == ssize_t(text.size()));
  }
  void end_input() { close(std::exchange(ends.input, -1)); }
  /// What it says, until it has said `wanted` or has ended.
  [[nodiscard]] str said(int fd, std::string_view wanted) const {
    str text;
    std::array<char, 65'536> space{};
    pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
    while ((wanted.empty() || !text.contains(wanted)) && poll(&watched, 1, 30'000) == 1) {
      const ssize_t n = read(fd, space.data(), space.size());
      if (n <= 0) break;
      text.append(space.data(), static_cast<std::size_t>(n));
    }
    return text;
  }
  [[nodiscard]] str exit() const {
    std::array<char, 100> word{};
    pollfd watched{.fd = ends.control, .events = POLLIN, .revents = 0};
    if (poll(&watched, 1, 30'000) != 1) return "nothing";
    const ssize_t n = recv(ends.control, word.data(), word.size(), 0);
    return {word.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
  }
};

inline Outcome<> begin(const Place& place, const TaskSpec& task, list<str> words, bool terminal, Command& command) {
  static int sessions = 0;
  std::promise<Outcome<ports::CommandEnds>> promise;
  place.sandbox->run_command({.session_id = cat("s", ++sessions),
                              .task_arn = task.arn,
                              .container = "app",
                              .words = std::move(words),
                              .terminal = terminal,
                              .columns = 101,
                              .rows = 33},
                             [&promise](Outcome<ports::CommandEnds> ends) { promise.set_value(std::move(ends)); });
  auto ends = promise.get_future().get();
  if (!ends) return std::unexpected(ends.error());
  command.ends = *ends;
  return {};
}

}  // namespace utakata::test
