#include <algorithm>

#include "base/ipv4.hpp"
#include "core/effect.hpp"
#include "services/ec2/network.hpp"
#include "services/ec2/public.hpp"
#include "services/ec2/resource.hpp"
#include "services/ec2/routes.hpp"
#include "services/ec2/state.hpp"
#include "services/ec2/zones.hpp"

// The default VPC of a world and the interfaces in it.
namespace utakata::ec2 {
namespace {

constexpr i64 reserved_at_front = 4;  // network, router, DNS, one for later; the last address is broadcast
constexpr std::string_view default_vpc_cidr = "172.31.0.0/16";

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

// The lowest address of the subnet that no interface has; 0 if there is none. One look at each interface of the subnet.
i64 free_address(const Tx& tx, const SubnetRow& subnet) {
  const AddressRange range = usable_addresses(subnet.cidr);
  const std::vector<Key> interfaces = tx.where<InterfaceRow>(InterfaceRow::by_subnet, subnet.id);
  // Among one place more than there are interfaces, at least one is free.
  std::vector<bool> taken(std::min(interfaces.size() + 1, static_cast<std::size_t>(range.size())));
  for (const Key& key : interfaces) {
    const auto place = static_cast<std::size_t>(tx.find<InterfaceRow>(key)->address_number - range.first);
    if (place < taken.size()) taken[place] = true;
  }
  const auto free = std::ranges::find(taken, false);
  return free == taken.end() ? 0 : range.first + (free - taken.begin());
}

// The number of an address that was asked for by name.
Outcome<i64> wished_address(const Tx& tx, const SubnetRow& subnet, const str& address) {
  const AddressRange range = usable_addresses(subnet.cidr);
  const auto number = parse_ipv4(address);
  if (!number || *number < range.first || *number > range.last)
    return refuse("InvalidParameterValue",
                  cat("Address ", address, " does not fall within the subnet's address range"));
  for (const Key& key : tx.where<InterfaceRow>(InterfaceRow::by_subnet, subnet.id))
    if (tx.find<InterfaceRow>(key)->address_number == i64{*number})
      return refuse("InvalidIPAddress.InUse", cat("Address ", address, " is in use."));
  return i64{*number};
}

// A new account's default group lets its members talk to each other, and everything out.
void put_default_group(Tx& tx, const World& world, const VpcRow& vpc) {
  tx.put(
      group_key(world, vpc.default_group),
      SecurityGroupRow{
          .id = vpc.default_group, .vpc_id = vpc.id, .name = "default", .description = "default VPC security group"});
  const auto put_rule = [&](SecurityGroupRuleRow rule) {
    rule.id = "sgr-0" + tx.random_hex(16);
    rule.group_id = vpc.default_group;
    rule.protocol = "-1";
    tx.put(rule_key(world, rule.id), rule);
  };
  put_rule({.peer_group = vpc.default_group});
  put_rule({.egress = true, .cidr = "0.0.0.0/0"});
}

}  // namespace

AddressRange usable_addresses(std::string_view cidr) {
  const Ipv4Block block = Ipv4Block::parse(cidr).value_or(Ipv4Block{.length = 32});
  return {i64{block.base} + reserved_at_front, i64{block.last()} - 1};
}

VpcRow make_vpc(Tx& tx, const World& world, const str& cidr, bool is_default) {
  VpcRow vpc{.id = "vpc-0" + tx.random_hex(16),
             .cidr = cidr,
             .dhcp_options_id = "dopt-0" + tx.random_hex(16),
             .default_group = "sg-0" + tx.random_hex(16),
             .is_default = is_default,
             .dns_host_names = is_default};
  vpc.main_table = create_main_table(tx, world, vpc.id);
  tx.put(vpc_key(world, vpc.id), vpc);
  put_default_group(tx, world, vpc);
  tell_vpc(tx, world, vpc.id);
  return vpc;
}

void ensure_default_vpc(Tx& tx, const World& world) {
  if (tx.find<BegunRow>(begun_key(world)) != nullptr) return;
  tx.put(begun_key(world), BegunRow{});
  const VpcRow vpc = make_vpc(tx, world, str(default_vpc_cidr), true);
  int third = 0;
  for (const Zone& zone : zones_of(world.region)) {
    const str id = "subnet-0" + tx.random_hex(16);
    tx.put(subnet_key(world, id), SubnetRow{.id = id,
                                            .vpc_id = vpc.id,
                                            .cidr = cat("172.31.", third++ * 16, ".0/20"),
                                            .zone = zone.name,
                                            .zone_id = zone.zone_id,
                                            .default_for_zone = true,
                                            .map_public_address = true});
  }
  const InternetGatewayRow gateway{.id = "igw-0" + tx.random_hex(16), .vpc_id = vpc.id};
  tx.put(gateway_key(world, gateway.id), gateway);
  tx.update<RouteTableRow>(route_table_key(world, vpc.main_table), [&](RouteTableRow& row) {
    row.routes.push_back({.cidr = "0.0.0.0/0", .gateway = gateway.id});
  });
}

Outcome<SubnetView> subnet(const Tx& tx, const World& world, std::string_view id) {
  const SubnetRow* row = tx.find<SubnetRow>(subnet_key(world, id));
  if (row == nullptr) return not_found(kinds::subnet, id);
  return SubnetView{.id = row->id, .vpc_id = row->vpc_id, .cidr = row->cidr, .availability_zone = row->zone};
}

std::optional<SubnetView> subnet_of_address(const Tx& tx, const World& world, std::string_view vpc_id,
                                            std::string_view address) {
  std::optional<SubnetView> found;
  const auto number = parse_ipv4(address);
  if (!number) return found;
  tx.each<SubnetRow>(world.key("subnet/"), [&](const Key&, const SubnetRow& row) {
    if (row.vpc_id != vpc_id || found) return;
    if (const auto block = Ipv4Block::parse(row.cidr); block && block->contains(*number))
      found = SubnetView{.id = row.id, .vpc_id = row.vpc_id, .cidr = row.cidr, .availability_zone = row.zone};
  });
  return found;
}

Outcome<SecurityGroupView> security_group(const Tx& tx, const World& world, std::string_view id) {
  const SecurityGroupRow* row = tx.find<SecurityGroupRow>(group_key(world, id));
  if (row == nullptr) return not_found(kinds::security_group, id);
  return SecurityGroupView{.id = row->id, .vpc_id = row->vpc_id, .name = row->name};
}

str default_security_group(const Tx& tx, const World& world, std::string_view vpc_id) {
  const VpcRow* vpc = tx.find<VpcRow>(vpc_key(world, vpc_id));
  return vpc != nullptr ? vpc->default_group : str();
}

Outcome<InterfaceSpec> create_interface(Tx& tx, const World& world, const InterfaceWish& wish) {
  const SubnetRow* subnet = tx.find<SubnetRow>(subnet_key(world, wish.subnet_id));
  if (subnet == nullptr) return not_found(kinds::subnet, wish.subnet_id);
  const i64 free = wish.address.empty() ? free_address(tx, *subnet) : TRY(wished_address(tx, *subnet, wish.address));
  if (free == 0)
    return refuse("InsufficientFreeAddressesInSubnet",
                  cat("There are not enough free addresses in subnet '", wish.subnet_id, "' to satisfy the request."));
  const str address = ipv4_text(static_cast<std::uint32_t>(free));
  InterfaceRow row{.id = "eni-0" + tx.random_hex(16),
                   .vpc_id = subnet->vpc_id,
                   .subnet_id = subnet->id,
                   .zone = subnet->zone,
                   .address = address,
                   .mac = mac_address(tx),
                   .host_name = host_name(world, address),
                   .description = wish.description,
                   .address_number = free,
                   .groups = wish.security_groups,
                   .allocation_id = wish.allocation_id,
                   .open = wish.open};
  if (row.groups.empty() && !row.open) row.groups = {default_security_group(tx, world, subnet->vpc_id)};
  if (!wish.allocation_id.empty())
    row.public_address = TRY(take_elastic_address(tx, world, wish.allocation_id, row.id));
  else if (wish.public_address)
    row.public_address = TRY(take_public_address(tx, row.id));
  InterfaceSpec spec{.vpc_id = row.vpc_id,
                     .subnet_id = row.subnet_id,
                     .subnet_cidr = subnet->cidr,
                     .interface_id = row.id,
                     .mac = row.mac,
                     .address = row.address,
                     .host_name = row.host_name,
                     .public_address = row.public_address};
  tx.put(interface_key(world, row.id), row);
  tell_interface(tx, world, row.id);
  return spec;
}

void set_interface_groups(Tx& tx, const World& world, std::string_view id, const list<str>& groups) {
  tx.update<InterfaceRow>(interface_key(world, id), [&](InterfaceRow& row) { row.groups = groups; });
  tell_interface(tx, world, str(id));
}

void delete_interface(Tx& tx, const World& world, std::string_view id) {
  const Key key = interface_key(world, id);
  const auto* known = tx.find<InterfaceRow>(key);
  if (known == nullptr) return;
  tx.emit(ChangeVpc{.vpc_id = known->vpc_id, .removed_interfaces = {known->id}});
  release_public_address(tx, world, InterfaceRow(*known));
  tx.erase<InterfaceRow>(key);
  erase_tags(tx, world, id);
}

}  // namespace utakata::ec2
