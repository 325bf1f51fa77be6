#pragma once

#include "core/tx.hpp"
#include "services/ec2/api/security_group.hpp"

// The rows of EC2. Keys: WORLD/vpc/ID, WORLD/subnet/ID, WORLD/group/ID, WORLD/interface/ID.
namespace utakata::ec2 {

struct VpcRow {
  static constexpr std::string_view table_name = "ec2.vpcs";
  str id, cidr;
  bool is_default = false;
};
struct SubnetRow {
  static constexpr std::string_view table_name = "ec2.subnets";
  str id, vpc_id, cidr, zone, zone_id;
};
struct SecurityGroupRow {
  static constexpr std::string_view table_name = "ec2.security_groups";
  str id, vpc_id, name, description;
  list<api::IpPermission> ingress, egress;
  list<api::Tag> tags;
};
struct InterfaceRow {
  static constexpr std::string_view table_name = "ec2.interfaces";
  static constexpr std::size_t by_subnet = 0;
  str id, vpc_id, subnet_id, zone, address, mac, host_name, description;
  i64 address_number = 0;
  list<str> groups;
};

}  // namespace utakata::ec2
