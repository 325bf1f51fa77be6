#include "balancer/lcu.hpp"

#include <algorithm>

namespace utakata::balancer {

double CapacityUnits::billed() const {
  return std::max({new_connections, active_connections, processed_bytes, rule_evaluations});
}

CapacityUnits consumed_lcus(const CapacityUse& use) {
  // One unit: 25 new connections a second, 3000 active ones a minute, 1 GB an hour or 0.4 GB of functions', 1000 rule
  // evaluations a second.
  constexpr double minute = 60, hour = 3600, gigabyte = 1e9, of_functions = 0.4;
  const double bytes = use.processed_bytes - use.function_bytes + use.function_bytes / of_functions;
  return {.new_connections = use.new_connections / use.seconds / 25,
          .active_connections = use.active_connections / (use.seconds / minute) / 3000,
          .processed_bytes = bytes / (use.seconds / hour) / gigabyte,
          .rule_evaluations = use.rule_evaluations / use.seconds / 1000};
}

}  // namespace utakata::balancer
