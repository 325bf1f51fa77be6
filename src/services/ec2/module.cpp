#include "services/ec2/module.hpp"

#include <array>

#include "services/ec2/ops.hpp"

namespace utakata::ec2 {
namespace {

constexpr std::array protocols{wire::Protocol::ec2};
constexpr std::array operations{
    operation<describe_vpcs>("DescribeVpcs"),
    operation<describe_subnets>("DescribeSubnets"),
    operation<describe_network_interfaces>("DescribeNetworkInterfaces"),
    operation<describe_availability_zones>("DescribeAvailabilityZones"),
    operation<describe_security_groups>("DescribeSecurityGroups"),
    operation<create_security_group>("CreateSecurityGroup"),
    operation<delete_security_group>("DeleteSecurityGroup"),
    operation<authorize_ingress>("AuthorizeSecurityGroupIngress"),
    operation<revoke_ingress>("RevokeSecurityGroupIngress"),
    operation<authorize_egress>("AuthorizeSecurityGroupEgress"),
    operation<revoke_egress>("RevokeSecurityGroupEgress"),
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
  schema.table<InterfaceRow>({.indexes = {[](const InterfaceRow& row) { return row.subnet_id; }}});
}

}  // namespace utakata::ec2
