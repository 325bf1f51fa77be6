#pragma once

#include <array>
#include <vector>

#include "base/instant.hpp"
#include "drill/report.hpp"

namespace utakata::drill {

/// Counts what becomes of requests: by fate, by second of their intended start, and their latencies.
class Tally {
 public:
  /// `intended` and `latency` are counted from the first request's intended start.
  void count(Fate, Duration intended, Duration latency, int tries);

  [[nodiscard]] i64 sent() const { return sent_; }
  [[nodiscard]] i64 of(Fate fate) const { return fates_[static_cast<std::size_t>(fate)]; }
  [[nodiscard]] i64 lost() const { return sent_ - of(Fate::ok); }
  [[nodiscard]] i64 saved_by_retries() const { return saved_by_retries_; }
  [[nodiscard]] Latency latency() const;
  [[nodiscard]] list<CauseCount> causes() const;
  /// Seconds in which anything was lost, in order.
  [[nodiscard]] list<SecondRow> seconds_with_losses() const;

 private:
  std::array<i64, fate_count> fates_{};
  i64 sent_ = 0;
  i64 saved_by_retries_ = 0;
  std::vector<SecondRow> seconds_;
  std::vector<std::int64_t> latencies_us_;
};

}  // namespace utakata::drill
