#pragma once

#include "base/outcome.hpp"

// Elastic Load Balancing's refusals, in its words (the API's own errors of 2015-12-01).
namespace utakata::elb {

inline auto invalid(std::string message) { return refuse("ValidationError", std::move(message)); }
inline auto load_balancer_not_found() { return refuse("LoadBalancerNotFound", "One or more load balancers not found"); }
inline auto listener_not_found() { return refuse("ListenerNotFound", "One or more listeners not found"); }
inline auto rule_not_found() { return refuse("RuleNotFound", "One or more rules not found"); }
inline auto target_group_not_found() { return refuse("TargetGroupNotFound", "One or more target groups not found"); }

}  // namespace utakata::elb
