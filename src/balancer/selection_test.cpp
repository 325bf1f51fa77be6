#include "balancer/selection.hpp"

#include <doctest/doctest.h>

#include <array>
#include <map>
#include <string>
#include <vector>

#include "base/hash.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test

namespace {

constexpr Instant noon{43'200'000'000'000};

// Targets a, b, c ... of one group, all healthy at first.
struct Targets {
  std::vector<Candidate> all;
  std::vector<Candidate*> view;
  BalancerTargetGroup rules = {};

  explicit Targets(std::size_t count) : all(count, Candidate{.healthy = true}) {
    for (Candidate& each : all) view.push_back(&each);
  }
  char next(Choice choice = {.now = noon}) {
    const auto place = choose_target(view, rules, choice);
    return place ? static_cast<char>('a' + *place) : '-';
  }
  std::string order(int requests, Choice choice = {.now = noon}) {
    std::string names;
    for (int i = 0; i < requests; ++i) names += next(choice);
    return names;
  }
  std::map<char, int> counts(int requests, Choice choice = {.now = noon}) {
    std::map<char, int> counted;
    for (int i = 0; i < requests; ++i) {
      choice.dice = mix(static_cast<std::uint64_t>(i) + 1);
      ++counted[next(choice)];
    }
    return counted;
  }
};

}  // namespace

TEST_CASE("selection: round robin takes turns, without the draining and the unhealthy") {
  Targets targets(3);
  CHECK(targets.order(6) == "abcabc");
  targets.all[1].draining = true;
  CHECK(targets.counts(10) == std::map<char, int>{{'a', 5}, {'c', 5}});
  targets.all[2].healthy = false;
  CHECK(targets.order(3) == "aaa");
  targets.all[2].healthy = true;
  CHECK(targets.counts(10) == std::map<char, int>{{'a', 5}, {'c', 5}});  // and not all to who was away
  CHECK(Targets(0).next() == '-');
}

TEST_CASE("selection: with too few healthy targets all registered ones get requests") {
  Targets targets(4);
  for (std::size_t i = 1; i < 4; ++i) targets.all[i].healthy = false;
  CHECK(targets.order(3) == "aaa");
  targets.rules.healthy_count_min = 2;
  CHECK(health_of(targets.view, targets.rules, "").fails_open(targets.rules));
  CHECK(targets.counts(8) == std::map<char, int>{{'a', 2}, {'b', 2}, {'c', 2}, {'d', 2}});
  targets.rules.healthy_count_min = 1;
  targets.rules.healthy_percent_min = 25;
  CHECK(targets.order(3) == "aaa");
  targets.rules.healthy_percent_min = 26;
  CHECK(targets.counts(8) == std::map<char, int>{{'a', 2}, {'b', 2}, {'c', 2}, {'d', 2}});
  targets.all[3].draining = true;  // no more registered: one of three is enough
  CHECK(targets.order(3) == "aaa");
  targets.all[0].healthy = false;
  targets.rules.healthy_percent_min = 0;
  CHECK(targets.counts(6) == std::map<char, int>{{'a', 2}, {'b', 2}, {'c', 2}});
}

TEST_CASE("selection: a bound client stays unless its target drains, or is unhealthy while others are not") {
  Targets targets(2);
  const auto stays = [&] { return may_stay(targets.view, 0, targets.rules, {.now = noon}); };
  CHECK(stays());
  targets.all[0].draining = true;
  CHECK_FALSE(stays());
  targets.all[0].draining = false;
  targets.all[0].healthy = false;
  CHECK_FALSE(stays());
  targets.all[1].healthy = false;
  CHECK(stays());
  CHECK_FALSE(may_stay(targets.view, 2, targets.rules, {.now = noon}));
}

TEST_CASE("selection: the fewest requests in flight, among equals in turn") {
  Targets targets(3);
  targets.rules.algorithm = "least_outstanding_requests";
  targets.all[0].in_flight = 2;
  targets.all[1].in_flight = 1;
  targets.all[2].in_flight = 3;
  CHECK(targets.order(2) == "bb");
  targets.all[2].in_flight = 1;
  CHECK(targets.counts(10) == std::map<char, int>{{'b', 5}, {'c', 5}});
  targets.all[1].draining = true;
  CHECK(targets.next() == 'c');
}

