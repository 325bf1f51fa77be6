#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "core/machine.hpp"
#include "services/cloudwatch/metric_ops.hpp"
#include "services/cloudwatch/module.hpp"
#include "sim/memory_metric_store.hpp"

using namespace utakata;  // NOLINT: a test
namespace cw = cloudwatch;
namespace api = cloudwatch::api;

namespace {

constexpr std::array<void (*)(Schema&), 1> modules{cw::declare};

// A machine with CloudWatch alone, a metric store's twin, and calls to it as a client makes them.
struct Bench {
  Machine machine{7, modules};
  sim::MemoryMetricStore store;
  Instant now = *parse_iso8601("2026-05-06T12:00:00Z");
  World world{"111122223333", "ap-northeast-1"};

  template <auto Handler, class Response, class Request>
  Outcome<Response> call(const Request& request) {
    static constexpr Operation made = operation<Handler>("Test");
    Response response;
    Step step = machine.step(now, ApiCall{world, &made, &request, &response, false});
    if (step.asked) {
      const auto answer = answer_to(*step.asked);
      if (!answer) return std::unexpected(answer.error());
      step = machine.step(now, ApiCall{world, &made, &request, &response, false, {}, &*answer});
    }
    if (step.fault) return std::unexpected(*step.fault);
    return response;
  }
  Outcome<Answer> answer_to(const Question& question) {
    if (const auto* append = std::get_if<MetricAppend>(&question)) {
      TRY_VOID(store.append(append->samples));
      return MetricAppended{};
    }
    if (const auto* queries = std::get_if<MetricQueries>(&question)) return TRY(store.read(*queries));
    return TRY(store.search(std::get<MetricSearch>(question)));
  }

  str put(api::MetricDatum datum, const str& name_space = "App") {
    if (datum.MetricName.empty()) datum.MetricName = "Requests";
    const auto done = call<cw::put_metric_data, api::Empty>(
        api::PutMetricDataInput{.Namespace = name_space, .MetricData = list<api::MetricDatum>{std::move(datum)}});
    return done ? str("done") : done.error().code + ": " + done.error().message;
  }
  api::MetricDataQuery query(const str& stat, i32 period = 60) {
    return {.Id = "a",
            .MetricStat = api::MetricStat{
                .Metric = {.Namespace = str("App"), .MetricName = str("Requests")}, .Period = period, .Stat = stat}};
  }
  Outcome<api::GetMetricDataOutput> get(list<api::MetricDataQuery> queries, const opt<str>& token = {},
                                        const opt<i32>& most = {}) {
    api::GetMetricDataInput request{.MetricDataQueries = std::move(queries),
                                    .StartTime = now - hours(1),
                                    .EndTime = now + minutes(1),
                                    .NextToken = token};
    request.MaxDatapoints = most;
    return call<cw::get_metric_data, api::GetMetricDataOutput>(request);
  }
  list<f64> values(const str& stat, i32 period = 60) {
    const auto output = get({query(stat, period)});
    REQUIRE(output);
    return *output->MetricDataResults->at(0).Values;
  }
};

api::MetricDatum value(f64 value) {
  api::MetricDatum datum;
  datum.Value = value;
  return datum;
}

}  // namespace

