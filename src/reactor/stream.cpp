#include "reactor/stream.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "reactor/sockets.hpp"

namespace utakata::reactor {
namespace {

constexpr int backlog = 1024;

bool is_listening(int fd) {
  int listens = 0;
  socklen_t size = sizeof listens;
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0;
}

// accept(2): Linux passes on what has already gone wrong with the new connection; the listener is as good as before.
bool concerns_one_connection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case EPERM:
      return true;
    default:
      return false;
  }
}

}  // namespace

Outcome<Address> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const auto port = colon == std::string_view::npos ? std::nullopt : parse_integer(text.substr(colon + 1));
  Address address{.host = std::string(text.substr(0, colon)), .port = static_cast<int>(port.value_or(-1))};
  if (address.host == "localhost") address.host = "127.0.0.1";
  in_addr ignored{};
  if (!port || *port < 0 || *port > 65535 || inet_pton(AF_INET, address.host.c_str(), &ignored) != 1)
    return refuse("InvalidAddress", cat("'", text, "' is no ADDRESS:PORT with an IPv4 address in numbers"));
  return address;
}

std::optional<Stream::Read> TcpStream::try_read(std::span<char> space) {
  while (true) {
    const ssize_t n = recv(descriptor_->fd(), space.data(), space.size(), 0);
    if (n >= 0) {
      // A short read has emptied the socket: wait for the next edge instead of asking once more.
      if (n > 0 && static_cast<std::size_t>(n) < space.size() && !descriptor_->hung_up()) descriptor_->read_again();
      return Read{static_cast<std::size_t>(n), Trouble::none};
    }
    if (errno == EAGAIN) {
      descriptor_->read_again();
      return {};
    }
    if (errno != EINTR) return Read{0, trouble_of(errno)};
  }
}

Co<Stream::Read> Stream::read(std::span<char> space, Duration patience) {
  while (true) {
    if (!co_await readiness().readable(patience)) co_return Read{0, Trouble::timed_out};
    if (const auto got = try_read(space)) co_return *got;
  }
}

Trouble TcpStream::try_write(Slices& slices) {
  while (true) {
    std::array<iovec, std::tuple_size_v<Slices>> parts;
    std::size_t count = 0;
    for (const std::string_view slice : slices)
      if (!slice.empty())
        parts[count++] = {.iov_base = const_cast<char*>(slice.data()), .iov_len = slice.size()};  // NOLINT
    if (count == 0) return Trouble::none;
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const ssize_t n = count == 1 ? send(descriptor_->fd(), parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL)
                                 : sendmsg(descriptor_->fd(), &message, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return trouble_of(errno);
      descriptor_->write_again();
      return Trouble::none;
    }
    std::size_t taken = static_cast<std::size_t>(n);
    for (std::string_view& slice : slices) {
      const std::size_t part = std::min(taken, slice.size());
      slice.remove_prefix(part);
      taken -= part;
    }
  }
}

Co<Trouble> Stream::write_all(Slices slices, Duration patience) {
  while (true) {
    const Trouble trouble = try_write(slices);
    if (trouble != Trouble::none) co_return trouble;
    if (all_taken(slices)) co_return Trouble::none;
    if (!co_await readiness().writable(patience)) co_return Trouble::timed_out;
  }
}

Address TcpStream::peer() const {
  sockaddr_in in{};
  socklen_t size = sizeof in;
  getpeername(descriptor_->fd(), generic(in), &size);
  return address_of(in);
}

void TcpStream::end_writing() { shutdown(descriptor_->fd(), SHUT_WR); }

void TcpStream::shut_down() { shutdown(descriptor_->fd(), SHUT_RDWR); }

bool TcpStream::has_failed() const {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(descriptor_->fd(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0;
}

void TcpStream::reset_when_closed() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor_->fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

Outcome<int> listen_tcp(const Address& address, int namespace_fd) {
  const int fd = make_socket(SOCK_STREAM, namespace_fd);
  if (fd < 0) return refuse("ListenFailed", cat("no socket: ", std::strerror(errno)));  // NOLINT(concurrency-mt-unsafe)
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const sockaddr_in in = socket_address(address);
  if (bind(fd, generic(in), sizeof in) == 0 && listen(fd, backlog) == 0) return fd;
  const int error = errno;
  close(fd);
  const std::string where = cat(address.host, ":", address.port);
  if (error == EADDRINUSE) return refuse("AddressInUse", cat(where, " is taken by another program"));
  return refuse("ListenFailed",
                cat("cannot listen on ", where, ": ", std::strerror(error)));  // NOLINT(concurrency-mt-unsafe)
}

int local_port(int fd) {
  sockaddr_in in{};
  socklen_t size = sizeof in;
  getsockname(fd, generic(in), &size);
  return ntohs(in.sin_port);
}

Co<Connected> connect_tcp(Loop& loop, Address address, Duration patience, Origin origin) {
  const int fd = make_socket(SOCK_STREAM, origin.namespace_fd);
  if (fd < 0) co_return Connected{nullptr, trouble_of(errno)};
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (!origin.address.empty()) {
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    const sockaddr_in own = socket_address({.host = origin.address, .port = 0});
    if (bind(fd, generic(own), sizeof own) != 0) {
      const Trouble trouble = trouble_of(errno);
      close(fd);
      co_return Connected{nullptr, trouble};
    }
  }
  const sockaddr_in in = socket_address(address);
  const int begun = connect(fd, generic(in), sizeof in);
  const int begun_error = errno;
  auto stream = std::make_unique<TcpStream>(loop, fd);
  if (begun == 0) co_return Connected{std::move(stream), Trouble::none};
  if (begun_error != EINPROGRESS) co_return Connected{nullptr, trouble_of(begun_error)};
  if (!co_await stream->readiness().writable(patience)) co_return Connected{nullptr, Trouble::timed_out};
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) co_return Connected{nullptr, trouble_of(error)};
  co_return Connected{std::move(stream), Trouble::none};
}

void stop_listening(Descriptor& listener) {
  shutdown(listener.fd(), SHUT_RDWR);
  listener.cancel();
}

Co<std::unique_ptr<TcpStream>> accept_tcp(Descriptor& listener) {
  while (true) {
    const int fd = accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      const int one = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      co_return std::make_unique<TcpStream>(listener.loop(), fd);
    }
    if (errno == EAGAIN) {
      listener.read_again();
      if (!co_await listener.readable()) co_return nullptr;
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      co_await listener.loop().sleep(milliseconds(50));  // connections wait in the backlog until descriptors are free
      if (!is_listening(listener.fd())) co_return nullptr;
    } else if (!concerns_one_connection(errno)) {
      co_return nullptr;
    }
  }
}

}  // namespace utakata::reactor
