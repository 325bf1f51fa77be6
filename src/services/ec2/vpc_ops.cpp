#include <algorithm>

#include "base/text.hpp"
#include "services/ec2/ops.hpp"
#include "services/ec2/public.hpp"

namespace utakata::ec2 {
namespace {

bool asked_for(const opt<list<str>>& ids, const str& id) { return !ids || std::ranges::find(*ids, id) != ids->end(); }

str yes(bool value) { return value ? "true" : "false"; }

}  // namespace

Outcome<bool> passes(const opt<list<api::Filter>>& filters, const ValuesOf& values_of) {
  if (!filters) return true;
  for (const api::Filter& filter : *filters) {
    const str name = filter.Name.value_or("");
    const auto values = values_of(name);
    if (!values) return refuse("InvalidParameterValue", cat("The filter '", name, "' is invalid"));
    const list<str> wanted = filter.Values.has ? *filter.Values : list<str>{};
    const bool any = std::ranges::any_of(wanted, [&](const str& pattern) {
      return std::ranges::any_of(*values, [&](const str& value) { return wildcard_match(pattern, value); });
    });
    if (!any) return false;
  }
  return true;
}

Outcome<api::DescribeVpcsResult> describe_vpcs(Tx& tx, const api::DescribeVpcsRequest& request) {
  ensure_default_vpc(tx, tx.world());
  api::DescribeVpcsResult result;
  result.Vpcs.ensure_value();
  if (request.VpcIds)
    for (const str& id : *request.VpcIds)
      if (tx.find<VpcRow>(tx.world().key("vpc/", id)) == nullptr)
        return refuse("InvalidVpcID.NotFound", cat("The vpc ID '", id, "' does not exist"));
  Outcome<bool> fine = true;
  tx.each<VpcRow>(tx.world().key("vpc/"), [&](const Key&, const VpcRow& row) {
    auto pass = passes(request.Filters, [&](std::string_view name) -> std::optional<list<str>> {
      if (name == "vpc-id") return list<str>{row.id};
      if (name == "is-default" || name == "isDefault") return list<str>{yes(row.is_default)};
      if (name == "cidr" || name == "cidr-block-association.cidr-block") return list<str>{row.cidr};
      if (name == "state") return list<str>{"available"};
      if (name == "owner-id") return list<str>{tx.world().account};
      if (name.starts_with("tag")) return list<str>{};
      return {};
    });
    if (!pass) fine = pass;
    if (pass && *pass && asked_for(request.VpcIds, row.id))
      result.Vpcs->push_back({.OwnerId = tx.world().account,
                              .InstanceTenancy = str("default"),
                              .IsDefault = row.is_default,
                              .VpcId = row.id,
                              .State = str("available"),
                              .CidrBlock = row.cidr,
                              .DhcpOptionsId = str("dopt-default")});
  });
  if (!fine) return std::unexpected(fine.error());
  return result;
}

Outcome<api::DescribeSubnetsResult> describe_subnets(Tx& tx, const api::DescribeSubnetsRequest& request) {
  ensure_default_vpc(tx, tx.world());
  if (request.SubnetIds)
    for (const str& id : *request.SubnetIds) static_cast<void>(TRY(subnet(tx, tx.world(), id)));
  api::DescribeSubnetsResult result;
  result.Subnets.ensure_value();
  Outcome<bool> fine = true;
  tx.each<SubnetRow>(tx.world().key("subnet/"), [&](const Key&, const SubnetRow& row) {
    auto pass = passes(request.Filters, [&](std::string_view name) -> std::optional<list<str>> {
      if (name == "vpc-id") return list<str>{row.vpc_id};
      if (name == "subnet-id") return list<str>{row.id};
      if (name == "availability-zone" || name == "availabilityZone") return list<str>{row.zone};
      if (name == "availability-zone-id") return list<str>{row.zone_id};
      if (name == "default-for-az" || name == "defaultForAz") return list<str>{"true"};
      if (name == "map-public-ip-on-launch") return list<str>{"true"};
      if (name == "state") return list<str>{"available"};
      if (name == "cidr-block" || name == "cidr") return list<str>{row.cidr};
      if (name.starts_with("tag")) return list<str>{};
      return {};
    });
    if (!pass) fine = pass;
    if (!pass || !*pass || !asked_for(request.SubnetIds, row.id)) return;
    const auto used = static_cast<i32>(tx.where<InterfaceRow>(InterfaceRow::by_subnet, row.id).size());
    result.Subnets->push_back(
        {.AvailabilityZoneId = row.zone_id,
         .OwnerId = tx.world().account,
         .AssignIpv6AddressOnCreation = false,
         .SubnetArn = cat("arn:aws:ec2:", tx.world().region, ":", tx.world().account, ":subnet/", row.id),
         .SubnetId = row.id,
         .State = str("available"),
         .VpcId = row.vpc_id,
         .CidrBlock = row.cidr,
         .AvailableIpAddressCount = 4091 - used,
         .AvailabilityZone = row.zone,
         .DefaultForAz = true,
         .MapPublicIpOnLaunch = true});
  });
  if (!fine) return std::unexpected(fine.error());
  std::ranges::sort(*result.Subnets, {}, [](const api::Subnet& s) { return *s.AvailabilityZone; });
  return result;
}

Outcome<api::DescribeNetworkInterfacesResult> describe_network_interfaces(
    Tx& tx, const api::DescribeNetworkInterfacesRequest& request) {
  api::DescribeNetworkInterfacesResult result;
  result.NetworkInterfaces.ensure_value();
  if (request.NetworkInterfaceIds)
    for (const str& id : *request.NetworkInterfaceIds)
      if (tx.find<InterfaceRow>(tx.world().key("interface/", id)) == nullptr)
        return refuse("InvalidNetworkInterfaceID.NotFound", cat("The networkInterface ID '", id, "' does not exist"));
  Outcome<bool> fine = true;
  tx.each<InterfaceRow>(tx.world().key("interface/"), [&](const Key&, const InterfaceRow& row) {
    auto pass = passes(request.Filters, [&](std::string_view name) -> std::optional<list<str>> {
      if (name == "vpc-id") return list<str>{row.vpc_id};
      if (name == "subnet-id") return list<str>{row.subnet_id};
      if (name == "network-interface-id") return list<str>{row.id};
      if (name == "availability-zone") return list<str>{row.zone};
      if (name == "description") return list<str>{row.description};
      if (name == "private-ip-address" || name == "addresses.private-ip-address") return list<str>{row.address};
      if (name == "group-id") return row.groups;
      if (name == "status") return list<str>{"in-use"};
      return {};
    });
    if (!pass) fine = pass;
    if (!pass || !*pass || !asked_for(request.NetworkInterfaceIds, row.id)) return;
    api::NetworkInterface out{.AvailabilityZone = row.zone,
                              .Description = row.description,
                              .InterfaceType = str("interface"),
                              .MacAddress = row.mac,
                              .NetworkInterfaceId = row.id,
                              .OwnerId = tx.world().account,
                              .PrivateDnsName = row.host_name,
                              .PrivateIpAddress = row.address,
                              .RequesterManaged = true,
                              .SourceDestCheck = true,
                              .Status = str("in-use"),
                              .SubnetId = row.subnet_id,
                              .VpcId = row.vpc_id};
    for (const str& id : row.groups) {
      const auto* group = tx.find<SecurityGroupRow>(tx.world().key("group/", id));
      out.Groups.ensure_value().push_back({.GroupId = id, .GroupName = group != nullptr ? group->name : str()});
    }
    result.NetworkInterfaces->push_back(std::move(out));
  });
  if (!fine) return std::unexpected(fine.error());
  return result;
}

Outcome<api::DescribeAvailabilityZonesResult> describe_availability_zones(
    Tx& tx, const api::DescribeAvailabilityZonesRequest& request) {
  ensure_default_vpc(tx, tx.world());
  api::DescribeAvailabilityZonesResult result;
  result.AvailabilityZones.ensure_value();
  Outcome<bool> fine = true;
  tx.each<SubnetRow>(tx.world().key("subnet/"), [&](const Key&, const SubnetRow& row) {
    auto pass = passes(request.Filters, [&](std::string_view name) -> std::optional<list<str>> {
      if (name == "zone-name") return list<str>{row.zone};
      if (name == "zone-id") return list<str>{row.zone_id};
      if (name == "state") return list<str>{"available"};
      if (name == "region-name") return list<str>{tx.world().region};
      if (name == "opt-in-status") return list<str>{"opt-in-not-required"};
      if (name == "zone-type") return list<str>{"availability-zone"};
      return {};
    });
    if (!pass) fine = pass;
    if (!pass || !*pass || !asked_for(request.ZoneNames, row.zone)) return;
    result.AvailabilityZones->push_back({.OptInStatus = str("opt-in-not-required"),
                                         .RegionName = tx.world().region,
                                         .ZoneName = row.zone,
                                         .ZoneId = row.zone_id,
                                         .GroupName = tx.world().region,
                                         .NetworkBorderGroup = tx.world().region,
                                         .ZoneType = str("availability-zone"),
                                         .State = str("available")});
  });
  if (!fine) return std::unexpected(fine.error());
  std::ranges::sort(*result.AvailabilityZones, {}, [](const api::AvailabilityZone& z) { return *z.ZoneName; });
  return result;
}

}  // namespace utakata::ec2
