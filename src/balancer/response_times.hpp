#pragma once

#include <array>
#include <atomic>
#include <vector>

#include "base/instant.hpp"
#include "core/metric.hpp"

namespace utakata::balancer {

/// A number that the balancer's thread changes and any thread reads: no increment is lost without a locked instruction.
class Count {
 public:
  void add(i64 more = 1) { number_.store(get() + more, std::memory_order_relaxed); }
  void set(i64 number) { number_.store(number, std::memory_order_relaxed); }
  [[nodiscard]] i64 get() const { return number_.load(std::memory_order_relaxed); }

 private:
  std::atomic<i64> number_{0};
};

/// How long targets took to answer. Steps grow with the value, so that no value is off by more than a hundredth.
class ResponseTimes {
 public:
  void add(Duration);

  /// Since the last call: seconds and how often. Called by the balancer's thread.
  MetricStatistics take();

  /// The bounds that Prometheus is told, in microseconds, and what was not above each; then all.
  static constexpr std::array<i64, 14> bounds{1'000,     2'500,     5'000,      10'000,    25'000,
                                              50'000,    100'000,   250'000,    500'000,   1'000'000,
                                              2'500'000, 5'000'000, 10'000'000, 30'000'000};
  struct Cumulative {
    std::array<i64, bounds.size() + 1> counts{};
    i64 microseconds = 0;  // all together
  };
  [[nodiscard]] Cumulative cumulative() const;

 private:
  std::vector<std::uint32_t> steps_;  // since the last take
  i64 count_ = 0, sum_ = 0, least_ = 0, most_ = 0;
  std::array<Count, bounds.size() + 1> by_bound_;
  Count microseconds_;
};

}  // namespace utakata::balancer
