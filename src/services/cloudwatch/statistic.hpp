#pragma once

#include "base/outcome.hpp"
#include "core/metric.hpp"

namespace utakata::cloudwatch {

/// What is asked of the measurements of a period: SampleCount, Sum, Average, Minimum, Maximum, or a percentile (p99.9).
class Statistic {
 public:
  /// Fault: none of those; `parameter` names where it stands.
  static Outcome<Statistic> parse(std::string_view text, std::string_view parameter);

  /// Nothing for a percentile when how the values are spread is not known.
  [[nodiscard]] opt<f64> of(const MetricStatistics&) const;

 private:
  enum class Kind : std::uint8_t { sample_count, sum, average, minimum, maximum, percentile };
  Kind kind_ = Kind::sum;
  double share_ = 0;  // of a percentile
};

/// Periods that metrics can be asked for: 1, 5, 10, 20, 30 and multiples of 60 seconds.
Outcome<> check_period(i32 period, std::string_view parameter);

}  // namespace utakata::cloudwatch
