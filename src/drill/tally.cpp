#include "drill/tally.hpp"

#include <algorithm>

namespace utakata::drill {

void Tally::count(Fate fate, Duration intended, Duration latency, int tries) {
  ++sent_;
  ++fates_[static_cast<std::size_t>(fate)];
  if (fate == Fate::ok && tries > 1) ++saved_by_retries_;
  if (fate == Fate::ok) latencies_us_.push_back(latency.ns / 1'000);
  const auto second = static_cast<std::size_t>(std::max<std::int64_t>(0, intended.ns / 1'000'000'000));
  while (seconds_.size() <= second) seconds_.push_back(SecondRow{.second = static_cast<i32>(seconds_.size())});
  SecondRow& row = seconds_[second];
  ++row.sent;
  ++(fate == Fate::ok ? row.ok : row.lost);
}

Latency Tally::latency() const {
  if (latencies_us_.empty()) return {};
  std::vector<std::int64_t> sorted = latencies_us_;
  std::ranges::sort(sorted);
  const auto at = [&](std::size_t percent) {
    return static_cast<f64>(sorted[(sorted.size() - 1) * percent / 100]) / 1'000.0;
  };
  return Latency{.p50 = at(50), .p90 = at(90), .p99 = at(99), .maximum = at(100)};
}

list<CauseCount> Tally::causes() const {
  list<CauseCount> rows;
  for (std::size_t i = 1; i < fate_count; ++i)
    if (fates_[i] > 0) rows.push_back({.cause = name_of(static_cast<Fate>(i)), .requests = fates_[i]});
  std::ranges::sort(rows, [](const CauseCount& a, const CauseCount& b) {
    return a.requests != b.requests ? a.requests > b.requests : a.cause < b.cause;
  });
  return rows;
}

list<SecondRow> Tally::seconds_with_losses() const {
  list<SecondRow> rows;
  for (const SecondRow& row : seconds_)
    if (row.lost > 0) rows.push_back(row);
  return rows;
}

}  // namespace utakata::drill
