#pragma once

#include <sys/socket.h>

#include <array>

#include "reactor/wall_clock.hpp"
#include "tls/issue.hpp"
#include "tls/stream.hpp"

// Both ends of a connection in one loop.
namespace utakata::tls::test {

inline Identity authority() {
  static const Identity made = [] {
    const Instant now = reactor::wall_clock();
    return *make_authority({.common_name = "test authority", .domain_names = {}, .from = now, .until = now + hours(1)});
  }();
  return made;
}

inline Identity certificate_for(std::vector<std::string> names, KeyKind kind = KeyKind::ec_prime256v1) {
  const Instant now = reactor::wall_clock();
  const std::string first = names.front();
  return *issue(
      authority(),
      {.common_name = first, .domain_names = std::move(names), .key = kind, .from = now, .until = now + hours(1)});
}

struct Ends {
  std::unique_ptr<reactor::TcpStream> server, client;
};
inline Ends connected_pair(reactor::Loop& loop) {
  std::array<int, 2> ends{};
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data());
  return {std::make_unique<reactor::TcpStream>(loop, ends[0]), std::make_unique<reactor::TcpStream>(loop, ends[1])};
}

// Runs the loop until the work is done.
inline void run(reactor::Loop& loop, reactor::Co<void> work) {
  reactor::start([](reactor::Loop& l, reactor::Co<void> inner) -> reactor::Co<void> {
    co_await inner;
    l.stop();
  }(loop, std::move(work)));
  loop.run();
  loop.drain();
}

}  // namespace utakata::tls::test
