#pragma once

namespace utakata::balancer {

/// What a load balancer did within some time.
struct CapacityUse {
  double seconds = 60;
  double new_connections = 0;     // of clients
  double active_connections = 0;  // of clients, that there were at any time within it
  double processed_bytes = 0;     // of requests and answers
  double rule_evaluations = 0;    // beyond the ten of each request that are free
};

/// Rules that are evaluated for each request without being billed.
inline constexpr int free_rules = 10;

/// The load balancer capacity units of AWS's bill: the largest of the four, each as a share of what one unit holds.
double consumed_lcus(const CapacityUse&);

}  // namespace utakata::balancer
