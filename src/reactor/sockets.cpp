#include "reactor/sockets.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>

#include <array>
#include <cerrno>

#include "base/outcome.hpp"

namespace utakata::reactor {

Trouble trouble_of(int error) {
  switch (error) {
    case ECONNREFUSED:
      return Trouble::refused;
    case ETIMEDOUT:
      return Trouble::timed_out;
    case ECONNRESET:
    case EPIPE:
      return Trouble::reset;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL:
      return Trouble::exhausted;
    default:
      return Trouble::unreachable;
  }
}

sockaddr_in socket_address(const Address& address) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(static_cast<std::uint16_t>(address.port));
  inet_pton(AF_INET, address.host.c_str(), &in.sin_addr);
  return in;
}

Address address_of(const sockaddr_in& in) {
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
  return {.host = text.data(), .port = ntohs(in.sin_port)};
}

// A socket keeps the network namespace in which it was made, so the thread visits that namespace just for this.
int make_socket(int type, int namespace_fd) {
  const int kind = type | SOCK_NONBLOCK | SOCK_CLOEXEC;
  if (namespace_fd < 0) return socket(AF_INET, kind, 0);
  thread_local int own = -1;  // the way back, which has to be there before it leaves
  if (own < 0) own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (own < 0 || setns(namespace_fd, CLONE_NEWNET) != 0) return -1;
  const int fd = socket(AF_INET, kind, 0);
  const int error = errno;
  ensure(setns(own, CLONE_NEWNET) == 0, "a thread cannot return to its own network namespace");
  errno = error;
  return fd;
}

}  // namespace utakata::reactor
