#pragma once

#include <string_view>

#include "core/balancer_config.hpp"
#include "core/report.hpp"

// The health of one target, without sockets: the balancer and the simulator feed it the results of checks.
namespace utakata::balancer {

/// What one check came to.
struct CheckResult {
  enum class Kind : std::uint8_t { answered, timed_out, failed } kind = Kind::failed;
  int status = 0;  // of an answer
};

/// AWS's states: a new target is healthy after one success; an unhealthy one after healthy_threshold of them; any
/// target is unhealthy after unhealthy_threshold failures in a row.
class TargetHealth {
 public:
  /// True if what would be reported has changed.
  bool take(const HealthCheckRule&, CheckResult);
  [[nodiscard]] bool healthy() const { return state_ == State::healthy; }
  [[nodiscard]] bool initial() const { return state_ == State::initial; }
  [[nodiscard]] TargetHealthReport report(const str& target_group_arn, const str& address, i32 port) const;

 private:
  enum class State : std::uint8_t { initial, healthy, unhealthy } state_ = State::initial;
  int successes_ = 0;
  int failures_ = 0;
  CheckResult last_;
};

/// "200", "200,202", "200-299".
bool matches(std::string_view matcher, int status);

}  // namespace utakata::balancer
