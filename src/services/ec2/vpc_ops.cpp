#include <array>

#include "services/ec2/describe.hpp"
#include "services/ec2/ops.hpp"
#include "services/ec2/public.hpp"

namespace utakata::ec2 {
namespace {

constexpr std::array vpc_filters{
    FilterRule<VpcRow>{"vpc-id", [](const Tx&, const VpcRow& row) { return list<str>{row.id}; }},
    FilterRule<VpcRow>{"is-default", [](const Tx&, const VpcRow& row) { return list<str>{yes_or_no(row.is_default)}; }},
    FilterRule<VpcRow>{"isDefault", [](const Tx&, const VpcRow& row) { return list<str>{yes_or_no(row.is_default)}; }},
    FilterRule<VpcRow>{"cidr", [](const Tx&, const VpcRow& row) { return list<str>{row.cidr}; }},
    FilterRule<VpcRow>{"cidr-block-association.cidr-block",
                       [](const Tx&, const VpcRow& row) { return list<str>{row.cidr}; }},
    FilterRule<VpcRow>{"dhcp-options-id", [](const Tx&, const VpcRow& row) { return list<str>{row.dhcp_options_id}; }},
    FilterRule<VpcRow>{"state", [](const Tx&, const VpcRow&) { return list<str>{"available"}; }},
    FilterRule<VpcRow>{"owner-id", [](const Tx& tx, const VpcRow&) { return list<str>{tx.world().account}; }}};

list<str> zone_of(const Tx&, const SubnetRow& row) { return {row.zone}; }
list<str> cidr_of(const Tx&, const SubnetRow& row) { return {row.cidr}; }
list<str> default_for_zone(const Tx&, const SubnetRow& row) { return {yes_or_no(row.default_for_zone)}; }

constexpr std::array subnet_filters{
    FilterRule<SubnetRow>{"subnet-id", [](const Tx&, const SubnetRow& row) { return list<str>{row.id}; }},
    FilterRule<SubnetRow>{"vpc-id", [](const Tx&, const SubnetRow& row) { return list<str>{row.vpc_id}; }},
    FilterRule<SubnetRow>{"availability-zone", zone_of},
    FilterRule<SubnetRow>{"availabilityZone", zone_of},
    FilterRule<SubnetRow>{"availability-zone-id",
                          [](const Tx&, const SubnetRow& row) { return list<str>{row.zone_id}; }},
    FilterRule<SubnetRow>{"default-for-az", default_for_zone},
    FilterRule<SubnetRow>{"defaultForAz", default_for_zone},
    FilterRule<SubnetRow>{"map-public-ip-on-launch",
                          [](const Tx&, const SubnetRow& row) { return list<str>{yes_or_no(row.map_public_address)}; }},
    FilterRule<SubnetRow>{"cidr-block", cidr_of},
    FilterRule<SubnetRow>{"cidrBlock", cidr_of},
    FilterRule<SubnetRow>{"cidr", cidr_of},
    FilterRule<SubnetRow>{"state", [](const Tx&, const SubnetRow&) { return list<str>{"available"}; }},
    FilterRule<SubnetRow>{
        "subnet-arn",
        [](const Tx& tx, const SubnetRow& row) { return list<str>{arn_of(tx.world(), "subnet", row.id)}; }},
    FilterRule<SubnetRow>{"owner-id", [](const Tx& tx, const SubnetRow&) { return list<str>{tx.world().account}; }}};

str by_zone(const SubnetRow& row) { return cat(row.zone, " ", row.id); }

}  // namespace

api::Vpc view(const Tx& tx, const VpcRow& row) {
  api::Vpc vpc{.OwnerId = tx.world().account,
               .InstanceTenancy = "default",
               .IsDefault = row.is_default,
               .VpcId = row.id,
               .State = "available",
               .CidrBlock = row.cidr,
               .DhcpOptionsId = row.dhcp_options_id};
  vpc.CidrBlockAssociationSet.ensure_value().push_back(
      {.AssociationId = "vpc-cidr-assoc-" + row.id.substr(4),
       .CidrBlock = row.cidr,
       .CidrBlockState = api::VpcCidrBlockState{.State = "associated"}});
  vpc.Tags = *tags_of(tx, tx.world(), row.id);
  return vpc;
}

api::Subnet view(const Tx& tx, const SubnetRow& row) {
  const auto used = static_cast<i64>(tx.where<InterfaceRow>(InterfaceRow::by_subnet, row.id).size());
  api::Subnet subnet{.AvailabilityZoneId = row.zone_id,
                     .OwnerId = tx.world().account,
                     .AssignIpv6AddressOnCreation = false,
                     .SubnetArn = arn_of(tx.world(), "subnet", row.id),
                     .SubnetId = row.id,
                     .State = "available",
                     .VpcId = row.vpc_id,
                     .CidrBlock = row.cidr,
                     .AvailableIpAddressCount = static_cast<i32>(usable_addresses(row.cidr).size() - used),
                     .AvailabilityZone = row.zone,
                     .DefaultForAz = row.default_for_zone,
                     .MapPublicIpOnLaunch = row.map_public_address};
  subnet.Tags = *tags_of(tx, tx.world(), row.id);
  return subnet;
}

Outcome<api::DescribeVpcsResult> describe_vpcs(Tx& tx, const api::DescribeVpcsRequest& request) {
  ensure_default_vpc(tx, tx.world());
  auto rows = TRY(rows_asked_for<VpcRow>(tx, "vpc/", kinds::vpc, request.VpcIds));
  rows = TRY(filtered(tx, std::move(rows), request.Filters, vpc_filters));
  auto page = TRY(wire::paginate(std::move(rows), by_id, page_rules("DescribeVpcs", request.MaxResults),
                                 request.NextToken, request.MaxResults));
  api::DescribeVpcsResult result{.NextToken = page.next, .Vpcs = list<api::Vpc>{}};
  for (const VpcRow& row : page.items) result.Vpcs->push_back(view(tx, row));
  return result;
}

Outcome<api::DescribeSubnetsResult> describe_subnets(Tx& tx, const api::DescribeSubnetsRequest& request) {
  ensure_default_vpc(tx, tx.world());
  auto rows = TRY(rows_asked_for<SubnetRow>(tx, "subnet/", kinds::subnet, request.SubnetIds));
  rows = TRY(filtered(tx, std::move(rows), request.Filters, subnet_filters));
  std::ranges::sort(rows, {}, by_zone);
  auto page = TRY(wire::paginate(std::move(rows), by_zone, page_rules("DescribeSubnets", request.MaxResults),
                                 request.NextToken, request.MaxResults));
  api::DescribeSubnetsResult result{.NextToken = page.next, .Subnets = list<api::Subnet>{}};
  for (const SubnetRow& row : page.items) result.Subnets->push_back(view(tx, row));
  return result;
}

}  // namespace utakata::ec2
