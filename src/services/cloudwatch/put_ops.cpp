#include <algorithm>
#include <cmath>

#include "services/cloudwatch/errors.hpp"
#include "services/cloudwatch/limits.hpp"
#include "services/cloudwatch/metric_ops.hpp"
#include "services/cloudwatch/names.hpp"

namespace utakata::cloudwatch {
namespace {

Outcome<> check_number(f64 value, const str& parameter) {
  constexpr f64 most = 0x1p360;
  if (!std::isfinite(value) || std::abs(value) > most)
    return invalid_value(cat("The value for parameter ", parameter,
                             " is out of range: it must be a number of no more than "
                             "2^360."));
  return {};
}

Outcome<MetricStatistics> of_set(const api::StatisticSet& set, const str& at) {
  TRY_VOID(check_number(set.SampleCount, at + ".SampleCount"));
  TRY_VOID(check_number(set.Sum, at + ".Sum"));
  TRY_VOID(check_number(set.Minimum, at + ".Minimum"));
  TRY_VOID(check_number(set.Maximum, at + ".Maximum"));
  if (set.SampleCount <= 0)
    return invalid_value(cat("The value for parameter ", at, ".SampleCount must be greater than 0."));
  if (set.Minimum > set.Maximum)
    return invalid_value(cat("The parameter ", at, ".Minimum must be less than or equal to ", at, ".Maximum."));
  return MetricStatistics{
      .count = set.SampleCount, .sum = set.Sum, .minimum = set.Minimum, .maximum = set.Maximum, .values = {}};
}

Outcome<MetricStatistics> of_values(const list<f64>& values, const opt<list<f64>>& counts, const str& at) {
  if (values.empty()) return missing(cat("The parameter ", at, ".Values is required."));
  if (values.size() > limits::put_values)
    return invalid_value(
        cat("The collection ", at, ".Values must not have a size greater than ", limits::put_values, "."));
  if (counts && counts->size() != values.size())
    return invalid_value(cat("The parameters ", at, ".Values and ", at, ".Counts must be of the same size."));
  MetricStatistics all{.minimum = values.front(), .maximum = values.front()};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const f64 count = counts ? (*counts)[i] : 1;
    TRY_VOID(check_number(values[i], cat(at, ".Values.member.", i + 1)));
    TRY_VOID(check_number(count, cat(at, ".Counts.member.", i + 1)));
    if (count <= 0)
      return invalid_value(cat("The value for parameter ", at, ".Counts.member.", i + 1, " must be greater than 0."));
    all.count += count;
    all.sum += values[i] * count;
    all.minimum = std::min(all.minimum, values[i]);
    all.maximum = std::max(all.maximum, values[i]);
    all.values.push_back({.value = values[i], .count = count});
  }
  std::ranges::sort(all.values, {}, &MetricValue::value);
  return all;
}

auto both(const str& at, std::string_view one, std::string_view other) {
  return invalid_combination(cat("The parameters ", at, ".", one, " and ", at, ".", other,
                                 " are mutually exclusive and you have specified both."));
}

Outcome<MetricStatistics> measured(const api::MetricDatum& datum, const str& at) {
  if (datum.Value && datum.Values) return both(at, "Value", "Values");
  if (datum.Value && datum.StatisticValues) return both(at, "Value", "StatisticValues");
  if (datum.Values && datum.StatisticValues) return both(at, "Values", "StatisticValues");
  if (datum.StatisticValues) return of_set(*datum.StatisticValues, at + ".StatisticValues");
  if (datum.Values) return of_values(*datum.Values, datum.Counts, at);
  if (!datum.Value)
    return missing(cat("At least one of the parameters ", at, ".Value, ", at, ".Values or ", at,
                       ".StatisticValues must be specified."));
  TRY_VOID(check_number(*datum.Value, at + ".Value"));
  return MetricStatistics{
      .count = 1, .sum = *datum.Value, .minimum = *datum.Value, .maximum = *datum.Value, .values = {}};
}

Outcome<> take(Tx& tx, const str& name_space, const list<api::MetricDatum>& data, const str& member,
               list<MetricSample>& samples) {
  const i64 now = tx.now().ns / nanoseconds_a_second;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const api::MetricDatum& datum = data[i];
    const str at = cat(member, ".member.", i + 1);
    MetricSample sample {
      .metric = TRY(metric_of(tx.world(), name_space, datum.MetricName, datum.Dimensions, at + "."))
      , .unit = datum.Unit ? str(datum.Unit->name()) : str("None"),
          .at = datum.Timestamp ? datum.Timestamp->ns / nanoseconds_a_second : now,
          .resolution = datum.StorageResolution.value_or(60), .statistics = TRY(measured(datum, at))
    };
    if (sample.resolution != 1 && sample.resolution != 60)
      return invalid_value(cat("The value for parameter ", at, ".StorageResolution must be 1 or 60."));
    if (sample.at < now - limits::past_span || sample.at > now + limits::future_span)
      return invalid_value(cat("The parameter ", at,
                               ".Timestamp must specify a time no more than two weeks in the past and no more than two "
                               "hours in the future."));
    samples.push_back(std::move(sample));
  }
  return {};
}

}  // namespace

Outcome<api::Empty> put_metric_data(Tx& tx, const api::PutMetricDataInput& request) {
  if (request.Namespace.starts_with("AWS/"))
    return invalid_value(cat("The value ", request.Namespace, " for parameter Namespace is invalid."));
  list<MetricSample> samples;
  if (request.MetricData) TRY_VOID(take(tx, request.Namespace, *request.MetricData, "MetricData", samples));
  if (request.EntityMetricData)
    for (std::size_t i = 0; i < request.EntityMetricData->size(); ++i)
      if (const auto& data = (*request.EntityMetricData)[i].MetricData)
        TRY_VOID(take(tx, request.Namespace, *data, cat("EntityMetricData.member.", i + 1, ".MetricData"), samples));
  if (samples.empty()) return missing("The parameter MetricData is required.");
  if (samples.size() > limits::put_metrics)
    return invalid_value(cat("The collection MetricData must not have a size greater than ", limits::put_metrics, "."));
  if (tx.answer<MetricAppended>() == nullptr) tx.ask(MetricAppend{.samples = std::move(samples)});
  return api::Empty{};
}

}  // namespace utakata::cloudwatch
