#pragma once

#include <string>

#include "balancer/raw_fixture_test.hpp"

namespace utakata::balancer::raw {

/// The access log's lines go into `lines`; all of them are there when the balancer has ended.
inline Settings logging(std::string& lines) {
  Settings settings{.cookie_secret = cookie_secret};
  settings.access_logs.also = [&lines](const LogSource&, const std::string& more) { lines += more; };
  return settings;
}

/// What is counted of the bench's load balancer and of its target group.
inline std::pair<i64, i64> counted(const Bench& bench, Measure measure) {
  std::pair<i64, i64> counts;
  for (const auto& meter : bench.balancer().meters())
    (meter->target_group.empty() ? counts.first : counts.second) += meter->get(measure);
  return counts;
}

/// The count of the load balancer itself, once it has reached `least`.
inline i64 measured(Balancer& balancer, Measure measure, i64 least) {
  i64 count = 0;
  for (int i = 0; i < 3000; ++i) {
    for (const auto& meter : balancer.meters())
      if (meter->target_group.empty()) count = meter->get(measure);
    if (count >= least) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return count;
}

}  // namespace utakata::balancer::raw
