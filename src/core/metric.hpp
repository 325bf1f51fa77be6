#pragma once

#include <compare>

#include "base/types.hpp"

// What was measured, as it goes to where metrics are kept, and what may be asked of it.
namespace utakata {

struct MetricDimension {
  str name, value;
  friend auto operator<=>(const MetricDimension&, const MetricDimension&) = default;
};

/// A metric is its namespace, its name and exactly these dimensions, in one account and region.
struct MetricName {
  str world;  // World::key("")
  str name_space, name;
  list<MetricDimension> dimensions;  // by name
  friend auto operator<=>(const MetricName&, const MetricName&) = default;
};

/// A value and how often it was measured.
struct MetricValue {
  double value = 0, count = 1;
};

/// What one metric was in one span of time.
struct MetricStatistics {
  double count = 0, sum = 0, minimum = 0, maximum = 0;
  list<MetricValue> values;  // by value; empty: how the values are spread is not known
};

struct MetricSample {
  MetricName metric;
  str unit = "None";
  i64 at = 0;           // seconds since 1970
  i32 resolution = 60;  // seconds; or 1
  MetricStatistics statistics;
};

/// Makes samples durable; answered when they are. Those of the same metric, unit and time add up.
struct MetricAppend {
  list<MetricSample> samples;
};
struct MetricAppended {};

/// What a metric was in each period that begins in [start, end), both in seconds since 1970 and multiples of the
/// period.
struct MetricQuery {
  MetricName metric;
  str unit;  // empty: any, each for itself
  i64 start = 0, end = 0;
  i32 period = 60;  // seconds
};
struct MetricPoint {
  i64 at = 0;
  str unit;
  MetricStatistics statistics;
};
struct MetricQueries {
  list<MetricQuery> queries;
};
struct MetricData {
  list<list<MetricPoint>> points;  // of each query, by time
};

/// A page of the metrics that have been measured since, by namespace, name and dimensions.
struct MetricSearch {
  str world;
  str name_space, name;  // empty: all
  struct Dimension {
    str name;
    opt<str> value;
  };
  list<Dimension> dimensions;  // that it has, besides others
  i64 since = 0;               // seconds since 1970
  opt<MetricName> after;
  i32 limit = 500;
};
struct MetricListing {
  list<MetricName> metrics;
  bool more = false;
};

}  // namespace utakata
