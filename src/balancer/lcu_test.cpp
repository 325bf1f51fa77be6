#include "balancer/lcu.hpp"

#include <doctest/doctest.h>

using namespace utakata::balancer;  // NOLINT: a test

TEST_CASE("balancer lcu: the examples of AWS's price page") {
  // One new connection a second that lasts two minutes, five requests a second over 60 rules, 300 KB a second.
  CapacityUse small{.new_connections = 60, .active_connections = 120, .processed_bytes = 300e3 * 60};
  small.rule_evaluations = 5 * 60 * (60 - free_rules);
  CHECK(consumed_lcus(small).billed() == doctest::Approx(1.08));
  small.processed_bytes = 0;
  CHECK(consumed_lcus(small).billed() == doctest::Approx(0.25));
  small.rule_evaluations = 0;
  CHECK(consumed_lcus(small).billed() == doctest::Approx(0.04));
  // 100 new connections a second that last three minutes, 400 requests a second over 20 rules, 1000 KB a second.
  CapacityUse large{.new_connections = 100 * 60, .active_connections = 18'000, .processed_bytes = 1000e3 * 60};
  large.rule_evaluations = 400 * 60 * (20 - free_rules);
  CHECK(consumed_lcus(large).billed() == doctest::Approx(6));
  large.active_connections = 0;
  const CapacityUnits units = consumed_lcus(large);
  CHECK(units.billed() == doctest::Approx(4));
  CHECK(units.new_connections == doctest::Approx(4));
  CHECK(units.active_connections == 0);
  CHECK(units.processed_bytes == doctest::Approx(3.6));
  CHECK(units.rule_evaluations == doctest::Approx(4));
}

TEST_CASE("balancer lcu: nothing costs nothing, and each unit has its own time") {
  CHECK(consumed_lcus({}).billed() == 0);
  CHECK(consumed_lcus({.seconds = 3600, .new_connections = 25 * 3600}).billed() == doctest::Approx(1));
  CHECK(consumed_lcus({.seconds = 3600, .processed_bytes = 1e9}).billed() == doctest::Approx(1));
  CHECK(consumed_lcus({.seconds = 3600, .processed_bytes = 1e9, .function_bytes = 4e8}).billed() ==
        doctest::Approx(1.6));
  CHECK(consumed_lcus({.seconds = 120, .active_connections = 6000}).billed() == doctest::Approx(1));
}
