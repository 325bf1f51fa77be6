#include "core/metric_math.hpp"

#include <algorithm>
#include <cmath>

namespace utakata {
namespace {

// Joins neighbours until there are half as many: the error stays smallest where values lie close together.
void thin_out(list<MetricValue>& values) {
  while (values.size() > metric_values_max) {
    list<MetricValue> fewer;
    for (std::size_t i = 0; i < values.size(); i += 2) {
      if (i + 1 == values.size()) {
        fewer.push_back(values[i]);
        continue;
      }
      const double count = values[i].count + values[i + 1].count;
      fewer.push_back({.value = (values[i].value * values[i].count + values[i + 1].value * values[i + 1].count) / count,
                       .count = count});
    }
    values = std::move(fewer);
  }
}

// One measurement, or several of the same value, need no list of their own.
list<MetricValue> values_of(const MetricStatistics& statistics) {
  if (!statistics.values.empty() || statistics.count <= 0) return statistics.values;
  if (statistics.minimum == statistics.maximum) return {{.value = statistics.minimum, .count = statistics.count}};
  return {};
}

}  // namespace

void add_up(MetricStatistics& into, const MetricStatistics& more) {
  if (more.count <= 0) return;
  if (into.count <= 0) {
    into = more;
    return;
  }
  const list<MetricValue> had = values_of(into);
  const list<MetricValue> came = values_of(more);
  into.values.clear();
  if (!had.empty() && !came.empty()) {
    std::ranges::merge(had, came, std::back_inserter(into.values), {}, &MetricValue::value, &MetricValue::value);
    std::size_t kept = 0;
    for (std::size_t i = 1; i < into.values.size(); ++i) {
      if (into.values[i].value == into.values[kept].value)
        into.values[kept].count += into.values[i].count;
      else
        into.values[++kept] = into.values[i];
    }
    into.values.resize(kept + 1);
    thin_out(into.values);
  }
  into.count += more.count;
  into.sum += more.sum;
  into.minimum = std::min(into.minimum, more.minimum);
  into.maximum = std::max(into.maximum, more.maximum);
}

opt<double> percentile(const MetricStatistics& statistics, double share) {
  const list<MetricValue> values = values_of(statistics);
  double counted = 0;
  for (const MetricValue& each : values) counted += each.count;
  const double wanted = share * counted;
  counted = 0;
  for (const MetricValue& each : values) {
    counted += each.count;
    if (counted >= wanted) return each.value;
  }
  if (values.empty()) return {};
  return values.back().value;
}

bool matches(const MetricSearch& search, const MetricName& metric) {
  if (metric.world != search.world) return false;
  if (!search.name_space.empty() && metric.name_space != search.name_space) return false;
  if (!search.name.empty() && metric.name != search.name) return false;
  return std::ranges::all_of(search.dimensions, [&](const MetricSearch::Dimension& wanted) {
    return std::ranges::any_of(metric.dimensions, [&](const MetricDimension& each) {
      return each.name == wanted.name && (!wanted.value || each.value == *wanted.value);
    });
  });
}

}  // namespace utakata
