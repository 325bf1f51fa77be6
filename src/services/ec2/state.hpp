#pragma once

#include "core/tx.hpp"

// The rows of EC2. Keys: WORLD/vpc/ID, WORLD/subnet/ID, WORLD/group/ID, WORLD/rule/ID, WORLD/interface/ID and
// WORLD/tag/RESOURCE/KEY.
namespace utakata::ec2 {

struct VpcRow {
  static constexpr std::string_view table_name = "ec2.vpcs";
  str id, cidr, dhcp_options_id;
  str default_group;  // the security group named "default"
  bool is_default = false;
};
struct SubnetRow {
  static constexpr std::string_view table_name = "ec2.subnets";
  str id, vpc_id, cidr, zone, zone_id;
};
struct SecurityGroupRow {
  static constexpr std::string_view table_name = "ec2.security_groups";
  str id, vpc_id, name, description;
};
/// One protocol, one range of ports, one peer: a permission with several peers is as many of these.
struct SecurityGroupRuleRow {
  static constexpr std::string_view table_name = "ec2.security_group_rules";
  static constexpr std::size_t by_group = 0;
  str id, group_id;
  bool egress = false;
  str protocol;                      // tcp, udp, icmp, icmpv6, a number; -1 = all of them
  i32 from_port = -1, to_port = -1;  // -1, -1: any, or the protocol has none
  str cidr;                          // of IPv4 or IPv6; empty if the peer is a group
  str peer_group;
  str description;
};
struct InterfaceRow {
  static constexpr std::string_view table_name = "ec2.interfaces";
  static constexpr std::size_t by_subnet = 0;
  str id, vpc_id, subnet_id, zone, address, mac, host_name, description;
  i64 address_number = 0;
  list<str> groups;
};
struct TagRow {
  static constexpr std::string_view table_name = "ec2.tags";
  str resource, key, value;
};

inline Key vpc_key(const World& w, std::string_view id) { return w.key("vpc/", id); }
inline Key subnet_key(const World& w, std::string_view id) { return w.key("subnet/", id); }
inline Key group_key(const World& w, std::string_view id) { return w.key("group/", id); }
inline Key rule_key(const World& w, std::string_view id) { return w.key("rule/", id); }
inline Key interface_key(const World& w, std::string_view id) { return w.key("interface/", id); }
inline Key tag_key(const World& w, std::string_view resource, std::string_view key) {
  return w.key("tag/", resource, "/", key);
}

/// arn:aws:ec2:REGION:ACCOUNT:TYPE/ID
inline str arn_of(const World& w, std::string_view type, std::string_view id) {
  return cat("arn:aws:ec2:", w.region, ":", w.account, ":", type, "/", id);
}

/// The addresses of a block that interfaces may have: AWS keeps the first four and the last one of each subnet.
struct AddressRange {
  i64 first = 0, last = 0;
  [[nodiscard]] i64 size() const { return last - first + 1; }
};
AddressRange usable_addresses(std::string_view cidr);

}  // namespace utakata::ec2
