#include "reactor/datagrams.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "reactor/sockets.hpp"

namespace utakata::reactor {
namespace {

Trouble trouble_of_sending(ssize_t sent) {
  if (sent >= 0 || errno == EAGAIN || errno == EINTR) return Trouble::none;
  return trouble_of(errno);
}

}  // namespace

Outcome<int> bind_udp(const Address& address, int namespace_fd) {
  const int fd = make_socket(SOCK_DGRAM, namespace_fd);
  if (fd < 0) return refuse("ListenFailed", cat("no socket: ", std::strerror(errno)));  // NOLINT(concurrency-mt-unsafe)
  const sockaddr_in in = socket_address(address);
  if (bind(fd, generic(in), sizeof in) == 0) return fd;
  const int error = errno;
  close(fd);
  const std::string where = cat(address.host, ":", address.port, " (UDP)");
  if (error == EADDRINUSE) return refuse("AddressInUse", cat(where, " is taken by another program"));
  return refuse("ListenFailed",
                cat("cannot listen on ", where, ": ", std::strerror(error)));  // NOLINT(concurrency-mt-unsafe)
}

ConnectedDatagrams connect_udp(const Address& to, const Origin& origin) {
  const int fd = make_socket(SOCK_DGRAM, origin.namespace_fd);
  if (fd < 0) return {.trouble = trouble_of(errno)};
  const sockaddr_in own = socket_address({.host = origin.address, .port = 0});
  const sockaddr_in in = socket_address(to);
  if ((origin.address.empty() || bind(fd, generic(own), sizeof own) == 0) && connect(fd, generic(in), sizeof in) == 0)
    return {.fd = fd};
  const Trouble trouble = trouble_of(errno);
  close(fd);
  return {.trouble = trouble};
}

Datagram try_receive(Descriptor& socket, std::span<char> space) {
  while (true) {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t got = recvfrom(socket.fd(), space.data(), space.size(), 0, generic(from), &size);
    if (got >= 0) return {.size = static_cast<std::size_t>(got), .from = address_of(from)};
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return {.trouble = trouble_of(errno)};
    socket.read_again();
    return {.none = true};
  }
}

Trouble send_datagram(Descriptor& socket, std::string_view text, const Address& to) {
  const sockaddr_in in = socket_address(to);
  return trouble_of_sending(sendto(socket.fd(), text.data(), text.size(), MSG_NOSIGNAL, generic(in), sizeof in));
}

Trouble send_datagram(Descriptor& socket, std::string_view head, std::string_view text) {
  std::array<iovec, 2> parts{{{.iov_base = const_cast<char*>(head.data()), .iov_len = head.size()},    // NOLINT
                              {.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()}}};  // NOLINT
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  return trouble_of_sending(sendmsg(socket.fd(), &message, MSG_NOSIGNAL));
}

}  // namespace utakata::reactor
