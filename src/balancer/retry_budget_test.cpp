#include "balancer/retry_budget.hpp"

#include <doctest/doctest.h>

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test

namespace {

int taken(RetryBudget& budget) {
  int retries = 0;
  while (budget.take()) ++retries;
  return retries;
}

}  // namespace

TEST_CASE("retry budget: a reserve, then a share of the requests, and no more saved up than its most") {
  RetryBudget budget;
  CHECK(taken(budget) == RetryBudget::reserve);
  for (int i = 0; i < 40; ++i) budget.request(20);
  CHECK(taken(budget) == 8);
  for (int i = 0; i < 4; ++i) budget.request(20);
  CHECK(taken(budget) == 0);  // four fifths are kept
  budget.request(20);
  CHECK(taken(budget) == 1);
  for (int i = 0; i < 100'000; ++i) budget.request(100);
  CHECK(taken(budget) == RetryBudget::most);
}
