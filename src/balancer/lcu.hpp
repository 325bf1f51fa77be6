#pragma once

namespace utakata::balancer {

/// What a load balancer did within some time.
struct CapacityUse {
  double seconds = 60;
  double new_connections = 0;     // of clients
  double active_connections = 0;  // of clients, that there were at any time within it
  double processed_bytes = 0;     // of requests and answers
  double function_bytes = 0;      // of those what functions got and gave
  double rule_evaluations = 0;    // beyond the ten of each request that are free
};

/// Rules that are evaluated for each request without being billed.
inline constexpr int free_rules = 10;

/// How many load balancer capacity units each dimension of AWS's bill takes; the largest is billed.
struct CapacityUnits {
  double new_connections = 0, active_connections = 0, processed_bytes = 0, rule_evaluations = 0;
  [[nodiscard]] double billed() const;
};
CapacityUnits consumed_lcus(const CapacityUse&);

}  // namespace utakata::balancer
