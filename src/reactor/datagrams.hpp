#pragma once

#include <span>
#include <string_view>

#include "reactor/stream.hpp"

// UDP over descriptors that a loop watches.
namespace utakata::reactor {

/// A socket that takes whatever comes to this address; Fault says which address is taken or not allowed.
/// `namespace_fd` >= 0: inside that network namespace.
Outcome<int> bind_udp(const Address&, int namespace_fd = -1);

/// A socket that sends to one address and takes only what comes from there; below 0: the trouble that stopped it.
struct ConnectedDatagrams {
  int fd = -1;
  Trouble trouble = Trouble::none;
};
ConnectedDatagrams connect_udp(const Address& to, const Origin&);

/// One datagram without waiting. `none`: there is nothing yet; readable() tells when there is. Trouble::refused: the
/// other end has no such port. What is longer than the space is cut off.
struct Datagram {
  bool none = false;
  Trouble trouble = Trouble::none;
  std::size_t size = 0;
  Address from;
};
Datagram try_receive(Descriptor&, std::span<char> space);

/// Sends one datagram, to an address or where the socket is connected to. What the socket has no room for is lost, as
/// anywhere on its way.
Trouble send_datagram(Descriptor&, std::string_view text, const Address& to);
Trouble send_datagram(Descriptor&, std::string_view head, std::string_view text);

}  // namespace utakata::reactor
