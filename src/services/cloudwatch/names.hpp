#pragma once

#include "base/outcome.hpp"
#include "core/metric.hpp"
#include "core/world.hpp"
#include "services/cloudwatch/api/metrics.hpp"

namespace utakata::cloudwatch {

inline constexpr i64 nanoseconds_a_second = 1'000'000'000;

/// The metric of that name, its dimensions in order. `member` is where it stands in the request, ending in a dot or
/// empty.
Outcome<MetricName> metric_of(const World&, const str& name_space, const str& name,
                              const opt<list<api::Dimension>>& dimensions, const str& member);
api::Metric shown(const MetricName&);

/// Where a page of metrics ended, and the other way round; the world stands in neither.
str text_of(const MetricName&);
MetricName metric_of_text(const World&, std::string_view text);

}  // namespace utakata::cloudwatch
