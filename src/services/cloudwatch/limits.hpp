#pragma once

#include "base/types.hpp"

// AWS's quotas of CloudWatch's metrics (facts: platform.md C1).
namespace utakata::cloudwatch::limits {

inline constexpr std::size_t name_characters = 255;
inline constexpr std::size_t dimension_value_characters = 1024;
inline constexpr std::size_t dimensions = 30;
inline constexpr std::size_t put_metrics = 1'000;
inline constexpr std::size_t put_values = 150;       // of one metric
inline constexpr i64 past_span = i64{14} * 86'400;   // seconds; older ones are refused
inline constexpr i64 future_span = i64{2} * 3'600;   // later ones, too
inline constexpr i64 statistics_datapoints = 1'440;  // of GetMetricStatistics
inline constexpr i64 data_datapoints = 100'800;      // of a page of GetMetricData
inline constexpr std::size_t data_queries = 500;
inline constexpr i32 listed = 500;                      // of a page of ListMetrics
inline constexpr i64 listed_span = i64{14} * 86'400;    // seconds since a metric was measured last
inline constexpr i64 recently_active = i64{3} * 3'600;  // PT3H

}  // namespace utakata::cloudwatch::limits
