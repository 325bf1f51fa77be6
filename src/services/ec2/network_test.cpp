#include "services/ec2/network.hpp"

#include <doctest/doctest.h>

#include "services/ec2/fixture_test.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::ec2;  // NOLINT: a test
using test::Bench;

namespace {

// What a team makes by hand: a VPC, a public and a private subnet, and what leads out of them.
struct Network : Bench {
  str vpc, open_subnet, closed_subnet, gateway;

  Network() {
    vpc = *made<api::CreateVpcResult>("CreateVpc", api::CreateVpcRequest{.CidrBlock = str("10.0.0.0/16")}).Vpc->VpcId;
    open_subnet = subnet("10.0.0.0/24");
    closed_subnet = subnet("10.0.1.0/24");
    gateway = *made<api::CreateInternetGatewayResult>("CreateInternetGateway", api::CreateInternetGatewayRequest{})
                   .InternetGateway->InternetGatewayId;
  }
  template <class Result, class Request>
  Result made(std::string_view name, const Request& request) {
    const auto result = call<Result>(name, request);
    REQUIRE_MESSAGE(result, (result ? str() : result.error().message));
    return *result;
  }
  str subnet(const str& cidr) {
    return *made<api::CreateSubnetResult>("CreateSubnet", api::CreateSubnetRequest{.CidrBlock = cidr, .VpcId = vpc})
                .Subnet->SubnetId;
  }
  void attach() {
    made<api::AttachInternetGatewayResult>(
        "AttachInternetGateway", api::AttachInternetGatewayRequest{.InternetGatewayId = gateway, .VpcId = vpc});
  }
  str table_with(const str& subnet_id, const api::CreateRouteRequest& route) {
    const str table = *made<api::CreateRouteTableResult>("CreateRouteTable", api::CreateRouteTableRequest{.VpcId = vpc})
                           .RouteTable->RouteTableId;
    api::CreateRouteRequest request = route;
    request.RouteTableId = table;
    request.DestinationCidrBlock = str("0.0.0.0/0");
    made<api::CreateRouteResult>("CreateRoute", request);
    made<api::AssociateRouteTableResult>("AssociateRouteTable",
                                         api::AssociateRouteTableRequest{.SubnetId = subnet_id, .RouteTableId = table});
    return table;
  }
  /// The last change that the hosts were told.
  ChangeVpc told() const {
    for (auto at = step.effects.rbegin(); at != step.effects.rend(); ++at)
      if (const auto* change = std::get_if<ChangeVpc>(&*at)) return *change;
    return {};
  }
  list<str> ways(const str& subnet_id, bool public_address) {
    REQUIRE(create_interface(subnet_id, {}, public_address));
    return told().interfaces.at(0).outward;
  }
};

}  // namespace

TEST_CASE("ec2 network: a subnet leads out by an internet gateway for those who have a public address") {
  Network net;
  CHECK(net.ways(net.open_subnet, true).empty());
  net.attach();
  CHECK(net.ways(net.open_subnet, true).empty());  // no route yet
  net.table_with(net.open_subnet, {.GatewayId = net.gateway});
  CHECK(net.told().interfaces.size() == 2);  // those that are there hear of it at once
  CHECK(net.ways(net.open_subnet, true) == list<str>{"0.0.0.0/0"});
  CHECK(net.ways(net.open_subnet, false).empty());
  CHECK(net.ways(net.closed_subnet, true).empty());
}

TEST_CASE("ec2 network: a private subnet leads out by a NAT gateway that stands in a public one") {
  Network net;
  net.attach();
  const str address =
      *net.made<api::AllocateAddressResult>("AllocateAddress", api::AllocateAddressRequest{}).AllocationId;
  const auto nat = net.made<api::CreateNatGatewayResult>(
      "CreateNatGateway", api::CreateNatGatewayRequest{.AllocationId = address, .SubnetId = net.open_subnet});
  CHECK(nat.NatGateway->State == str("pending"));
  const str id = *nat.NatGateway->NatGatewayId;
  const str table = net.table_with(net.closed_subnet, {.NatGatewayId = id});
  CHECK(net.ways(net.closed_subnet, false).empty());  // the NAT gateway itself cannot get out
  net.table_with(net.open_subnet, {.GatewayId = net.gateway});
  CHECK(net.ways(net.closed_subnet, false) == list<str>{"0.0.0.0/0"});
  CHECK(net.refused<api::ReleaseAddressResult>("ReleaseAddress", api::ReleaseAddressRequest{.AllocationId = address})
            .code == "InvalidIPAddress.InUse");
  net.made<api::DeleteNatGatewayResult>("DeleteNatGateway", api::DeleteNatGatewayRequest{.NatGatewayId = id});
  CHECK(net.told().interfaces.at(0).outward.empty());
  const auto tables = net.made<api::DescribeRouteTablesResult>(
      "DescribeRouteTables", api::DescribeRouteTablesRequest{.RouteTableIds = list<str>{table}});
  CHECK(tables.RouteTables->front().Routes->back().State == str("blackhole"));
}

