#pragma once

#include "base/outcome.hpp"
#include "services/ec2/api/network_interface.hpp"
#include "services/ec2/api/security_group_rule.hpp"
#include "services/ec2/api/vpc.hpp"
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

/// The row's key of the group with this id, or of this name in the default VPC. Fault InvalidGroup.NotFound.
Outcome<Key> find_group(Tx&, const opt<str>& id, const opt<str>& name);

}  // namespace utakata::ec2
