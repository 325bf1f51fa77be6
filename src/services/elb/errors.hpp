#pragma once

#include "base/outcome.hpp"
#include "base/text.hpp"

// Elastic Load Balancing's refusals, in its words (the API's own errors of 2015-12-01).
namespace utakata::elb {

inline auto invalid(std::string message) { return refuse("ValidationError", std::move(message)); }
/// `member` as "actions.1.member.redirectConfig.host", `constraint` as "Member must ...".
template <class Value>
auto violates(const Value& value, std::string_view member, std::string_view constraint) {
  return invalid(cat("1 validation error detected: Value '", value, "' at '", member,
                     "' failed to satisfy constraint: ", constraint));
}
inline Outcome<> within(std::int64_t value, std::int64_t least, std::int64_t most, std::string_view member) {
  if (value < least) return violates(value, member, cat("Member must have value greater than or equal to ", least));
  if (value > most) return violates(value, member, cat("Member must have value less than or equal to ", most));
  return {};
}
inline Outcome<> length_within(std::string_view value, std::size_t least, std::size_t most, std::string_view member) {
  if (value.size() < least)
    return violates(value, member, cat("Member must have length greater than or equal to ", least));
  if (value.size() > most) return violates(value, member, cat("Member must have length less than or equal to ", most));
  return {};
}
inline auto load_balancer_not_found() { return refuse("LoadBalancerNotFound", "One or more load balancers not found"); }
inline auto listener_not_found() { return refuse("ListenerNotFound", "One or more listeners not found"); }
inline auto rule_not_found() { return refuse("RuleNotFound", "One or more rules not found"); }
inline auto target_group_not_found() { return refuse("TargetGroupNotFound", "One or more target groups not found"); }

}  // namespace utakata::elb
