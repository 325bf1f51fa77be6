#pragma once

#include <string_view>

#include "core/balancer_config.hpp"
#include "core/report.hpp"

// The health of one target, without sockets: the balancer and the simulator feed it the results of checks.
namespace utakata::balancer {

/// What one check came to.
struct CheckResult {
  enum class Kind : std::uint8_t {
    connected,  // a check by TCP, which asks nothing more: good
    answered,
    timed_out,
    failed,
  } kind = Kind::failed;
  int status = 0;  // of an answer

  [[nodiscard]] bool good(const HealthCheckRule&) const;
};

/// How often a target that has never passed a check is looked at, so that a start is not rounded up to the interval.
inline constexpr i32 initial_interval_seconds = 1;

/// AWS's states: a new target is healthy after one success, or after healthy_threshold ones if it has to pass all of
/// its first checks; an unhealthy one after healthy_threshold of them; any target is unhealthy after
/// unhealthy_threshold failures in a row. The frequent first checks count by the time that they fill, as many failures
/// as there are intervals in it, else a container that takes longer to start than they do would begin as unhealthy.
class TargetHealth {
 public:
  /// True if what would be reported has changed. `took`: from the check's beginning to its result.
  bool take(const HealthCheckRule&, CheckResult, Duration took = {});
  [[nodiscard]] bool healthy() const { return state_ == State::healthy; }
  /// From one check to the next.
  [[nodiscard]] i32 interval_seconds(const HealthCheckRule& rule) const {
    return initial() ? std::min(initial_interval_seconds, rule.interval_seconds) : rule.interval_seconds;
  }
  [[nodiscard]] bool initial() const { return state_ == State::initial; }
  [[nodiscard]] TargetHealthReport report(const str& target_group_arn, const str& address, i32 port) const;

 private:
  enum class State : std::uint8_t { initial, healthy, unhealthy } state_ = State::initial;
  int successes_ = 0;
  int failures_ = 0;
  Duration failing_;  // the time that those fill, of a target that has never passed
  CheckResult last_;
};

/// "200", "200,202", "200-299".
bool matches(std::string_view matcher, int status);

}  // namespace utakata::balancer
