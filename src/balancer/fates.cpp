#include "balancer/fates.hpp"

#include <array>

namespace utakata::balancer {
namespace {

constexpr i64 seconds_kept = 900;
constexpr std::array<std::string_view, 13> names{"ok",
                                                 "target_4xx",
                                                 "target_5xx",
                                                 "bad_request",
                                                 "client_closed_460",
                                                 "no_target_503",
                                                 "connect_refused_502",
                                                 "connect_timeout_504",
                                                 "reset_in_flight_502",
                                                 "malformed_502",
                                                 "cut_off",
                                                 "timeout_504",
                                                 "deregistered_502"};

}  // namespace

str name_of(Cause cause) { return str(names.at(static_cast<std::size_t>(cause))); }

void FateLedger::count(i64 second, const str& load_balancer, const str& target_group, const str& target, Cause cause) {
  const std::scoped_lock lock(mutex_);
  if (seconds_.empty() || seconds_.back().first < second) seconds_.emplace_back(second, std::map<Key, i64>());
  ++seconds_.back().second[Key{load_balancer, target_group, target, cause}];
  while (seconds_.front().first < second - seconds_kept) seconds_.pop_front();
}

list<FateRow> FateLedger::snapshot() const {
  const std::scoped_lock lock(mutex_);
  list<FateRow> rows;
  for (const auto& [second, counts] : seconds_)
    for (const auto& [key, count] : counts)
      rows.push_back({.second = second,
                      .load_balancer = key.load_balancer,
                      .target_group = key.target_group,
                      .target = key.target,
                      .cause = name_of(key.cause),
                      .count = count});
  return rows;
}

}  // namespace utakata::balancer
