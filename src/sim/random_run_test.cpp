#include "sim/random_run.hpp"

#include <doctest/doctest.h>

#include "sim/example_run.hpp"
#include "sim/program_test.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::sim;  // NOLINT: a test

namespace {

bool fails_with(const RandomReport& report, std::string_view what) {
  for (const str& failure : report.failures)
    if (failure.find(what) != str::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("sim random: twenty seeds with faults come to rest, twice alike") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const RandomReport report = run_random_twice(test::program(), seed, {.chaos = minutes(20), .check_every = 10});
    CHECK_MESSAGE(report.clean(), text_of(report));
  }
}

TEST_CASE("sim random: a stop order that never leaves is found") {
  const auto report =
      run_random(test::program(), 1, {.chaos = minutes(20), .check_every = 10, .withheld = [](const Effect& effect) {
                                        return std::holds_alternative<StopTask>(effect) ||
                                               std::holds_alternative<KillTask>(effect);
                                      }});
  CHECK_MESSAGE(fails_with(report, "outlived its stop timeout"), text_of(report));
}

TEST_CASE("sim random: targets that are never taken out are found") {
  int configurations = 0;
  const auto report =
      run_random(test::program(), 1,
                 {.chaos = minutes(20), .check_every = 10, .withheld = [&configurations](const Effect& effect) {
                    return std::holds_alternative<ConfigureBalancer>(effect) && ++configurations > 30;
                  }});
  CHECK_MESSAGE((fails_with(report, "a target without a running task") || fails_with(report, "is no target")),
                text_of(report));
}

TEST_CASE("sim example: two days with a reclaim an hour lose no request of well-behaved containers") {
  const ExampleReport report = run_example(test::program(), {.days = 2});
  CHECK_MESSAGE(report.failures.empty(), text_of(report));
  CHECK(report.reclaims == 48);
  CHECK(report.lost_in_flight + report.refused + report.without_target == 0);
  CHECK(report.health_checks > 2LL * 86'400 / 5 * 12 * 95 / 100);
  CHECK(run_example(test::program(), {.days = 2}).history == report.history);
}
