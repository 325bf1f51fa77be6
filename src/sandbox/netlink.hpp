#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/outcome.hpp"

namespace utakata::sandbox {

/// Why a part of a network could not be made: `doing` in words ("make a namespace"), an error of errno(3).
std::unexpected<Fault> network_failed(std::string_view doing, int error);

/// A socket of rtnetlink in the network namespace of the thread that opens it.
class Netlink {
 public:
  static Outcome<Netlink> open();
  Netlink(Netlink&& other) noexcept;
  Netlink(const Netlink&) = delete;
  Netlink& operator=(const Netlink&) = delete;
  Netlink& operator=(Netlink&&) = delete;
  ~Netlink();

  /// A pair of virtual interfaces: `name` here, `peer` with this hardware address in the other namespace.
  Outcome<> add_veth(const std::string& name, const std::string& peer, int peer_namespace, const std::string& peer_mac);
  Outcome<> remove_link(const std::string& name);  // an unknown one is no error
  Outcome<> set_up(const std::string& name);
  Outcome<> add_address(const std::string& name, const std::string& address,
                        int prefix);  // one there already is none either
  /// A route to address/prefix over the interface, by way of `gateway` unless that is empty.
  Outcome<> add_route(const std::string& name, const std::string& address, int prefix, const std::string& gateway);

 private:
  explicit Netlink(int fd) : fd_(fd) {}
  class Message;
  Outcome<> ask(Message&, std::string_view doing, int error_to_forgive = 0);
  int fd_;
  std::uint32_t sequence_ = 0;
};

}  // namespace utakata::sandbox
