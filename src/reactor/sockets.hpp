#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "reactor/stream.hpp"

// What TCP and UDP have in common below their streams.
namespace utakata::reactor {

sockaddr_in socket_address(const Address&);
Address address_of(const sockaddr_in&);
inline const sockaddr* generic(const sockaddr_in& address) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}
inline sockaddr* generic(sockaddr_in& address) { return static_cast<sockaddr*>(static_cast<void*>(&address)); }

/// SOCK_STREAM or SOCK_DGRAM of IPv4, non-blocking; -1 with errno. `namespace_fd` >= 0: inside that network namespace.
int make_socket(int type, int namespace_fd);

}  // namespace utakata::reactor
