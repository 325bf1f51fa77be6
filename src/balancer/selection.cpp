#include "balancer/selection.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "base/hash.hpp"

namespace utakata::balancer {
namespace {

// AWS does not publish what it takes for an anomaly; these are ours.
constexpr std::size_t judged_targets_min = 3;  // as AWS: fewer say nothing about what is usual
constexpr i64 judged_requests_min = 10;        // of one target in a window
constexpr i64 failures_usual = 50;             // of a thousand requests: nobody stands out below
constexpr i64 times_the_median = 3;
constexpr i64 anomaly_share_min = full_share / 10;
constexpr i64 anomaly_share_step = 2;  // halved or doubled once a window

bool in_zone(const Candidate& candidate, const BalancerTargetGroup& rules, std::string_view zone) {
  return rules.cross_zone || zone.empty() || candidate.zone.empty() || candidate.zone == zone;
}

bool starts_slowly_now(const Candidate& candidate, const BalancerTargetGroup& rules, Instant now) {
  return rules.slow_start_seconds > 0 && candidate.slow_start_began.set() &&
         now < candidate.slow_start_began + seconds(rules.slow_start_seconds);
}

bool is_full(const Candidate& candidate, const BalancerTargetGroup& rules) {
  return rules.requests_of_target_max > 0 && candidate.in_flight >= rules.requests_of_target_max;
}

// Those that may get the request, as a question about each: nothing is copied.
struct Eligible {
  const BalancerTargetGroup& rules;
  const Choice& choice;
  bool unhealthy_too;
  bool full_too = false;

  bool operator()(const Candidate& candidate) const {
    return !candidate.draining && (candidate.healthy || unhealthy_too) && in_zone(candidate, rules, choice.zone) &&
           (full_too || !is_full(candidate, rules)) &&
           std::ranges::find(choice.without, &candidate) == choice.without.end();
  }
};

Eligible eligible_of(std::span<Candidate* const> candidates, const BalancerTargetGroup& rules, const Choice& choice) {
  return {
      .rules = rules, .choice = choice, .unhealthy_too = health_of(candidates, rules, choice.zone).fails_open(rules)};
}

// Smooth weighted round robin: everybody is owed its share, and the one who is owed most pays for all. Equal weights
// make it a plain rotation.
std::optional<std::size_t> in_turn(std::span<Candidate* const> candidates, const Eligible& eligible, Instant now) {
  std::optional<std::size_t> best;
  i64 total = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    Candidate& candidate = *candidates[i];
    if (!eligible(candidate)) {
      // Who comes back has not saved anything up. Another node's targets keep what they are owed.
      if (in_zone(candidate, eligible.rules, eligible.choice.zone)) candidate.credit = 0;
      continue;
    }
    const i64 share = share_of(candidate, eligible.rules, now);
    candidate.credit += share;
    total += share;
    if (!best || candidate.credit > candidates[*best]->credit) best = i;
  }
  if (best) candidates[*best]->credit -= total;
  return best;
}

// The fewest requests in flight; among equals in turn.
std::optional<std::size_t> least_outstanding(std::span<Candidate* const> candidates, const Eligible& eligible) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    Candidate& candidate = *candidates[i];
    if (!eligible(candidate)) continue;
    candidate.credit += 1;
    const auto before = [&](const Candidate& other) {
      return candidate.in_flight < other.in_flight ||
             (candidate.in_flight == other.in_flight && candidate.credit > other.credit);
    };
    if (!best || before(*candidates[*best])) best = i;
  }
  if (best) candidates[*best]->credit = 0;
  return best;
}

std::optional<std::size_t> at_random(std::span<Candidate* const> candidates, const Eligible& eligible,
                                     std::uint64_t dice) {
  const auto weight = [&](const Candidate& candidate) {
    return static_cast<std::uint64_t>(eligible.rules.anomaly_mitigation ? candidate.anomaly_share : full_share);
  };
  std::uint64_t total = 0;
  for (const Candidate* candidate : candidates)
    if (eligible(*candidate)) total += weight(*candidate);
  if (total == 0) return {};
  std::uint64_t place = dice % total;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (!eligible(*candidates[i])) continue;
    if (place < weight(*candidates[i])) return i;
    place -= weight(*candidates[i]);
  }
  return {};
}

i64 failures_of_thousand(const Candidate& candidate) { return candidate.failures * 1000 / candidate.requests; }

}  // namespace

