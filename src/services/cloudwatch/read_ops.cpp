#include <algorithm>

#include "base/named.hpp"
#include "services/cloudwatch/errors.hpp"
#include "services/cloudwatch/limits.hpp"
#include "services/cloudwatch/metric_ops.hpp"
#include "services/cloudwatch/names.hpp"
#include "services/cloudwatch/statistic.hpp"
#include "wire/pagination.hpp"

namespace utakata::cloudwatch {
namespace {

// Whole periods: the one that the start is in, and the one that ends at the end or after it.
struct Span {
  i64 start = 0, end = 0;  // seconds since 1970
  [[nodiscard]] i64 periods(i32 period) const { return (end - start) / period; }
};

Outcome<Span> span_of(Instant start, Instant end, i32 period) {
  if (start >= end) return validation("The parameter StartTime must be less than the parameter EndTime.");
  const i64 from = start.ns / nanoseconds_a_second;
  const i64 to = (end.ns + nanoseconds_a_second - 1) / nanoseconds_a_second;
  return Span{.start = from - from % period, .end = (to + period - 1) / period * period};
}

Instant instant_of(i64 at) { return Instant{at * nanoseconds_a_second}; }

str unit_asked(const opt<api::StandardUnit>& unit) { return unit ? str(unit->name()) : str(); }

// One query of GetMetricData, checked.
struct Asked {
  const api::MetricDataQuery* query = nullptr;
  MetricQuery metric;
  Statistic statistic;
  i64 periods = 0;
};

bool is_id(std::string_view id) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !id.empty() && id.size() <= limits::name_characters && id[0] >= 'a' && id[0] <= 'z' &&
         std::ranges::all_of(id, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

Outcome<Asked> asked_of(Tx& tx, const api::GetMetricDataInput& request, std::size_t at) {
  const api::MetricDataQuery& query = request.MetricDataQueries[at];
  const str member = cat("MetricDataQueries.member.", at + 1);
  if (!is_id(query.Id))
    return validation(
        cat("The value '", query.Id.substr(0, 100), "' for parameter ", member,
            ".Id is not valid: it must begin with a lower-case letter, and letters, digits and _ follow."));
  if (query.Expression)
    return validation(cat("The parameter ", member, ".Expression is not supported here: ask for the metrics by ",
                          member, ".MetricStat and compute from what is answered."));
  if (query.AccountId) return validation(cat("The parameter ", member, ".AccountId is not supported here."));
  if (!query.MetricStat) return validation(cat("The parameter ", member, ".MetricStat is required."));
  const api::MetricStat& stat = *query.MetricStat;
  TRY_VOID(check_period(stat.Period, member + ".MetricStat.Period"));
  const Span span = TRY(span_of(request.StartTime, request.EndTime, stat.Period));
  const api::Metric& metric = stat.Metric;
  Asked asked {
    .query = &query,
    .metric =
    {.metric = TRY(metric_of(tx.world(), metric.Namespace.value_or(""), metric.MetricName.value_or(""),
                             metric.Dimensions, member + ".MetricStat.Metric.")),
     .unit = unit_asked(stat.Unit),
     .start = span.start,
     .end = span.end,
     .period = stat.Period },
    .statistic = TRY(Statistic::parse(stat.Stat, member + ".MetricStat.Stat"))
    , .periods = span.periods(stat.Period)
  };
  if (query.Label && query.Label->contains("${")) tx.note_stored(cat("/MetricDataQueries/", at, "/Label"));
  return asked;
}

struct Page {
  list<Asked> asked;
  opt<str> next;
};

// As many queries as a page has room for, from the one that the token names on.
Outcome<Page> page_of(Tx& tx, const api::GetMetricDataInput& request) {
  const i64 room = std::min<i64>(request.MaxDatapoints.value_or(limits::data_datapoints), limits::data_datapoints);
  if (room < 1) return validation("The parameter MaxDatapoints must be greater than 0.");
  if (request.MetricDataQueries.empty() || request.MetricDataQueries.size() > limits::data_queries)
    return validation(cat("The collection MetricDataQueries must have a size from 1 to ", limits::data_queries, "."));
  const wire::PageRules rules{.operation = "GetMetricData",
                              .bad_token = {.code = "InvalidNextToken", .message = "The token is not valid."}};
  std::size_t first = 0;
  if (request.NextToken && !request.NextToken->empty()) {
    const auto number = parse_integer(TRY(wire::decode_token(rules, *request.NextToken)));
    first = static_cast<std::size_t>(std::max<i64>(0, number.value_or(0)));
  }
  Page page;
  i64 datapoints = 0;
  list<str> ids;
  for (std::size_t i = 0; i < request.MetricDataQueries.size(); ++i) {
    Asked asked = TRY(asked_of(tx, request, i));
    if (std::ranges::find(ids, asked.query->Id) != ids.end())
      return validation(cat("The values for parameter Id in MetricDataQueries are not unique: ", asked.query->Id));
    ids.push_back(asked.query->Id);
    if (asked.periods > limits::data_datapoints)
      return invalid_combination(
          cat("You have requested up to ", asked.periods, " datapoints of one metric, which exceeds the limit of ",
              limits::data_datapoints,
              ". You may reduce the datapoints requested by increasing Period, or decreasing the "
              "time range."));
    const bool wanted = asked.query->ReturnData.value_or(true);
    if (i < first || !wanted || page.next) continue;
    if (!page.asked.empty() && datapoints + asked.periods > room) {
      page.next = wire::encode_token(rules.operation, cat(i));
      continue;
    }
    datapoints += asked.periods;
    page.asked.push_back(std::move(asked));
  }
  return page;
}

api::MetricDataResult result_of(const Asked& asked, const list<MetricPoint>& points, bool ascending) {
  api::MetricDataResult result{.Id = asked.query->Id,
                               .Label = asked.query->Label.value_or(asked.metric.metric.name),
                               .Timestamps = list<Instant>{},
                               .Values = list<f64>{}};
  result.StatusCode = decltype(result.StatusCode)("Complete");
  for (const MetricPoint& point : points) {
    const opt<f64> value = asked.statistic.of(point.statistics);
    if (!value) continue;
    result.Timestamps->push_back(instant_of(point.at));
    result.Values->push_back(*value);
  }
  if (!ascending) {
    std::ranges::reverse(*result.Timestamps);
    std::ranges::reverse(*result.Values);
  }
  return result;
}

}  // namespace

Outcome<api::GetMetricDataOutput> get_metric_data(Tx& tx, const api::GetMetricDataInput& request) {
  const Page page = TRY(page_of(tx, request));
  api::GetMetricDataOutput output{
      .MetricDataResults = list<api::MetricDataResult>{}, .NextToken = page.next, .Messages = list<api::MessageData>{}};
  const auto* data = tx.answer<MetricData>();
  if (data == nullptr) {
    MetricQueries queries;
    for (const Asked& each : page.asked) queries.queries.push_back(each.metric);
    tx.ask(std::move(queries));
    return output;
  }
  const bool ascending = request.ScanBy && *request.ScanBy == "TimestampAscending";
  for (std::size_t i = 0; i < page.asked.size() && i < data->points.size(); ++i)
    output.MetricDataResults->push_back(result_of(page.asked[i], data->points[i], ascending));
  return output;
}

Outcome<api::GetMetricStatisticsOutput> get_metric_statistics(Tx& tx, const api::GetMetricStatisticsInput& request) {
  TRY_VOID(check_period(request.Period, "Period"));
  const Span span = TRY(span_of(request.StartTime, request.EndTime, request.Period));
  if (span.periods(request.Period) > limits::statistics_datapoints)
    return invalid_combination(cat("You have requested up to ", span.periods(request.Period),
                                   " datapoints, which exceeds the limit of ", limits::statistics_datapoints,
                                   ". You may reduce the datapoints requested by increasing Period, or decreasing the "
                                   "time range."));
  const bool plain = request.Statistics && !request.Statistics->empty();
  const bool extended = request.ExtendedStatistics && !request.ExtendedStatistics->empty();
  if (!plain && !extended)
    return invalid_combination("At least one of the parameters Statistics and ExtendedStatistics must be specified.");
  dict<Statistic> percentiles;
  if (extended)
    for (const str& each : *request.ExtendedStatistics)
      percentiles.emplace(each, TRY(Statistic::parse(each, "ExtendedStatistics")));
  const MetricName metric = TRY(metric_of(tx.world(), request.Namespace, request.MetricName, request.Dimensions, ""));
  api::GetMetricStatisticsOutput output{.Label = request.MetricName, .Datapoints = list<api::Datapoint>{}};
  const auto* data = tx.answer<MetricData>();
  if (data == nullptr) {
    tx.ask(MetricQueries{.queries = {{.metric = metric,
                                      .unit = unit_asked(request.Unit),
                                      .start = span.start,
                                      .end = span.end,
                                      .period = request.Period}}});
    return output;
  }
  const auto asked = [&](std::string_view name) {
    return plain && std::ranges::any_of(*request.Statistics, [&](const auto& each) { return each.name() == name; });
  };
  for (const MetricPoint& point : data->points.at(0)) {
    const MetricStatistics& all = point.statistics;
    api::Datapoint& shown = output.Datapoints->emplace_back();
    shown.Timestamp = instant_of(point.at);
    shown.Unit = named<api::StandardUnit>(point.unit);
    if (asked("SampleCount")) shown.SampleCount = all.count;
    if (asked("Average")) shown.Average = all.sum / all.count;
    if (asked("Sum")) shown.Sum = all.sum;
    if (asked("Minimum")) shown.Minimum = all.minimum;
    if (asked("Maximum")) shown.Maximum = all.maximum;
    dict<f64> values;
    for (const auto& [name, statistic] : percentiles)
      if (const opt<f64> value = statistic.of(all)) values[name] = *value;
    if (!values.empty()) shown.ExtendedStatistics = std::move(values);
  }
  return output;
}

Outcome<api::ListMetricsOutput> list_metrics(Tx& tx, const api::ListMetricsInput& request) {
  const wire::PageRules rules{.operation = "ListMetrics",
                              .bad_token = {.code = "InvalidParameterValueException",
                                            .message = "The value for parameter NextToken is not valid."}};
  if (request.OwningAccount) return invalid_value("The parameter OwningAccount is not supported here.");
  const i64 now = tx.now().ns / nanoseconds_a_second;
  MetricSearch search{.world = tx.world().prefix(),
                      .name_space = request.Namespace.value_or(""),
                      .name = request.MetricName.value_or(""),
                      .since = now - (request.RecentlyActive ? limits::recently_active : limits::listed_span),
                      .limit = limits::listed};
  if (request.Dimensions)
    for (const api::DimensionFilter& each : *request.Dimensions)
      search.dimensions.push_back({.name = each.Name, .value = each.Value});
  if (request.NextToken && !request.NextToken->empty())
    search.after = metric_of_text(tx.world(), TRY(wire::decode_token(rules, *request.NextToken)));
  api::ListMetricsOutput output{.Metrics = list<api::Metric>{}};
  const auto* listing = tx.answer<MetricListing>();
  if (listing == nullptr) {
    tx.ask(std::move(search));
    return output;
  }
  for (const MetricName& each : listing->metrics) output.Metrics->push_back(shown(each));
  if (listing->more) output.NextToken = wire::encode_token(rules.operation, text_of(listing->metrics.back()));
  return output;
}

}  // namespace utakata::cloudwatch
