#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"

// What other services may ask of Elastic Load Balancing, and the facts it publishes.
//
// Fact "target_health": key = world + target group ARN, body = "ADDRESS:PORT". Published whenever a target's state
// changes, including the end of its draining (it is then not registered any more).
//
// Fact "target_group_wanted": key = world + target group ARN, body = how many requests the data path holds for it, as
// it has no healthy target. Published when the first is held, and with "0" when none is any more: whoever can start
// targets does. The event "Target Group Wanted" of source "utakata.elasticloadbalancing" says the first to the event
// bus.
namespace utakata::elb {

inline constexpr std::string_view target_group_wanted = "target_group_wanted";

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
  i32 requests_held = 0;  // that wait for a healthy target (utakata.hold.seconds)
};

/// Fault TargetGroupNotFound.
Outcome<TargetGroupView> target_group(const Tx&, const World&, std::string_view target_group_arn);
/// Registering a draining target cancels the draining. Fault TargetGroupNotFound.
Outcome<> register_target(Tx&, const World&, std::string_view target_group_arn, const str& address, i32 port);
/// Begins the deregistration delay; an unknown target is no error.
void deregister_target(Tx&, const World&, std::string_view target_group_arn, const str& address, i32 port);
TargetView target(const Tx&, const World&, std::string_view target_group_arn, const str& address, i32 port);

}  // namespace utakata::elb
