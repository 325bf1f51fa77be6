#pragma once

#include <functional>
#include <optional>

#include "services/ec2/state.hpp"

namespace utakata::ec2 {

Outcome<api::DescribeVpcsResult> describe_vpcs(Tx&, const api::DescribeVpcsRequest&);
Outcome<api::DescribeSubnetsResult> describe_subnets(Tx&, const api::DescribeSubnetsRequest&);
Outcome<api::DescribeNetworkInterfacesResult> describe_network_interfaces(Tx&,
                                                                          const api::DescribeNetworkInterfacesRequest&);
Outcome<api::DescribeAvailabilityZonesResult> describe_availability_zones(Tx&,
                                                                          const api::DescribeAvailabilityZonesRequest&);
Outcome<api::DescribeSecurityGroupsResult> describe_security_groups(Tx&, const api::DescribeSecurityGroupsRequest&);
Outcome<api::CreateSecurityGroupResult> create_security_group(Tx&, const api::CreateSecurityGroupRequest&);
Outcome<api::DeleteSecurityGroupResult> delete_security_group(Tx&, const api::DeleteSecurityGroupRequest&);
Outcome<api::AuthorizeSecurityGroupIngressResult> authorize_ingress(Tx&,
                                                                    const api::AuthorizeSecurityGroupIngressRequest&);
Outcome<api::RevokeSecurityGroupIngressResult> revoke_ingress(Tx&, const api::RevokeSecurityGroupIngressRequest&);
Outcome<api::AuthorizeSecurityGroupEgressResult> authorize_egress(Tx&, const api::AuthorizeSecurityGroupEgressRequest&);
Outcome<api::RevokeSecurityGroupEgressResult> revoke_egress(Tx&, const api::RevokeSecurityGroupEgressRequest&);

/// True if every filter has one of its values among `values_of(name)`. Fault InvalidParameterValue for a filter that is
/// not known.
using ValuesOf = std::function<std::optional<list<str>>(std::string_view name)>;
Outcome<bool> passes(const opt<list<api::Filter>>& filters, const ValuesOf&);

}  // namespace utakata::ec2