TEST_CASE("cloudwatch: what was put is there, by period and statistic") {
  Bench bench;
  api::MetricDatum old = value(7);
  old.Timestamp = bench.now - minutes(5);
  CHECK(bench.put(old) == "done");
  api::MetricDatum spread;
  spread.Values = list<f64>{1, 2, 100};
  spread.Counts = list<f64>{90, 9, 1};
  CHECK(bench.put(spread) == "done");
  CHECK(bench.values("Sum") == list<f64>{208, 7});  // the newest first
  CHECK(bench.values("SampleCount") == list<f64>{100, 1});
  CHECK(bench.values("Average") == list<f64>{2.08, 7});
  CHECK(bench.values("Minimum") == list<f64>{1, 7});
  CHECK(bench.values("Maximum") == list<f64>{100, 7});
  CHECK(bench.values("p50") == list<f64>{1, 7});
  CHECK(bench.values("p99") == list<f64>{2, 7});
  CHECK(bench.values("p99.9") == list<f64>{100, 7});
  CHECK(bench.values("Sum", 300) == list<f64>{208, 7});
  CHECK(bench.values("Sum", 86'400) == list<f64>{215});
  // Of a set nobody knows how its values are spread.
  api::MetricDatum set;
  set.StatisticValues = api::StatisticSet{.SampleCount = 2, .Sum = 3, .Minimum = 1, .Maximum = 2};
  CHECK(bench.put(set) == "done");
  CHECK(bench.values("p50") == list<f64>{7});
  CHECK(bench.values("Sum") == list<f64>{211, 7});
  bench.world.account = "999999999999";
  CHECK(bench.values("Sum").empty());
}

TEST_CASE("cloudwatch: what cannot be put is refused by name") {
  Bench bench;
  CHECK(bench.put(value(1), "AWS/ApplicationELB") ==
        "InvalidParameterValueException: The value AWS/ApplicationELB for parameter Namespace is invalid.");
  api::MetricDatum both = value(1);
  both.Values = list<f64>{1};
  CHECK(bench.put(both) ==
        "InvalidParameterCombinationException: The parameters MetricData.member.1.Value and MetricData.member.1.Values "
        "are mutually exclusive and you have specified both.");
  api::MetricDatum uneven;
  uneven.Values = list<f64>{1, 2};
  uneven.Counts = list<f64>{1};
  CHECK(bench.put(uneven) ==
        "InvalidParameterValueException: The parameters MetricData.member.1.Values and MetricData.member.1.Counts must "
        "be "
        "of the same size.");
  CHECK(bench.put({}).starts_with("MissingRequiredParameterException: "));
  CHECK(bench.put(value(HUGE_VAL)).contains("MetricData.member.1.Value"));
  api::MetricDatum late = value(1);
  late.Timestamp = bench.now - hours(24 * 15);
  CHECK(bench.put(late).contains("no more than two weeks in the past"));
  api::MetricDatum fine = value(1);
  fine.StorageResolution = 30;
  CHECK(bench.put(fine).contains("StorageResolution must be 1 or 60"));
  api::MetricDatum twice = value(1);
  twice.Dimensions = list<api::Dimension>{{"a", "1"}, {"a", "2"}};
  CHECK(bench.put(twice).contains("has a twice"));
}

TEST_CASE("cloudwatch: GetMetricData refuses what it cannot answer, and pages") {
  Bench bench;
  CHECK(bench.put(value(1)) == "done");
  const auto why = [&](const api::MetricDataQuery& query) { return bench.get({query}).error().message; };
  CHECK(why(bench.query("tm90")).contains("tm90"));
  CHECK(why(bench.query("p101")).contains("p101"));
  CHECK(why(bench.query("Sum", 61)).contains("multiple of 60"));
  auto computed = bench.query("Sum");
  computed.Expression = str("a * 2");
  CHECK(why(computed).contains("MetricDataQueries.member.1.Expression is not supported"));
  auto named = bench.query("Sum");
  named.Id = "A";
  CHECK(why(named).contains("lower-case letter"));
  CHECK(bench.get({bench.query("Sum"), bench.query("Sum")}).error().message.contains("not unique"));
  auto second = bench.query("Average");
  second.Id = "b";
  const auto first_page = bench.get({bench.query("Sum"), second}, {}, 100);
  REQUIRE(first_page);
  REQUIRE(first_page->NextToken);
  CHECK(first_page->MetricDataResults->size() == 1);
  const auto second_page = bench.get({bench.query("Sum"), second}, first_page->NextToken, 100);
  REQUIRE(second_page);
  CHECK_FALSE(second_page->NextToken);
  CHECK(*second_page->MetricDataResults->at(0).Id == "b");
  CHECK(bench.get({second}, str("nonsense")).error().code == "InvalidNextToken");
}

TEST_CASE("cloudwatch: GetMetricStatistics has AWS's texts") {
  Bench bench;
  CHECK(bench.put(value(3)) == "done");
  api::GetMetricStatisticsInput request{.Namespace = "App",
                                        .MetricName = "Requests",
                                        .StartTime = bench.now - hours(1),
                                        .EndTime = bench.now + seconds(30),
                                        .Period = 60};
  const auto call = [&] { return bench.call<cw::get_metric_statistics, api::GetMetricStatisticsOutput>(request); };
  CHECK(call().error().code == "InvalidParameterCombinationException");
  request.Statistics.emplace().push_back("Sum");
  request.ExtendedStatistics = list<str>{"p50"};
  const auto output = call();
  REQUIRE(output);
  REQUIRE(output->Datapoints->size() == 1);
  const api::Datapoint& point = output->Datapoints->at(0);
  CHECK(*point.Timestamp == bench.now);
  CHECK(*point.Sum == 3);
  CHECK_FALSE(point.Average);
  CHECK(point.Unit->name() == "None");
  CHECK(point.ExtendedStatistics->at("p50") == 3);
  request.Period = 1;
  request.StartTime = bench.now - hours(24);
  request.EndTime = bench.now;
  CHECK(call().error().message ==
        "You have requested up to 86400 datapoints, which exceeds the limit of 1440. You may reduce the datapoints "
        "requested by increasing Period, or decreasing the time range.");
  request.EndTime = request.StartTime;
  CHECK(call().error().message == "The parameter StartTime must be less than the parameter EndTime.");
}

TEST_CASE("cloudwatch: metrics are listed by page") {
  Bench bench;
  for (int i = 100; i < 650; ++i) {
    api::MetricDatum datum = value(1);
    datum.Dimensions = list<api::Dimension>{{"Id", std::to_string(i)}};
    REQUIRE(bench.put(datum) == "done");
  }
  api::ListMetricsInput request{.Namespace = str("App")};
  const auto call = [&] { return *bench.call<cw::list_metrics, api::ListMetricsOutput>(request); };
  const auto first = call();
  CHECK(first.Metrics->size() == 500);
  request.NextToken = first.NextToken;
  const auto second = call();
  CHECK(second.Metrics->size() == 50);
  CHECK_FALSE(second.NextToken);
  CHECK(second.Metrics->at(0).Dimensions->at(0).Value == "600");
  request.NextToken = {};
  request.Dimensions = list<api::DimensionFilter>{{.Name = "Id", .Value = str("120")}};
  CHECK(call().Metrics->size() == 1);
  bench.now = bench.now + hours(4);
  CHECK(call().Metrics->size() == 1);
  request.RecentlyActive.emplace();
  CHECK(call().Metrics->empty());
}
