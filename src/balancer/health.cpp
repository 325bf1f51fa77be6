#include "balancer/health.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace utakata::balancer {

bool matches(std::string_view matcher, int status) {
  for (const std::string_view piece : split(matcher, ',')) {
    const std::size_t dash = piece.find('-');
    const auto first = parse_integer(trim(piece.substr(0, dash)));
    const auto last = dash == std::string_view::npos ? first : parse_integer(trim(piece.substr(dash + 1)));
    if (first && last && status >= *first && status <= *last) return true;
  }
  return false;
}

bool CheckResult::good(const HealthCheckRule& rule) const {
  return kind == Kind::connected || (kind == Kind::answered && matches(rule.matcher, status));
}

bool TargetHealth::take(const HealthCheckRule& rule, CheckResult result, Duration took) {
  const State before = state_;
  const bool reason_before = state_ == State::unhealthy;
  const CheckResult last_before = last_;
  const bool good = result.good(rule);
  last_ = result;
  if (good) {
    failures_ = 0;
    failing_ = {};
    ++successes_;
    const bool first = state_ == State::initial && !rule.all_initial_checks;
    if (first || (state_ != State::healthy && successes_ >= rule.healthy_threshold)) state_ = State::healthy;
  } else {
    successes_ = 0;
    ++failures_;
    failing_ = failing_ + std::max(took, seconds(interval_seconds(rule)));
    const bool over = initial() ? failing_ >= seconds(rule.interval_seconds) * rule.unhealthy_threshold
                                : failures_ >= rule.unhealthy_threshold;
    if (over) state_ = State::unhealthy;
  }
  const bool other_reason =
      reason_before && !good && (last_before.kind != last_.kind || last_before.status != last_.status);
  return state_ != before || other_reason;
}

TargetHealthReport TargetHealth::report(const str& target_group_arn, const str& address, i32 port) const {
  TargetHealthReport report{.target_group_arn = target_group_arn, .address = address, .port = port};
  switch (state_) {
    case State::initial:
      report.state = "initial";
      report.reason = "Elb.InitialHealthChecking";
      report.description = "Initial health checks in progress";
      return report;
    case State::healthy:
      report.state = "healthy";
      return report;
    case State::unhealthy:
      break;
  }
  report.state = "unhealthy";
  if (last_.kind == CheckResult::Kind::answered) {
    report.reason = "Target.ResponseCodeMismatch";
    report.description = cat("Health checks failed with these codes: [", last_.status, "]");
  } else if (last_.kind == CheckResult::Kind::timed_out) {
    report.reason = "Target.Timeout";
    report.description = "Request timed out";
  } else {
    report.reason = "Target.FailedHealthChecks";
    report.description = "Health checks failed";
  }
  return report;
}

}  // namespace utakata::balancer
