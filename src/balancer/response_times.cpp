#include "balancer/response_times.hpp"

#include <algorithm>
#include <bit>

namespace utakata::balancer {
namespace {

constexpr int step_bits = 6;  // steps from one power of two to the next: 64
constexpr i64 steps = 1 << step_bits;
constexpr i64 longest = (i64{1} << 32) - 1;  // microseconds: above the longest idle timeout
constexpr double million = 1e6;

std::size_t step_of(i64 microseconds) {
  if (microseconds < steps) return static_cast<std::size_t>(microseconds);
  const int shift = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(microseconds))) - step_bits - 1;
  return static_cast<std::size_t>((shift + 1) * steps + (microseconds >> shift) - steps);
}

// The middle of a step, in seconds.
double value_of(std::size_t step) {
  const auto number = static_cast<i64>(step);
  if (number < steps) return static_cast<double>(number) / million;
  const i64 shift = number / steps - 1;
  const i64 from = (number % steps + steps) << shift;
  return (static_cast<double>(from) + static_cast<double>((i64{1} << shift) - 1) / 2) / million;
}

}  // namespace

void ResponseTimes::add(Duration time) {
  const i64 microseconds = std::clamp<i64>(time.ns / 1000, 0, longest);
  const std::size_t step = step_of(microseconds);
  if (step >= steps_.size()) steps_.resize(step + 1);
  ++steps_[step];
  least_ = count_ == 0 ? microseconds : std::min(least_, microseconds);
  most_ = std::max(most_, microseconds);
  ++count_;
  sum_ += microseconds;
  microseconds_.add(microseconds);
  by_bound_[static_cast<std::size_t>(std::ranges::lower_bound(bounds, microseconds) - bounds.begin())].add();
}

MetricStatistics ResponseTimes::take() {
  MetricStatistics taken{.count = static_cast<double>(count_),
                         .sum = static_cast<double>(sum_) / million,
                         .minimum = static_cast<double>(least_) / million,
                         .maximum = static_cast<double>(most_) / million};
  for (std::size_t i = 0; i < steps_.size(); ++i)
    if (steps_[i] > 0)
      taken.values.push_back(
          {.value = std::clamp(value_of(i), taken.minimum, taken.maximum), .count = static_cast<double>(steps_[i])});
  std::ranges::fill(steps_, 0);
  count_ = sum_ = least_ = most_ = 0;
  return taken;
}

ResponseTimes::Cumulative ResponseTimes::cumulative() const {
  Cumulative all;
  i64 sum = 0;
  for (std::size_t i = 0; i < by_bound_.size(); ++i) all.counts[i] = sum += by_bound_[i].get();
  all.microseconds = microseconds_.get();
  return all;
}

}  // namespace utakata::balancer
