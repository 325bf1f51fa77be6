#pragma once

#include "base/types.hpp"

namespace utakata::cloudwatch::api {

struct Empty {};

using StandardUnit =
    OneOf<"Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes",
          "Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second",
          "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second",
          "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second", "Count/Second", "None">;

struct Dimension {
  str Name;
  str Value;
};

struct StatisticSet {
  f64 SampleCount = 0;
  f64 Sum = 0;
  f64 Minimum = 0;
  f64 Maximum = 0;
};
struct MetricDatum {
  str MetricName;
  opt<list<Dimension>> Dimensions;
  opt<Instant> Timestamp;
  opt<f64> Value;
  opt<StatisticSet> StatisticValues;
  opt<list<f64>> Values;
  opt<list<f64>> Counts;
  opt<StandardUnit> Unit;
  opt<i32> StorageResolution;
};
struct Entity {
  opt<dict<str>> KeyAttributes;
  opt<dict<str>> Attributes;
};
struct EntityMetricData {
  stored<api::Entity> Entity;
  opt<list<MetricDatum>> MetricData;
};
struct PutMetricDataInput {
  str Namespace;
  opt<list<MetricDatum>> MetricData;
  opt<list<api::EntityMetricData>> EntityMetricData;
  stored<bool> StrictEntityValidation;
};

struct Metric {
  opt<str> Namespace;
  opt<str> MetricName;
  opt<list<Dimension>> Dimensions;
};
struct MetricStat {
  api::Metric Metric;
  i32 Period = 0;
  str Stat;
  opt<StandardUnit> Unit;
};
struct MetricDataQuery {
  str Id;
  opt<api::MetricStat> MetricStat;
  refused<str> Expression;
  opt<str> Label;
  opt<bool> ReturnData;
  opt<i32> Period;  // of an expression
  refused<str> AccountId;
};
struct LabelOptions {
  stored<str> Timezone;
};
struct GetMetricDataInput {
  list<MetricDataQuery> MetricDataQueries;
  Instant StartTime;
  Instant EndTime;
  opt<str> NextToken;
  opt<OneOf<"TimestampDescending", "TimestampAscending">> ScanBy;
  opt<i32> MaxDatapoints;
  opt<api::LabelOptions> LabelOptions;
};
struct MessageData {
  opt<str> Code;
  opt<str> Value;
};
struct MetricDataResult {
  opt<str> Id;
  opt<str> Label;
  opt<list<Instant>> Timestamps;
  opt<list<f64>> Values;
  opt<OneOf<"Complete", "InternalError", "PartialData", "Forbidden">> StatusCode;
  opt<list<MessageData>> Messages;
};
struct GetMetricDataOutput {
  opt<list<MetricDataResult>> MetricDataResults;
  opt<str> NextToken;
  opt<list<MessageData>> Messages;
};

struct GetMetricStatisticsInput {
  str Namespace;
  str MetricName;
  opt<list<Dimension>> Dimensions;
  Instant StartTime;
  Instant EndTime;
  i32 Period = 0;
  opt<list<OneOf<"SampleCount", "Average", "Sum", "Minimum", "Maximum">>> Statistics;
  opt<list<str>> ExtendedStatistics;
  opt<StandardUnit> Unit;
};
struct Datapoint {
  opt<Instant> Timestamp;
  opt<f64> SampleCount;
  opt<f64> Average;
  opt<f64> Sum;
  opt<f64> Minimum;
  opt<f64> Maximum;
  opt<StandardUnit> Unit;
  opt<dict<f64>> ExtendedStatistics;
};
struct GetMetricStatisticsOutput {
  opt<str> Label;
  opt<list<Datapoint>> Datapoints;
};

struct DimensionFilter {
  str Name;
  opt<str> Value;
};
struct ListMetricsInput {
  opt<str> Namespace;
  opt<str> MetricName;
  opt<list<DimensionFilter>> Dimensions;
  opt<str> NextToken;
  opt<OneOf<"PT3H">> RecentlyActive;
  stored<bool> IncludeLinkedAccounts;
  refused<str> OwningAccount;
};
struct ListMetricsOutput {
  opt<list<Metric>> Metrics;
  opt<str> NextToken;
  opt<list<str>> OwningAccounts;
};

}  // namespace utakata::cloudwatch::api