TEST_CASE("selection: random evenly, and less to who stands out once that is asked for") {
  Targets targets(2);
  targets.rules.algorithm = "weighted_random";
  targets.all[1].anomaly_share = full_share / 4;
  auto counted = targets.counts(10'000);
  CHECK(counted['a'] > 4800);
  CHECK(counted['a'] < 5200);
  targets.rules.anomaly_mitigation = true;
  counted = targets.counts(10'000);
  CHECK(counted['a'] > 7800);
  CHECK(counted['a'] < 8200);
}

TEST_CASE("selection: a target that starts slowly gets an evenly growing share") {
  Targets targets(2);
  targets.rules.slow_start_seconds = 100;
  targets.all[1].slow_start_began = noon;
  CHECK(share_of(targets.all[1], targets.rules, noon) == 1);
  CHECK(share_of(targets.all[1], targets.rules, noon + seconds(25)) == full_share / 4);
  CHECK(share_of(targets.all[1], targets.rules, noon + seconds(100)) == full_share);
  CHECK(targets.counts(50, {.now = noon + seconds(25)}) == std::map<char, int>{{'a', 40}, {'b', 10}});
  CHECK(targets.counts(50, {.now = noon + seconds(100)}) == std::map<char, int>{{'a', 25}, {'b', 25}});
  targets.all[0].healthy = false;
  CHECK(targets.order(2, {.now = noon}) == "bb");
}

TEST_CASE("selection: slowly only beside a target that has its full share") {
  Targets targets(2);
  targets.rules.slow_start_seconds = 100;
  targets.all[0].healthy = targets.all[1].healthy = false;
  CHECK_FALSE(begins_slowly(targets.view, targets.rules, noon));
  targets.all[0].healthy = true;
  CHECK(begins_slowly(targets.view, targets.rules, noon));
  targets.all[0].slow_start_began = noon;
  CHECK_FALSE(begins_slowly(targets.view, targets.rules, noon + seconds(50)));
  CHECK(begins_slowly(targets.view, targets.rules, noon + seconds(100)));
  targets.rules.slow_start_seconds = 0;
  CHECK_FALSE(begins_slowly(targets.view, targets.rules, noon));
}

TEST_CASE("selection: without balancing across zones a node keeps to its own") {
  Targets targets(3);
  targets.all[0].zone = "1a";
  targets.all[1].zone = "1c";
  CHECK(targets.order(3, {.now = noon, .zone = "1a"}) == "abc");
  targets.rules.cross_zone = false;
  CHECK(targets.counts(4, {.now = noon, .zone = "1a"}) == std::map<char, int>{{'a', 2}, {'c', 2}});
  CHECK(targets.order(1, {.now = noon, .zone = "1d"}) == "c");
  targets.all[2].draining = true;
  CHECK(targets.next({.now = noon, .zone = "1d"}) == '-');
  targets.all[0].healthy = false;  // its zone fails open by itself
  CHECK(targets.next({.now = noon, .zone = "1a"}) == 'a');
  CHECK(targets.next({.now = noon, .zone = "1c"}) == 'b');
}

TEST_CASE("selection: who fails far more often than the others gets less, and gets it back") {
  Targets targets(4);
  const auto window = [&](std::array<i64, 4> failures) {
    for (std::size_t i = 0; i < 4; ++i) {
      targets.all[i].requests = 100;
      targets.all[i].failures = failures[i];
    }
    judge_anomalies(targets.view);
  };
  window({1, 2, 40, 1});
  CHECK(targets.all[2].anomaly_share == full_share / 2);
  CHECK(targets.all[2].requests == 0);
  for (int i = 0; i < 9; ++i) window({1, 2, 40, 1});
  CHECK(targets.all[2].anomaly_share == full_share / 10);
  CHECK(targets.all[1].anomaly_share == full_share);
  window({1, 2, 1, 1});
  CHECK(targets.all[2].anomaly_share == full_share / 5);
  window({40, 40, 40, 40});  // all alike: the fault lies elsewhere
  CHECK(targets.all[0].anomaly_share == full_share);
  window({0, 90, 90, 0});
  window({0, 90, 90, 0});
  CHECK(targets.all[1].anomaly_share + targets.all[2].anomaly_share < full_share);
  Targets few(2);
  few.all[0] = {.healthy = true, .requests = 100, .failures = 90};
  few.all[1] = {.healthy = true, .requests = 100};
  judge_anomalies(few.view);
  CHECK(few.all[0].anomaly_share == full_share);
}
