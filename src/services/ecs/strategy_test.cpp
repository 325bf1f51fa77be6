#include "services/ecs/strategy.hpp"

#include <doctest/doctest.h>

using namespace utakata;       // NOLINT: a test
using namespace utakata::ecs;  // NOLINT: a test

namespace {

CountByProvider placed(const Strategy& strategy, int tasks) {
  CountByProvider counts;
  for (int i = 0; i < tasks; ++i) ++counts[next_provider(strategy, counts)];
  return counts;
}

}  // namespace

TEST_CASE("ecs strategy: four Spot and two On-Demand, and every further one Spot") {
  const Strategy mix{{.capacityProvider = "FARGATE", .weight = 0, .base = 2},
                     {.capacityProvider = "FARGATE_SPOT", .weight = 1}};
  CHECK(placed(mix, 2) == CountByProvider{{"FARGATE", 2}});
  CHECK(placed(mix, 6) == CountByProvider{{"FARGATE", 2}, {"FARGATE_SPOT", 4}});
  CHECK(placed(mix, 10) == CountByProvider{{"FARGATE", 2}, {"FARGATE_SPOT", 8}});
  CHECK(provider_to_shrink(mix, placed(mix, 6)) == "FARGATE_SPOT");
  CHECK(provider_to_shrink(mix, placed(mix, 2)) == "FARGATE");
  CHECK(provider_to_shrink(mix, {}).empty());
}

TEST_CASE("ecs strategy: AWS's published examples of weights") {
  const Strategy even{{.capacityProvider = "A", .weight = 1}, {.capacityProvider = "B", .weight = 1}};
  CHECK(placed(even, 6) == CountByProvider{{"A", 3}, {"B", 3}});
  const Strategy one_to_four{{.capacityProvider = "A", .weight = 1}, {.capacityProvider = "B", .weight = 4}};
  CHECK(placed(one_to_four, 10) == CountByProvider{{"A", 2}, {"B", 8}});
  const Strategy workshop{{.capacityProvider = "FARGATE", .weight = 1, .base = 2},
                          {.capacityProvider = "FARGATE_SPOT", .weight = 3}};
  CHECK(placed(workshop, 10) == CountByProvider{{"FARGATE", 4}, {"FARGATE_SPOT", 6}});
}