bool GroupHealth::fails_open(const BalancerTargetGroup& rules) const {
  return healthy == 0 || healthy < static_cast<std::size_t>(rules.healthy_count_min) ||
         healthy * 100 < static_cast<std::size_t>(rules.healthy_percent_min) * registered;
}

GroupHealth health_of(std::span<Candidate* const> candidates, const BalancerTargetGroup& rules, std::string_view zone) {
  GroupHealth health;
  for (const Candidate* candidate : candidates) {
    if (candidate->draining || !in_zone(*candidate, rules, zone)) continue;
    ++health.registered;
    if (candidate->healthy) ++health.healthy;
  }
  return health;
}

std::optional<std::size_t> choose_target(std::span<Candidate* const> candidates, const BalancerTargetGroup& rules,
                                         const Choice& choice) {
  const Eligible eligible = eligible_of(candidates, rules, choice);
  if (rules.algorithm == "least_outstanding_requests") return least_outstanding(candidates, eligible);
  if (rules.algorithm == "weighted_random") return at_random(candidates, eligible, choice.dice);
  return in_turn(candidates, eligible, choice.now);
}

std::optional<std::size_t> choose_by_flow(std::span<Candidate* const> candidates, const BalancerTargetGroup& rules,
                                          const Choice& choice, std::uint64_t flow) {
  const Eligible eligible = eligible_of(candidates, rules, choice);
  std::optional<std::size_t> best;
  std::uint64_t highest = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (!eligible(*candidates[i])) continue;
    const std::uint64_t score = mix(flow ^ candidates[i]->key);
    if (best && score <= highest) continue;
    best = i;
    highest = score;
  }
  return best;
}

bool all_full(std::span<Candidate* const> candidates, const BalancerTargetGroup& rules, const Choice& choice) {
  Eligible eligible = eligible_of(candidates, rules, choice);
  if (std::ranges::any_of(candidates, [&](const Candidate* each) { return eligible(*each); })) return false;
  eligible.full_too = true;
  return std::ranges::any_of(candidates, [&](const Candidate* each) { return eligible(*each); });
}

bool may_stay(std::span<Candidate* const> candidates, std::size_t place, const BalancerTargetGroup& rules,
              const Choice& choice) {
  const Eligible eligible = eligible_of(candidates, rules, choice);
  return place < candidates.size() && eligible(*candidates[place]);
}

bool begins_slowly(std::span<Candidate* const> candidates, const BalancerTargetGroup& rules, Instant now) {
  return rules.slow_start_seconds > 0 && std::ranges::any_of(candidates, [&](const Candidate* candidate) {
           return candidate->healthy && !candidate->draining && !starts_slowly_now(*candidate, rules, now);
         });
}

i64 share_of(const Candidate& candidate, const BalancerTargetGroup& rules, Instant now) {
  if (!starts_slowly_now(candidate, rules, now)) return full_share;
  const i64 passed = std::max<i64>((now - candidate.slow_start_began).ns, 0);
  return std::max<i64>(passed / (seconds(rules.slow_start_seconds).ns / full_share), 1);
}

void judge_anomalies(std::span<Candidate* const> candidates) {
  struct Judged {
    i64 failures = 0;  // of a thousand
    std::size_t place = 0;
    auto operator<=>(const Judged&) const = default;
  };
  std::vector<Judged> judged;
  for (std::size_t i = 0; i < candidates.size(); ++i)
    if (candidates[i]->healthy && !candidates[i]->draining && candidates[i]->requests >= judged_requests_min)
      judged.push_back({.failures = failures_of_thousand(*candidates[i]), .place = i});
  for (Candidate* candidate : candidates) candidate->anomalous = false;  // who was not judged does not stand out
  std::ranges::sort(judged, std::greater<>());
  const bool enough = judged.size() >= judged_targets_min;
  const i64 usual = enough ? judged[judged.size() / 2].failures : 0;
  const i64 limit = std::max(usual * times_the_median, failures_usual);
  std::size_t may_be_mitigated = candidates.size() / 2;
  for (const Judged& each : judged) {
    i64& share = candidates[each.place]->anomaly_share;
    candidates[each.place]->anomalous = enough && each.failures > limit;
    if (candidates[each.place]->anomalous && may_be_mitigated > 0) {
      --may_be_mitigated;
      share = std::max(share / anomaly_share_step, anomaly_share_min);
    } else {
      share = std::min(share * anomaly_share_step, full_share);
    }
  }
  for (Candidate* candidate : candidates) candidate->requests = candidate->failures = 0;
}

}  // namespace utakata::balancer