TEST_CASE("ec2 network: blocks of addresses that do not fit are refused in AWS's words") {
  Network net;
  const auto vpc = [&](const str& cidr) {
    return net.refused<api::CreateVpcResult>("CreateVpc", api::CreateVpcRequest{.CidrBlock = cidr}).message;
  };
  CHECK(vpc("10.0.0.0/8") == "The CIDR '10.0.0.0/8' is invalid.");
  CHECK(vpc("10.0.0.1/16") ==
        "Value (10.0.0.1/16) for parameter cidrBlock is invalid. This is not a valid CIDR block.");
  const auto subnet = [&](const str& cidr) {
    return net.refused<api::CreateSubnetResult>("CreateSubnet",
                                                api::CreateSubnetRequest{.CidrBlock = cidr, .VpcId = net.vpc});
  };
  CHECK(subnet("10.1.0.0/24").code == "InvalidSubnet.Range");
  CHECK(subnet("10.0.0.128/25").message == "The CIDR '10.0.0.128/25' conflicts with another subnet");
  CHECK(net.refused<api::CreateSubnetResult>("CreateSubnet", api::CreateSubnetRequest{.AvailabilityZone = str("x"),
                                                                                      .CidrBlock = str("10.0.9.0/24"),
                                                                                      .VpcId = net.vpc})
            .code == "InvalidParameterValue");
}

TEST_CASE("ec2 network: what is in use cannot be deleted, and goes when it is not") {
  Network net;
  const auto delete_vpc = [&] {
    return net.refused<api::DeleteVpcResult>("DeleteVpc", api::DeleteVpcRequest{.VpcId = net.vpc}).code;
  };
  const str interface = net.create_interface(net.open_subnet)->id;
  CHECK(net.refused<api::DeleteSubnetResult>("DeleteSubnet", api::DeleteSubnetRequest{.SubnetId = net.open_subnet})
            .code == "DependencyViolation");
  net.delete_interface(interface);
  CHECK(delete_vpc() == "DependencyViolation");
  for (const str& id : {net.open_subnet, net.closed_subnet})
    net.made<api::DeleteSubnetResult>("DeleteSubnet", api::DeleteSubnetRequest{.SubnetId = id});
  CHECK(delete_vpc() == "none");
  CHECK(net.told().removed);
  CHECK(net.told().vpc_id == net.vpc);
}

TEST_CASE("ec2 network: the hosts hear of groups, rules and members as they change") {
  Network net;
  const str group = net.create_group("web");
  CHECK(net.told().groups.at(0).rules.size() == 1);
  api::AuthorizeSecurityGroupIngressRequest request{.GroupId = group};
  request.IpPermissions.ensure_value().push_back({.IpProtocol = str("tcp"), .FromPort = 80, .ToPort = 80});
  request.IpPermissions->back().IpRanges.ensure_value().push_back({.CidrIp = str("10.0.0.0/8")});
  net.made<api::AuthorizeSecurityGroupIngressResult>("AuthorizeSecurityGroupIngress", request);
  CHECK(net.told().groups.at(0).rules.size() == 2);
  net.made<api::RevokeSecurityGroupIngressResult>(
      "RevokeSecurityGroupIngress",
      api::RevokeSecurityGroupIngressRequest{.GroupId = group, .IpPermissions = *request.IpPermissions});
  CHECK(net.told().groups.at(0).rules.size() == 1);
  const str interface = net.create_interface(net.open_subnet, {group}, true)->id;
  CHECK(net.told().interfaces.at(0).groups == list<str>{group});
  CHECK(net.told().interfaces.at(0).public_address.starts_with("127."));
  net.delete_interface(interface);
  CHECK(net.told().removed_interfaces == list<str>{interface});
}

TEST_CASE("ec2 network: after a restart everything is told once more, as it is") {
  Network net;
  net.create_interface(net.open_subnet);
  net.step = net.machine.step(net.now, Recovered{});
  REQUIRE(net.step.effects.size() == 1);
  const auto& all = std::get<ConfigureVpcs>(net.step.effects[0]);
  REQUIRE(all.vpcs.size() == 2);  // the default VPC and ours
  for (const VpcConfig& vpc : all.vpcs) {
    CHECK(vpc.groups.size() == 1);
    CHECK(vpc.interfaces.size() == (vpc.id == net.vpc ? 1U : 0U));
  }
}
