#include "sim/memory_metric_store.hpp"

#include <algorithm>
#include <tuple>

#include "base/text.hpp"
#include "core/metric_math.hpp"

namespace utakata::sim {

Outcome<> MemoryMetricStore::append(const list<MetricSample>& samples) {
  std::size_t made = 0;
  for (const MetricSample& each : samples) made += series_.contains({each.metric, each.unit}) ? 0 : 1;
  if (series_.size() + made > metrics_max)
    return refuse("LimitExceeded", cat("There are ", metrics_max, " metrics already, and no more are kept here."));
  for (const MetricSample& each : samples) {
    const Series series{each.metric, each.unit};
    add_up(series_[series][{each.at - each.at % each.resolution, each.resolution}], each.statistics);
    last_[series] = std::max(last_[series], each.at);
  }
  return {};
}

Outcome<MetricData> MemoryMetricStore::read(const MetricQueries& queries) {
  MetricData data;
  for (const MetricQuery& query : queries.queries) {
    list<MetricPoint>& points = data.points.emplace_back();
    for (const auto& [series, spans] : series_) {
      if (series.first != query.metric || (!query.unit.empty() && series.second != query.unit)) continue;
      bool first = true;
      for (auto at = spans.lower_bound({query.start, 0}); at != spans.end() && at->first.first < query.end; ++at) {
        const i64 period = at->first.first - at->first.first % query.period;
        if (first || points.back().at != period)
          points.push_back({.at = period, .unit = series.second, .statistics = {}});
        add_up(points.back().statistics, at->second);
        first = false;
      }
    }
    std::ranges::sort(points, {}, [](const MetricPoint& each) { return std::tie(each.at, each.unit); });
  }
  return data;
}

Outcome<MetricListing> MemoryMetricStore::search(const MetricSearch& search) {
  MetricListing listing;
  for (const auto& [series, last] : last_) {
    const MetricName& metric = series.first;
    if (last < search.since || (search.after && metric <= *search.after) || !matches(search, metric)) continue;
    if (!listing.metrics.empty() && listing.metrics.back() == metric) continue;
    if (listing.metrics.size() == static_cast<std::size_t>(search.limit)) {
      listing.more = true;
      break;
    }
    listing.metrics.push_back(metric);
  }
  return listing;
}

void MemoryMetricStore::expire(i64 now) {
  for (auto& [series, spans] : series_)
    for (const MetricAge& age : metric_ages)
      for (auto at = spans.begin(); at != spans.end() && at->first.first < now - age.older_than;) {
        if (at->first.second != age.resolution) {
          ++at;
          continue;
        }
        if (age.becomes > 0) add_up(spans[{at->first.first - at->first.first % age.becomes, age.becomes}], at->second);
        at = spans.erase(at);
      }
  const i64 oldest = now - std::end(metric_ages)[-1].older_than;
  std::erase_if(series_, [&](const auto& entry) { return last_.at(entry.first) < oldest; });
  std::erase_if(last_, [&](const auto& entry) { return entry.second < oldest; });
}

}  // namespace utakata::sim
