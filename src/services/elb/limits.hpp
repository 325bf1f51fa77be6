#pragma once

#include <cstddef>

// AWS's default quotas of load balancing, and the limits of its requests. DescribeAccountLimits shows the quotas.
namespace utakata::elb::limits {

inline constexpr std::size_t load_balancers = 50;  // of an account in a region
inline constexpr std::size_t target_groups = 3000;
inline constexpr std::size_t listeners_of_balancer = 50;
inline constexpr std::size_t certificates_of_balancer = 25;  // its listeners' default ones not counted
inline constexpr std::size_t rules_of_balancer = 100;        // its listeners' default rules not counted
inline constexpr std::size_t groups_of_balancer = 100;
inline constexpr std::size_t groups_of_action = 5;
inline constexpr std::size_t targets_of_group = 1000;
inline constexpr std::size_t values_of_rule = 5;  // in all its conditions
inline constexpr std::size_t wildcards_of_rule = 5;
inline constexpr std::size_t tags_of_resource = 50;

}  // namespace utakata::elb::limits
