#include "balancer/lcu.hpp"

#include <algorithm>

namespace utakata::balancer {

double consumed_lcus(const CapacityUse& use) {
  // One unit: 25 new connections a second, 3000 active ones a minute, 1 GB an hour, 1000 rule evaluations a second.
  constexpr double minute = 60, hour = 3600, gigabyte = 1e9;
  return std::max({use.new_connections / use.seconds / 25, use.active_connections / (use.seconds / minute) / 3000,
                   use.processed_bytes / (use.seconds / hour) / gigabyte, use.rule_evaluations / use.seconds / 1000});
}

}  // namespace utakata::balancer
