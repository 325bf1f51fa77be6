#include "sandbox/namespace_socket.hpp"

#include <arpa/inet.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "base/text.hpp"

namespace utakata::sandbox {
namespace {

constexpr int backlog = 64;

// 0, or what went wrong.
int bind_and_listen(int fd, const std::string& interface, const reactor::Address& address) {
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(), static_cast<socklen_t>(interface.size())) != 0)
    return errno;
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(static_cast<std::uint16_t>(address.port));
  inet_pton(AF_INET, address.host.c_str(), &in.sin_addr);
  const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&in));
  return bind(fd, generic, sizeof in) == 0 && listen(fd, backlog) == 0 ? 0 : errno;
}

}  // namespace

Outcome<int> listen_on_interface(int namespace_fd, const std::string& interface, const reactor::Address& address) {
  int fd = -1;
  int error = 0;
  // On a thread that ends with it: no other code can find itself in the wrong namespace.
  std::thread([&] {
    if (setns(namespace_fd, CLONE_NEWNET) != 0) {
      error = errno;
      return;
    }
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    error = fd < 0 ? errno : bind_and_listen(fd, interface, address);
  }).join();
  if (error == 0) return fd;
  if (fd >= 0) close(fd);
  return refuse("ListenFailed", cat("cannot listen on ", address.host, ":", address.port, " behind ", interface, ": ",
                                    std::strerror(error)));  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace utakata::sandbox
