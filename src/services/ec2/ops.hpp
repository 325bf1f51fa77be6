#pragma once

#include "base/outcome.hpp"
#include "services/ec2/api/gateway.hpp"
#include "services/ec2/api/network_interface.hpp"
#include "services/ec2/api/route_table.hpp"
#include "services/ec2/api/security_group_rule.hpp"
#include "services/ec2/api/vpc.hpp"
#include "services/ec2/api/vpc_change.hpp"
#include "services/ec2/api/zone.hpp"
#include "services/ec2/state.hpp"

namespace utakata::ec2 {

Outcome<api::DescribeVpcsResult> describe_vpcs(Tx&, const api::DescribeVpcsRequest&);
Outcome<api::DescribeSubnetsResult> describe_subnets(Tx&, const api::DescribeSubnetsRequest&);
Outcome<api::DescribeNetworkInterfacesResult> describe_network_interfaces(Tx&,
                                                                          const api::DescribeNetworkInterfacesRequest&);
Outcome<api::DescribeAvailabilityZonesResult> describe_availability_zones(Tx&,
                                                                          const api::DescribeAvailabilityZonesRequest&);
Outcome<api::DescribeRegionsResult> describe_regions(Tx&, const api::DescribeRegionsRequest&);
Outcome<api::CreateTagsResult> create_tags(Tx&, const api::CreateTagsRequest&);
Outcome<api::DeleteTagsResult> delete_tags(Tx&, const api::DeleteTagsRequest&);
Outcome<api::DescribeTagsResult> describe_tags(Tx&, const api::DescribeTagsRequest&);

Outcome<api::DescribeSecurityGroupsResult> describe_security_groups(Tx&, const api::DescribeSecurityGroupsRequest&);
Outcome<api::CreateSecurityGroupResult> create_security_group(Tx&, const api::CreateSecurityGroupRequest&);
Outcome<api::DeleteSecurityGroupResult> delete_security_group(Tx&, const api::DeleteSecurityGroupRequest&);
Outcome<api::DescribeSecurityGroupRulesResult> describe_security_group_rules(
    Tx&, const api::DescribeSecurityGroupRulesRequest&);
Outcome<api::AuthorizeSecurityGroupIngressResult> authorize_ingress(Tx&,
                                                                    const api::AuthorizeSecurityGroupIngressRequest&);
Outcome<api::RevokeSecurityGroupIngressResult> revoke_ingress(Tx&, const api::RevokeSecurityGroupIngressRequest&);
Outcome<api::AuthorizeSecurityGroupEgressResult> authorize_egress(Tx&, const api::AuthorizeSecurityGroupEgressRequest&);
Outcome<api::RevokeSecurityGroupEgressResult> revoke_egress(Tx&, const api::RevokeSecurityGroupEgressRequest&);

Outcome<api::CreateVpcResult> create_vpc(Tx&, const api::CreateVpcRequest&);
Outcome<api::DeleteVpcResult> delete_vpc(Tx&, const api::DeleteVpcRequest&);
Outcome<api::ModifyVpcAttributeResult> modify_vpc_attribute(Tx&, const api::ModifyVpcAttributeRequest&);
Outcome<api::DescribeVpcAttributeResult> describe_vpc_attribute(Tx&, const api::DescribeVpcAttributeRequest&);
Outcome<api::CreateSubnetResult> create_subnet(Tx&, const api::CreateSubnetRequest&);
Outcome<api::DeleteSubnetResult> delete_subnet(Tx&, const api::DeleteSubnetRequest&);
Outcome<api::ModifySubnetAttributeResult> modify_subnet_attribute(Tx&, const api::ModifySubnetAttributeRequest&);
Outcome<api::CreateInternetGatewayResult> create_internet_gateway(Tx&, const api::CreateInternetGatewayRequest&);
Outcome<api::AttachInternetGatewayResult> attach_internet_gateway(Tx&, const api::AttachInternetGatewayRequest&);
Outcome<api::DetachInternetGatewayResult> detach_internet_gateway(Tx&, const api::DetachInternetGatewayRequest&);
Outcome<api::DeleteInternetGatewayResult> delete_internet_gateway(Tx&, const api::DeleteInternetGatewayRequest&);
Outcome<api::DescribeInternetGatewaysResult> describe_internet_gateways(Tx&,
                                                                        const api::DescribeInternetGatewaysRequest&);
Outcome<api::CreateNatGatewayResult> create_nat_gateway(Tx&, const api::CreateNatGatewayRequest&);
Outcome<api::DeleteNatGatewayResult> delete_nat_gateway(Tx&, const api::DeleteNatGatewayRequest&);
Outcome<api::DescribeNatGatewaysResult> describe_nat_gateways(Tx&, const api::DescribeNatGatewaysRequest&);
Outcome<api::AllocateAddressResult> allocate_address(Tx&, const api::AllocateAddressRequest&);
Outcome<api::ReleaseAddressResult> release_address(Tx&, const api::ReleaseAddressRequest&);
Outcome<api::DescribeAddressesResult> describe_addresses(Tx&, const api::DescribeAddressesRequest&);
Outcome<api::CreateRouteTableResult> create_route_table(Tx&, const api::CreateRouteTableRequest&);
Outcome<api::DeleteRouteTableResult> delete_route_table(Tx&, const api::DeleteRouteTableRequest&);
Outcome<api::DescribeRouteTablesResult> describe_route_tables(Tx&, const api::DescribeRouteTablesRequest&);
Outcome<api::CreateRouteResult> create_route(Tx&, const api::CreateRouteRequest&);
Outcome<api::ReplaceRouteResult> replace_route(Tx&, const api::ReplaceRouteRequest&);
Outcome<api::DeleteRouteResult> delete_route(Tx&, const api::DeleteRouteRequest&);
Outcome<api::AssociateRouteTableResult> associate_route_table(Tx&, const api::AssociateRouteTableRequest&);
Outcome<api::DisassociateRouteTableResult> disassociate_route_table(Tx&, const api::DisassociateRouteTableRequest&);

api::Vpc view(const Tx&, const VpcRow&);
api::Subnet view(const Tx&, const SubnetRow&);

/// The row's key of the group with this id, or of this name in the default VPC. Fault InvalidGroup.NotFound.
Outcome<Key> find_group(Tx&, const opt<str>& id, const opt<str>& name);

}  // namespace utakata::ec2
