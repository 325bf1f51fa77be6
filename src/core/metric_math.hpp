#pragma once

#include "core/metric.hpp"

namespace utakata {

/// Distinct values that statistics keep at most; beyond it values that are close become one.
inline constexpr std::size_t metric_values_max = 2'000;

/// Adds what was measured in the same span of time. How values are spread is known of the sum if it is of both.
void add_up(MetricStatistics& into, const MetricStatistics&);

/// The value that a share of all (0 to 1) does not exceed; nothing when how they are spread is not known.
opt<double> percentile(const MetricStatistics&, double share);

/// For which spans what is older than an age, in seconds, is kept: the first goes on as the second.
struct MetricAge {
  i64 older_than = 0;
  i32 resolution = 0;
  i32 becomes = 0;  // seconds; 0: it goes
};
inline constexpr MetricAge metric_ages[] = {
    {3 * 3600, 1, 60}, {15 * 86'400, 60, 300}, {63 * 86'400, 300, 3600}, {455 * 86'400, 3600, 0}};

/// Whether a search wants the metric, by everything but time.
bool matches(const MetricSearch&, const MetricName&);

}  // namespace utakata
