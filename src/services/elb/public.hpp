#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"

// What other services may ask of Elastic Load Balancing, and the facts it publishes.
//
// Fact "target_health": key = world + target group ARN, body = "ADDRESS:PORT". Published whenever a target's state
// changes, including the end of its draining (it is then not registered any more).
namespace utakata::elb {

/// States as DescribeTargetHealth says them; "" = not registered.
struct TargetView {
  str state;   // initial, healthy, unhealthy, unused, draining
  str reason;  // Target.Timeout, ...
  str description;
  str zone;           // empty: all
  bool idle = false;  // draining, and nothing is in flight any more
  bool anomalous = false, mitigated = false;
};

struct TargetGroupView {
  str arn, name, vpc_id, target_type, protocol;
  i32 deregistration_delay_seconds = 300;
  bool has_load_balancer = false;
};

/// Fault TargetGroupNotFound.
Outcome<TargetGroupView> target_group(const Tx&, const World&, std::string_view target_group_arn);
/// Registering a draining target cancels the draining. Fault TargetGroupNotFound.
Outcome<> register_target(Tx&, const World&, std::string_view target_group_arn, const str& address, i32 port);
/// Begins the deregistration delay; an unknown target is no error.
void deregister_target(Tx&, const World&, std::string_view target_group_arn, const str& address, i32 port);
TargetView target(const Tx&, const World&, std::string_view target_group_arn, const str& address, i32 port);

}  // namespace utakata::elb
