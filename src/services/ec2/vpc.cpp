#include <algorithm>
#include <array>
#include <set>

#include "base/text.hpp"
#include "services/ec2/public.hpp"
#include "services/ec2/state.hpp"

// The default VPC of a world and the interfaces in it.
namespace utakata::ec2 {
namespace {

constexpr i64 reserved_at_front = 4;  // network, router, DNS, one for later; the last address is broadcast
constexpr std::string_view vpc_cidr = "172.31.0.0/16";

// The zones that AWS gives to new accounts in the regions it names otherwise than a, b, c.
std::array<char, 3> zone_letters(std::string_view region) {
  if (region == "ap-northeast-1") return {'a', 'c', 'd'};
  if (region == "us-west-1" || region == "sa-east-1") return {'a', 'b', 'c'};
  return {'a', 'b', 'c'};
}

struct Range {
  i64 first = 0, last = 0;  // usable addresses as numbers
};
Range range_of(std::string_view cidr) {
  const std::size_t slash = cidr.find('/');
  i64 base = 0;
  for (const std::string_view part : split(cidr.substr(0, slash), '.'))
    base = base * 256 + parse_integer(part).value_or(0);
  const i64 size = i64{1} << (32 - parse_integer(cidr.substr(slash + 1)).value_or(32));
  return {base + reserved_at_front, base + size - 2};
}
str address_text(i64 number) {
  return cat(number >> 24 & 255, ".", number >> 16 & 255, ".", number >> 8 & 255, ".", number & 255);
}
str host_name(const World& world, str address) {
  std::ranges::replace(address, '.', '-');
  const str domain = world.region == "us-east-1" ? str("ec2.internal") : world.region + ".compute.internal";
  return cat("ip-", address, ".", domain);
}
str mac_address(Tx& tx) {
  const str digits = tx.random_hex(10);
  str mac = "0a";
  for (std::size_t i = 0; i < 10; i += 2) mac += ":" + digits.substr(i, 2);
  return mac;
}

}  // namespace

void ensure_default_vpc(Tx& tx, const World& world) {
  bool any = false;
  tx.each<VpcRow>(world.key("vpc/"), [&](const Key&, const VpcRow&) {
    any = true;
    return false;
  });
  if (any) return;
  const str vpc = "vpc-0" + tx.random_hex(16);
  tx.put(world.key("vpc/", vpc), VpcRow{.id = vpc, .cidr = str(vpc_cidr), .is_default = true});
  int third = 0;
  for (const char letter : zone_letters(world.region)) {
    const str subnet = "subnet-0" + tx.random_hex(16);
    tx.put(world.key("subnet/", subnet), SubnetRow{.id = subnet,
                                                   .vpc_id = vpc,
                                                   .cidr = cat("172.31.", third * 16, ".0/20"),
                                                   .zone = world.region + letter,
                                                   .zone_id = cat(world.region, "-az", third + 1)});
    ++third;
  }
  const str group = "sg-0" + tx.random_hex(16);
  api::IpPermission within{.IpProtocol = str("-1")};
  within.UserIdGroupPairs.ensure_value().push_back({.UserId = world.account, .GroupId = group});
  api::IpPermission outward{.IpProtocol = str("-1")};
  outward.IpRanges.ensure_value().push_back({.CidrIp = str("0.0.0.0/0")});
  tx.put(world.key("group/", group), SecurityGroupRow{.id = group,
                                                      .vpc_id = vpc,
                                                      .name = "default",
                                                      .description = "default VPC security group",
                                                      .ingress = {within},
                                                      .egress = {outward}});
}

Outcome<SubnetView> subnet(const Tx& tx, const World& world, std::string_view id) {
  const SubnetRow* row = tx.find<SubnetRow>(world.key("subnet/", id));
  if (row == nullptr) return refuse("InvalidSubnetID.NotFound", cat("The subnet ID '", id, "' does not exist"));
  return SubnetView{.id = row->id, .vpc_id = row->vpc_id, .cidr = row->cidr, .availability_zone = row->zone};
}

Outcome<SecurityGroupView> security_group(const Tx& tx, const World& world, std::string_view id) {
  const SecurityGroupRow* row = tx.find<SecurityGroupRow>(world.key("group/", id));
  if (row == nullptr) return refuse("InvalidGroup.NotFound", cat("The security group '", id, "' does not exist"));
  return SecurityGroupView{.id = row->id, .vpc_id = row->vpc_id, .name = row->name};
}

str default_security_group(const Tx& tx, const World& world, std::string_view vpc_id) {
  str found;
  tx.each<SecurityGroupRow>(world.key("group/"), [&](const Key&, const SecurityGroupRow& row) {
    if (row.vpc_id == vpc_id && row.name == "default") found = row.id;
  });
  return found;
}

Outcome<InterfaceSpec> create_interface(Tx& tx, const World& world, std::string_view subnet_id, const list<str>& groups,
                                        std::string_view description) {
  const SubnetRow* subnet = tx.find<SubnetRow>(world.key("subnet/", subnet_id));
  if (subnet == nullptr)
    return refuse("InvalidSubnetID.NotFound", cat("The subnet ID '", subnet_id, "' does not exist"));
  std::set<i64> taken;
  for (const Key& key : tx.where<InterfaceRow>(InterfaceRow::by_subnet, subnet->id))
    taken.insert(tx.find<InterfaceRow>(key)->address_number);
  const Range range = range_of(subnet->cidr);
  i64 free = range.first;
  for (const i64 each : taken) {
    if (each != free) break;
    ++free;
  }
  if (free > range.last)
    return refuse("InsufficientFreeAddressesInSubnet",
                  cat("There are not enough free addresses in subnet '", subnet_id, "' to satisfy the request."));
  InterfaceRow row{.id = "eni-0" + tx.random_hex(16),
                   .vpc_id = subnet->vpc_id,
                   .subnet_id = subnet->id,
                   .zone = subnet->zone,
                   .address = address_text(free),
                   .mac = mac_address(tx),
                   .host_name = host_name(world, address_text(free)),
                   .description = str(description),
                   .address_number = free,
                   .groups = groups};
  if (row.groups.empty()) row.groups = {default_security_group(tx, world, subnet->vpc_id)};
  InterfaceSpec spec{.vpc_id = row.vpc_id,
                     .subnet_id = row.subnet_id,
                     .subnet_cidr = subnet->cidr,
                     .interface_id = row.id,
                     .mac = row.mac,
                     .address = row.address,
                     .host_name = row.host_name};
  tx.put(world.key("interface/", row.id), row);
  return spec;
}

void delete_interface(Tx& tx, const World& world, std::string_view interface_id) {
  tx.erase<InterfaceRow>(world.key("interface/", interface_id));
}

}  // namespace utakata::ec2
