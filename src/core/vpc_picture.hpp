#pragma once

#include <optional>

#include "core/effect.hpp"

namespace utakata {

/// The first packet of a connection, inside a VPC or over its edge.
struct Connection {
  str from, to;          // addresses
  str protocol = "tcp";  // tcp, udp, icmp or a number
  i32 port = 0;          // of icmp: its type
};

/// What is known of one VPC: a whole configuration and every change after it. Both who enforces it and who only
/// answers questions about it keep one.
struct VpcPicture {
  str id, cidr;
  dict<SecurityGroupConfig> groups;
  dict<InterfaceConfig> interfaces;
  dict<str> interface_at;  // address -> interface
  dict<DnsName> names;

  void take(const VpcConfig&);
  void take(const ChangeVpc&);
  [[nodiscard]] const InterfaceConfig* at(const str& address) const;
};

/// True if the security groups (and, outward, the routes) let this connection be made. What has been let through once
/// goes on, also after the rules have changed, as AWS's connection tracking has it.
bool may_connect(const VpcPicture&, const Connection&);

}  // namespace utakata
