#pragma once

#include "core/tx.hpp"

// The rows of EC2. Keys: WORLD/vpc/ID, WORLD/subnet/ID, WORLD/group/ID, WORLD/rule/ID, WORLD/interface/ID,
// WORLD/igw/ID, WORLD/rtb/ID, WORLD/nat/ID, WORLD/eip/ID and WORLD/tag/RESOURCE/KEY.
namespace utakata::ec2 {

struct VpcRow {
  static constexpr std::string_view table_name = "ec2.vpcs";
  str id, cidr, dhcp_options_id;
  str default_group;  // the security group named "default"
  bool is_default = false;
  bool dns_host_names = false;
  str main_table;  // the route table of subnets that have none of their own
};
struct SubnetRow {
  static constexpr std::string_view table_name = "ec2.subnets";
  str id, vpc_id, cidr, zone, zone_id;
  bool default_for_zone = false, map_public_address = false;
};
struct InternetGatewayRow {
  static constexpr std::string_view table_name = "ec2.internet_gateways";
  str id, vpc_id;  // vpc_id empty: attached to none
};
struct RouteTableRow {
  static constexpr std::string_view table_name = "ec2.route_tables";
  struct Route {
    str cidr;
    str gateway;  // igw-... or nat-...
  };
  struct Association {
    str id;
    str subnet_id;  // empty: the VPC's main table
  };
  str id, vpc_id, client_token;
  list<Route> routes;  // besides the one within the VPC
  list<Association> associations;
};
struct NatGatewayRow {
  static constexpr std::string_view table_name = "ec2.nat_gateways";
  str id, vpc_id, subnet_id, interface_id, address;
  str allocation_id, association_id, public_address;  // empty: of connectivity type private
  str client_token;
  Instant created_at;
};
/// An Elastic IP address.
struct AddressRow {
  static constexpr std::string_view table_name = "ec2.addresses";
  str id, public_address;
  str nat_gateway;                   // that has it; empty: none
  str interface_id, association_id;  // of a load balancer that has it
};
/// Of all worlds, key = the address: whoever has it. They are loopback addresses of the host (README.md).
struct PublicAddressRow {
  static constexpr std::string_view table_name = "ec2.public_addresses";
  str owner;
};
/// Of all worlds, under the key "public": where public addresses come from.
struct PublicBlockRow {
  static constexpr std::string_view table_name = "ec2.public_block";
  str cidr = "127.128.0.0/9";
  i64 next = 0;  // after the one given last, so that an address is not given again at once
};
/// A world that has had its default VPC.
struct BegunRow {
  static constexpr std::string_view table_name = "ec2.worlds";
  bool begun = true;
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
  str public_address;
  str allocation_id;  // of the public address, if that is an Elastic IP address
  bool open = false;  // has no security groups, and whatever comes may pass
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
inline Key gateway_key(const World& w, std::string_view id) { return w.key("igw/", id); }
inline Key route_table_key(const World& w, std::string_view id) { return w.key("rtb/", id); }
inline Key nat_key(const World& w, std::string_view id) { return w.key("nat/", id); }
inline Key address_key(const World& w, std::string_view id) { return w.key("eip/", id); }
inline Key begun_key(const World& w) { return w.key("begun"); }
inline constexpr std::string_view public_block_key = "public";
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
