#include "balancer/fates.hpp"

#include <doctest/doctest.h>

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test

TEST_CASE("balancer fates: counts stand by second, line and cause, and are forgotten after a quarter of an hour") {
  FateLedger ledger;
  const auto one = std::make_shared<FateLine>("lb", "group", "10.0.0.1:80");
  const auto two = std::make_shared<FateLine>("lb", "group", "10.0.0.2:80");
  ledger.count(1000, one, Cause::ok);
  ledger.count(1000, one, Cause::ok);
  ledger.count(1000, two, Cause::timeout_504);
  ledger.count(1001, one, Cause::cut_off);
  const auto told = [&] {
    str text;
    for (const FateRow& row : ledger.snapshot())
      text += std::to_string(row.second) + " " + row.target + " " + row.cause + " " + std::to_string(row.count) + "\n";
    return text;
  };
  CHECK(told() ==
        "1000 10.0.0.1:80 ok 2\n"
        "1000 10.0.0.2:80 timeout_504 1\n"
        "1001 10.0.0.1:80 cut_off 1\n");
  // A clock that is set back does not bring a second twice.
  ledger.count(999, two, Cause::ok);
  CHECK(told().ends_with("1001 10.0.0.1:80 cut_off 1\n1001 10.0.0.2:80 ok 1\n"));
  ledger.count(1001 + 900, one, Cause::ok);
  CHECK(told() ==
        "1001 10.0.0.1:80 cut_off 1\n"
        "1001 10.0.0.2:80 ok 1\n"
        "1901 10.0.0.1:80 ok 1\n");
}
