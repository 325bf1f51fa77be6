#include "services/ec2/module.hpp"

#include <array>

#include "core/report.hpp"
#include "services/ec2/network.hpp"
#include "services/ec2/ops.hpp"
#include "services/ec2/routes.hpp"

namespace utakata::ec2 {
namespace {

// Every operation can be tried out: with DryRun it is performed and then refused, so that nothing of it stays.
template <auto Handler>
struct Tried;
template <class Request, class Result, Outcome<Result> (*Handler)(Tx&, const Request&)>
struct Tried<Handler> {
  static Outcome<Result> call(Tx& tx, const Request& request) {
    Outcome<Result> result = Handler(tx, request);
    if (result && request.DryRun.value_or(false))
      return refuse("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
    return result;
  }
};

template <auto Handler>
constexpr Operation served(std::string_view name) {
  return operation<Tried<Handler>::call>(name);
}

constexpr std::array protocols{wire::Protocol::ec2};
constexpr std::array operations{
    served<describe_vpcs>("DescribeVpcs"),
    served<describe_subnets>("DescribeSubnets"),
    served<describe_network_interfaces>("DescribeNetworkInterfaces"),
    served<describe_availability_zones>("DescribeAvailabilityZones"),
    served<describe_regions>("DescribeRegions"),
    served<create_tags>("CreateTags"),
    served<delete_tags>("DeleteTags"),
    served<describe_tags>("DescribeTags"),
    served<describe_security_groups>("DescribeSecurityGroups"),
    served<create_security_group>("CreateSecurityGroup"),
    served<delete_security_group>("DeleteSecurityGroup"),
    served<describe_security_group_rules>("DescribeSecurityGroupRules"),
    served<authorize_ingress>("AuthorizeSecurityGroupIngress"),
    served<revoke_ingress>("RevokeSecurityGroupIngress"),
    served<authorize_egress>("AuthorizeSecurityGroupEgress"),
    served<revoke_egress>("RevokeSecurityGroupEgress"),
    served<create_vpc>("CreateVpc"),
    served<delete_vpc>("DeleteVpc"),
    operation<modify_vpc_attribute>("ModifyVpcAttribute"),
    served<describe_vpc_attribute>("DescribeVpcAttribute"),
    served<create_subnet>("CreateSubnet"),
    served<delete_subnet>("DeleteSubnet"),
    operation<modify_subnet_attribute>("ModifySubnetAttribute"),
    served<create_internet_gateway>("CreateInternetGateway"),
    served<attach_internet_gateway>("AttachInternetGateway"),
    served<detach_internet_gateway>("DetachInternetGateway"),
    served<delete_internet_gateway>("DeleteInternetGateway"),
    served<describe_internet_gateways>("DescribeInternetGateways"),
    served<create_nat_gateway>("CreateNatGateway"),
    served<delete_nat_gateway>("DeleteNatGateway"),
    served<describe_nat_gateways>("DescribeNatGateways"),
    served<allocate_address>("AllocateAddress"),
    served<release_address>("ReleaseAddress"),
    served<describe_addresses>("DescribeAddresses"),
    served<create_route_table>("CreateRouteTable"),
    served<delete_route_table>("DeleteRouteTable"),
    served<describe_route_tables>("DescribeRouteTables"),
    served<create_route>("CreateRoute"),
    served<replace_route>("ReplaceRoute"),
    served<delete_route>("DeleteRoute"),
    served<associate_route_table>("AssociateRouteTable"),
    served<disassociate_route_table>("DisassociateRouteTable"),
};

}  // namespace

const wire::Service service{.name = "ec2",
                            .version = "2016-11-15",
                            .xml_namespace = "http://ec2.amazonaws.com/doc/2016-11-15/",
                            .protocols = protocols,
                            .operations = operations};

void declare(Schema& schema) {
  schema.table<VpcRow>();
  schema.table<SubnetRow>();
  schema.table<SecurityGroupRow>();
  schema.table<SecurityGroupRuleRow>({.indexes = {[](const SecurityGroupRuleRow& row) { return row.group_id; }}});
  schema.table<InterfaceRow>({.indexes = {[](const InterfaceRow& row) { return row.subnet_id; }}});
  schema.table<TagRow>();
  schema.table<InternetGatewayRow>();
  schema.table<RouteTableRow>();
  schema.table<NatGatewayRow>();
  schema.table<AddressRow>();
  schema.table<PublicAddressRow>();
  schema.table<PublicBlockRow>();
  schema.table<BegunRow>();
  schema.report(report_kind<PublicBlockReport>, take_public_block);
  schema.on_recover(tell_everything);
}

}  // namespace utakata::ec2
