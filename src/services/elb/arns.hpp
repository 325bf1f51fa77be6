#pragma once

#include <optional>

#include "services/elb/state.hpp"

// What calls name by ARNs. An ARN that cannot be one of this account and region, or that names something of another
// kind, is not valid; one that could be, and is not there, is not found. AWS tells them apart likewise.
namespace utakata::elb {

enum class Resource : std::uint8_t { load_balancer, listener, rule, target_group };

/// Of what an ARN could be; nothing of any other text.
std::optional<Resource> resource_of_arn(const World&, std::string_view arn);
/// Fault ValidationError: "'foo' is not a valid load balancer ARN".
Outcome<> check_arn(const World&, std::string_view arn, Resource);

/// The row that an ARN names. Faults ValidationError, and LoadBalancerNotFound, ListenerNotFound, RuleNotFound or
/// TargetGroupNotFound.
Outcome<const LoadBalancerRow*> known_balancer(const Tx&, std::string_view arn);
Outcome<const ListenerRow*> known_listener(const Tx&, std::string_view arn);
Outcome<const RuleRow*> known_rule(const Tx&, std::string_view arn);
Outcome<const TargetGroupRow*> known_group(const Tx&, std::string_view arn);

}  // namespace utakata::elb
