#pragma once

#include "base/outcome.hpp"
#include "services/ec2/api/security_group_rule.hpp"
#include "services/ec2/state.hpp"

// Permissions, as callers write them, and rules, as they are kept: one permission is as many rules as it has peers.
namespace utakata::ec2 {

/// The rules that these permissions say, without ids. Faults: a protocol, range of ports, block of addresses or group
/// that is none; no peer; the same rule twice.
Outcome<list<SecurityGroupRuleRow>> rules_of(const Tx&, const SecurityGroupRow&, bool egress,
                                             const list<api::IpPermission>&);
/// The permissions that these rules make up, those with the same protocol and ports together.
list<api::IpPermission> permissions_of(const World&, list<SecurityGroupRuleRow>);

/// True if they let the same through.
bool same_rule(const SecurityGroupRuleRow&, const SecurityGroupRuleRow&);
/// "peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW", as AWS's faults name a rule.
str description_of(const SecurityGroupRuleRow&);

}  // namespace utakata::ec2
