#include "balancer/health.hpp"

#include <doctest/doctest.h>

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test

namespace {

constexpr CheckResult good{.kind = CheckResult::Kind::answered, .status = 200};
constexpr CheckResult bad{};
const HealthCheckRule rule{.interval_seconds = 5, .healthy_threshold = 3, .unhealthy_threshold = 2};

}  // namespace

TEST_CASE("balancer: a new target is healthy after one success, an unhealthy one after the threshold") {
  TargetHealth health;
  CHECK(health.take(rule, good));
  CHECK(health.healthy());
  CHECK_FALSE(health.take(rule, bad));
  CHECK(health.take(rule, bad));
  CHECK_FALSE(health.healthy());
  CHECK_FALSE(health.take(rule, good));
  CHECK_FALSE(health.take(rule, good));
  CHECK(health.take(rule, good));
  CHECK(health.healthy());
}

TEST_CASE("balancer: where all initial checks count, a new target is healthy after the threshold") {
  HealthCheckRule all = rule;
  all.all_initial_checks = true;
  TargetHealth health;
  CHECK_FALSE(health.take(all, good));
  CHECK_FALSE(health.take(all, good));
  CHECK(health.initial());
  CHECK(health.take(all, good));
  CHECK(health.healthy());
}

TEST_CASE("balancer: a target that starts is looked at each second, and stays initial for the intervals of its rule") {
  TargetHealth health;
  CHECK(health.interval_seconds(rule) == 1);
  for (int second = 0; second < 9; ++second) CHECK_FALSE(health.take(rule, bad));
  CHECK(health.initial());
  CHECK(health.take(rule, bad));
  CHECK_FALSE(health.initial());
  CHECK(health.interval_seconds(rule) == 5);
}

TEST_CASE("balancer: first checks that time out count for as long as they took") {
  constexpr CheckResult silent{.kind = CheckResult::Kind::timed_out};
  const HealthCheckRule usual{.interval_seconds = 30, .timeout_seconds = 5, .unhealthy_threshold = 2};
  TargetHealth health;
  for (int check = 0; check < 11; ++check) CHECK_FALSE(health.take(usual, silent, seconds(5)));
  CHECK(health.take(usual, silent, seconds(5)));  // after a minute
  CHECK(health.report("g", "a", 80).reason == "Target.Timeout");
  // Then a failure is one, however long it took.
  CHECK_FALSE(health.take(usual, good));
  for (int check = 1; check < usual.healthy_threshold; ++check) health.take(usual, good);
  CHECK(health.healthy());
  CHECK_FALSE(health.take(usual, silent, seconds(5)));
  CHECK(health.take(usual, silent, seconds(5)));
}

TEST_CASE("balancer: a success among the first checks begins the count of failures anew") {
  HealthCheckRule all = rule;
  all.all_initial_checks = true;
  TargetHealth health;
  for (int second = 0; second < 9; ++second) CHECK_FALSE(health.take(all, bad));
  CHECK_FALSE(health.take(all, good));
  for (int second = 0; second < 9; ++second) CHECK_FALSE(health.take(all, bad));
  CHECK(health.take(all, bad));
}

TEST_CASE("balancer: a check by TCP is good when a connection comes about, whatever the matcher says") {
  const CheckResult connected{.kind = CheckResult::Kind::connected};
  HealthCheckRule tcp{.matcher = ""};
  tcp.protocol = "TCP";
  TargetHealth health;
  CHECK(health.take(tcp, connected));
  CHECK(health.healthy());
  CHECK_FALSE(health.take(tcp, bad));
  CHECK(health.take(tcp, {.kind = CheckResult::Kind::timed_out}));
  CHECK(health.report("g", "a", 80).reason == "Target.Timeout");
}
