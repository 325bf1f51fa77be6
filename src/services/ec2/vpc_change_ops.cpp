#include <algorithm>

#include "base/ipv4.hpp"
#include "services/ec2/describe.hpp"
#include "services/ec2/network.hpp"
#include "services/ec2/ops.hpp"
#include "services/ec2/public.hpp"
#include "services/ec2/routes.hpp"
#include "services/ec2/zones.hpp"

// VPCs and subnets are made, changed and deleted here.
namespace utakata::ec2 {
namespace {

constexpr std::size_t vpcs_max = 5;       // AWS's default quotas: of a region,
constexpr std::size_t subnets_max = 200;  // of a VPC
constexpr int longest = 28, shortest = 16;

// AWS wants what it is given: an address that is the first of its block.
Outcome<Ipv4Block> block_of(const opt<str>& given, std::string_view range_fault) {
  if (!given) return refuse("MissingParameter", "The request must contain the parameter cidrBlock");
  const auto block = Ipv4Block::parse(*given);
  if (!block || block->text() != *given)
    return refuse("InvalidParameterValue",
                  cat("Value (", *given, ") for parameter cidrBlock is invalid. This is not a valid CIDR block."));
  if (block->length < shortest || block->length > longest)
    return refuse(str(range_fault), cat("The CIDR '", *given, "' is invalid."));
  return *block;
}

template <class Row>
bool any_in_vpc(const Tx& tx, const World& world, std::string_view folder, const str& vpc_id, const str& but = {}) {
  bool found = false;
  tx.each<Row>(world.key(folder), [&](const Key&, const Row& row) {
    found = found || (row.vpc_id == vpc_id && row.id != but);
    return !found;
  });
  return found;
}

Outcome<Zone> zone_asked_for(const World& world, const api::CreateSubnetRequest& request) {
  const auto zones = zones_of(world.region);
  const auto named = [&](const opt<str>& name, str Zone::* member, std::string_view parameter) -> Outcome<Zone> {
    const auto at = std::ranges::find(zones, *name, member);
    if (at != zones.end()) return *at;
    list<str> known;
    for (const Zone& zone : zones) known.push_back(zone.*member);
    return refuse("InvalidParameterValue",
                  cat("Value (", *name, ") for parameter ", parameter,
                      " is invalid. Subnets can currently only be created in the following availability zones: ",
                      join(known, ", "), "."));
  };
  if (request.AvailabilityZone) return named(request.AvailabilityZone, &Zone::name, "availabilityZone");
  if (request.AvailabilityZoneId) return named(request.AvailabilityZoneId, &Zone::zone_id, "availabilityZoneId");
  return zones.front();
}

std::unexpected<Fault> has_dependencies(std::string_view noun, const str& id) {
  return refuse("DependencyViolation", cat("The ", noun, " '", id, "' has dependencies and cannot be deleted."));
}

}  // namespace

Outcome<api::CreateVpcResult> create_vpc(Tx& tx, const api::CreateVpcRequest& request) {
  const World& world = tx.world();
  ensure_default_vpc(tx, world);
  const Ipv4Block block = TRY(block_of(request.CidrBlock, "InvalidVpc.Range"));
  if (request.InstanceTenancy && *request.InstanceTenancy != "default")
    return refuse("InvalidParameterValue", "instanceTenancy: only default is served");
  if (request.AmazonProvidedIpv6CidrBlock.value_or(false))
    return refuse("InvalidParameterValue", "amazonProvidedIpv6CidrBlock: IPv6 is not served");
  std::size_t there = 0;
  tx.each<VpcRow>(world.key("vpc/"), [&](const Key&, const VpcRow&) { ++there; });
  if (there >= vpcs_max) return refuse("VpcLimitExceeded", "The maximum number of VPCs has been reached.");
  const VpcRow row = make_vpc(tx, world, block.text(), false);
  TRY_VOID(put_specified_tags(tx, row.id, request.TagSpecifications, kinds::vpc));
  api::Vpc made = view(tx, row);
  made.State = "pending";  // as clients expect; it can be used at once
  return api::CreateVpcResult{.Vpc = std::move(made)};
}

Outcome<api::DeleteVpcResult> delete_vpc(Tx& tx, const api::DeleteVpcRequest& request) {
  const World& world = tx.world();
  ensure_default_vpc(tx, world);
  const Key key = vpc_key(world, request.VpcId);
  const VpcRow* known = tx.find<VpcRow>(key);
  if (known == nullptr) return not_found(kinds::vpc, request.VpcId);
  const VpcRow row = *known;
  const bool in_use = any_in_vpc<SubnetRow>(tx, world, "subnet/", row.id) ||
                      any_in_vpc<InternetGatewayRow>(tx, world, "igw/", row.id) ||
                      any_in_vpc<NatGatewayRow>(tx, world, "nat/", row.id) ||
                      any_in_vpc<SecurityGroupRow>(tx, world, "group/", row.id, row.default_group) ||
                      any_in_vpc<RouteTableRow>(tx, world, "rtb/", row.id, row.main_table);
  if (in_use) return has_dependencies("vpc", row.id);
  for (const Key& rule : tx.where<SecurityGroupRuleRow>(SecurityGroupRuleRow::by_group, row.default_group)) {
    erase_tags(tx, world, tx.find<SecurityGroupRuleRow>(rule)->id);
    tx.erase<SecurityGroupRuleRow>(rule);
  }
  tx.erase<SecurityGroupRow>(group_key(world, row.default_group));
  tx.erase<RouteTableRow>(route_table_key(world, row.main_table));
  tx.erase<VpcRow>(key);
  for (const str& id : {row.default_group, row.main_table, row.id}) erase_tags(tx, world, id);
  tell_vpc(tx, world, row.id);
  return api::DeleteVpcResult{};
}

Outcome<api::ModifyVpcAttributeResult> modify_vpc_attribute(Tx& tx, const api::ModifyVpcAttributeRequest& request) {
  const Key key = vpc_key(tx.world(), request.VpcId);
  if (tx.find<VpcRow>(key) == nullptr) return not_found(kinds::vpc, request.VpcId);
  if (request.EnableDnsHostnames && request.EnableDnsSupport)
    return refuse("InvalidParameterCombination", "Fields for multiple attribute types specified");
  if (request.EnableDnsSupport && !request.EnableDnsSupport->Value.value_or(true))
    return refuse("InvalidParameterValue", "EnableDnsSupport: a VPC without its resolver is not served");
  if (request.EnableDnsHostnames)
    tx.update<VpcRow>(key,
                      [&](VpcRow& row) { row.dns_host_names = request.EnableDnsHostnames->Value.value_or(false); });
  return api::ModifyVpcAttributeResult{};
}

Outcome<api::DescribeVpcAttributeResult> describe_vpc_attribute(Tx& tx,
                                                                const api::DescribeVpcAttributeRequest& request) {
  ensure_default_vpc(tx, tx.world());
  const VpcRow* row = tx.find<VpcRow>(vpc_key(tx.world(), request.VpcId));
  if (row == nullptr) return not_found(kinds::vpc, request.VpcId);
  api::DescribeVpcAttributeResult result{.VpcId = row->id};
  if (request.Attribute == "enableDnsSupport")
    result.EnableDnsSupport = api::AttributeBooleanValue{.Value = true};
  else if (request.Attribute == "enableDnsHostnames")
    result.EnableDnsHostnames = api::AttributeBooleanValue{.Value = row->dns_host_names};
  else if (request.Attribute == "enableNetworkAddressUsageMetrics")
    result.EnableNetworkAddressUsageMetrics = api::AttributeBooleanValue{.Value = false};
  else
    return refuse("InvalidParameterValue",
                  cat("Value (", request.Attribute, ") for parameter attribute is invalid. Unknown attribute."));
  return result;
}

Outcome<api::CreateSubnetResult> create_subnet(Tx& tx, const api::CreateSubnetRequest& request) {
  const World& world = tx.world();
  ensure_default_vpc(tx, world);
  const VpcRow* vpc = tx.find<VpcRow>(vpc_key(world, request.VpcId));
  if (vpc == nullptr) return not_found(kinds::vpc, request.VpcId);
  const Ipv4Block block = TRY(block_of(request.CidrBlock, "InvalidSubnet.Range"));
  if (!Ipv4Block::parse(vpc->cidr).value_or(Ipv4Block{.length = 32}).contains(block))
    return refuse("InvalidSubnet.Range", cat("The CIDR '", block.text(), "' is invalid."));
  const Zone zone = TRY(zone_asked_for(world, request));
  std::size_t there = 0;
  bool conflict = false;
  tx.each<SubnetRow>(world.key("subnet/"), [&](const Key&, const SubnetRow& row) {
    if (row.vpc_id != vpc->id) return;
    ++there;
    conflict = conflict || block.overlaps(Ipv4Block::parse(row.cidr).value_or(Ipv4Block{.length = 32}));
  });
  if (conflict)
    return refuse("InvalidSubnet.Conflict", cat("The CIDR '", block.text(), "' conflicts with another subnet"));
  if (there >= subnets_max) return refuse("SubnetLimitExceeded", "The maximum number of subnets has been reached.");
  const SubnetRow row{.id = "subnet-0" + tx.random_hex(16),
                      .vpc_id = vpc->id,
                      .cidr = block.text(),
                      .zone = zone.name,
                      .zone_id = zone.zone_id};
  tx.put(subnet_key(world, row.id), row);
  TRY_VOID(put_specified_tags(tx, row.id, request.TagSpecifications, kinds::subnet));
  return api::CreateSubnetResult{.Subnet = view(tx, row)};
}

Outcome<api::DeleteSubnetResult> delete_subnet(Tx& tx, const api::DeleteSubnetRequest& request) {
  const World& world = tx.world();
  ensure_default_vpc(tx, world);
  const Key key = subnet_key(world, request.SubnetId);
  const SubnetRow* known = tx.find<SubnetRow>(key);
  if (known == nullptr) return not_found(kinds::subnet, request.SubnetId);
  const SubnetRow row = *known;
  if (!tx.where<InterfaceRow>(InterfaceRow::by_subnet, row.id).empty()) return has_dependencies("subnet", row.id);
  if (const RouteTableRow* table = table_of(tx, world, row.id); table != nullptr)
    tx.update<RouteTableRow>(route_table_key(world, str(table->id)), [&](RouteTableRow& changed) {
      std::erase_if(changed.associations, [&](const auto& each) { return each.subnet_id == row.id; });
    });
  tx.erase<SubnetRow>(key);
  erase_tags(tx, world, row.id);
  return api::DeleteSubnetResult{};
}

Outcome<api::ModifySubnetAttributeResult> modify_subnet_attribute(Tx& tx,
                                                                  const api::ModifySubnetAttributeRequest& request) {
  const Key key = subnet_key(tx.world(), request.SubnetId);
  if (tx.find<SubnetRow>(key) == nullptr) return not_found(kinds::subnet, request.SubnetId);
  if (!request.MapPublicIpOnLaunch)
    return refuse("MissingParameter", "The request must contain the parameter MapPublicIpOnLaunch");
  tx.update<SubnetRow>(
      key, [&](SubnetRow& row) { row.map_public_address = request.MapPublicIpOnLaunch->Value.value_or(false); });
  return api::ModifySubnetAttributeResult{};
}

}  // namespace utakata::ec2
