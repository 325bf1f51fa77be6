#include "balancer/meters.hpp"

#include <doctest/doctest.h>

#include <map>

#include "base/text.hpp"
#include "core/metric_math.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test

namespace {

constexpr const char* web_arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/1";
constexpr const char* blue_arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/2";

// "RequestCount LoadBalancer TargetGroup" and its statistics.
std::map<str, MetricStatistics> by_name(const list<MetricSample>& samples) {
  std::map<str, MetricStatistics> all;
  for (const MetricSample& each : samples) {
    CHECK(each.metric.world == "123456789012/eu-west-1/");
    CHECK(each.metric.name_space == "AWS/ApplicationELB");
    str name = each.metric.name;
    for (const MetricDimension& dimension : each.metric.dimensions) {
      name += " " + dimension.name;
      CHECK(dimension.value == (dimension.name == "LoadBalancer" ? "app/web/1" : "targetgroup/blue/2"));
    }
    CHECK_FALSE(all.contains(name));
    all[name] = each.statistics;
  }
  return all;
}

Record answered(int status, Duration in) {
  const Instant begun{1};
  return {.received = begun,
          .dispatched = begun,
          .answered = begun + in,
          .ended = begun + in,
          .received_bytes = 100,
          .sent_bytes = 900,
          .target_status = status,
          .status = status};
}

}  // namespace

TEST_CASE("balancer meters: a minute is told as CloudWatch names it, and an idle one is not") {
  Meters meters;
  const auto web = meters.add(web_arn, "app/web/1");
  const auto blue = meters.add(web_arn, "app/web/1", blue_arn);
  CHECK(meters.take_minute(60).empty());
  for (int i = 0; i < 3; ++i) count_request(*web, blue.get(), answered(200, milliseconds(10)), Cause::ok);
  count_request(*web, blue.get(), answered(503, milliseconds(30)), Cause::target_5xx);
  count_request(*web, blue.get(), {.received = Instant{1}, .status = 502}, Cause::connect_refused_502);
  count_request(*web, blue.get(), {.received = Instant{1}, .status = 503}, Cause::no_target_503);
  count_request(*web, nullptr, {.received = Instant{1}, .status = 400}, Cause::bad_request);
  blue->healthy_targets.set(2);
  blue->unhealthy_targets.set(3);
  web->add(Measure::rule_evaluations, 12);
  web->add(Measure::client_tls_errors, 2);
  for (const auto& each : {web, blue}) each->add(Measure::target_tls_errors);
  {
    const OpenConnection gone(web);
  }
  const OpenConnection connection(web);
  auto told = by_name(meters.take_minute(120));
  const auto sum = [&](const str& name) { return told.contains(name) ? told[name].sum : -1; };
  CHECK(sum("RequestCount LoadBalancer") == 5);
  CHECK(sum("RequestCount LoadBalancer TargetGroup") == 5);
  CHECK(sum("RequestCountPerTarget LoadBalancer TargetGroup") == 1);
  CHECK(sum("RequestCountPerTarget TargetGroup") == 1);
  CHECK(sum("HTTPCode_Target_2XX_Count LoadBalancer") == 3);
  CHECK(sum("HTTPCode_Target_2XX_Count LoadBalancer TargetGroup") == 3);
  CHECK(sum("HTTPCode_Target_5XX_Count LoadBalancer TargetGroup") == 1);
  CHECK(sum("HTTPCode_Target_4XX_Count LoadBalancer TargetGroup") == -1);  // of zero nothing is told
  for (const char* by_ones : {"HTTPCode_Target_2XX_Count LoadBalancer", "HTTPCode_ELB_5XX_Count LoadBalancer"}) {
    CHECK(told[by_ones].count == told[by_ones].sum);
    CHECK(told[by_ones].minimum == 1);
    CHECK(told[by_ones].maximum == 1);
  }
  CHECK(told["RequestCount LoadBalancer"].count == 1);
  CHECK(sum("HTTPCode_ELB_5XX_Count LoadBalancer") == 2);
  CHECK(sum("HTTPCode_ELB_502_Count LoadBalancer") == 1);
  CHECK(sum("HTTPCode_ELB_503_Count LoadBalancer") == 1);
  CHECK(sum("HTTPCode_ELB_4XX_Count LoadBalancer") == 1);
  CHECK(sum("TargetConnectionErrorCount LoadBalancer TargetGroup") == 1);
  CHECK(sum("ClientTLSNegotiationErrorCount LoadBalancer") == 2);
  CHECK(sum("ClientTLSNegotiationErrorCount LoadBalancer TargetGroup") == -1);
  CHECK(sum("TargetTLSNegotiationErrorCount LoadBalancer") == 1);
  CHECK(sum("TargetTLSNegotiationErrorCount LoadBalancer TargetGroup") == 1);
  CHECK(sum("ProcessedBytes LoadBalancer") == 4000);
  CHECK(sum("RuleEvaluations LoadBalancer") == 12);
  CHECK(sum("NewConnectionCount LoadBalancer") == 2);
  CHECK(sum("ActiveConnectionCount LoadBalancer") == 2);
  CHECK(sum("HealthyHostCount LoadBalancer TargetGroup") == 2);
  CHECK(sum("UnHealthyHostCount LoadBalancer TargetGroup") == 3);
  CHECK(sum("ConsumedLCUs LoadBalancer") == doctest::Approx(2.0 / 60 / 25));
  const MetricStatistics& times = told["TargetResponseTime LoadBalancer TargetGroup"];
  CHECK(times.count == 4);
  CHECK(times.sum == doctest::Approx(0.06));
  CHECK(*percentile(times, 0.5) == doctest::Approx(0.01).epsilon(0.01));
  CHECK(*percentile(times, 0.99) == doctest::Approx(0.03).epsilon(0.01));

  // The next minute has nothing but a connection that is still open, and targets.
  told = by_name(meters.take_minute(180));
  CHECK(sum("RequestCount LoadBalancer") == 0);
  CHECK(sum("ActiveConnectionCount LoadBalancer") == 1);
  CHECK_FALSE(told.contains("TargetResponseTime LoadBalancer TargetGroup"));
  CHECK(sum("HealthyHostCount LoadBalancer TargetGroup") == 2);
}

namespace {

constexpr const char* net_arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/n/1";

// By name and how many dimensions there are.
std::map<str, MetricStatistics> told_of_flows(Meters& meters, i64 at) {
  std::map<str, MetricStatistics> told;
  for (const MetricSample& each : meters.take_minute(at)) {
    CHECK(each.metric.name_space == "AWS/NetworkELB");
    CHECK(each.unit == (each.metric.name.starts_with("ProcessedBytes") ? "Bytes" : "Count"));
    told[cat(each.metric.name, each.metric.dimensions.size())] = each.statistics;
  }
  return told;
}
std::map<str, double> sums(const std::map<str, MetricStatistics>& told) {
  std::map<str, double> all;
  for (const auto& [name, statistics] : told) all[name] = statistics.sum;
  return all;
}

}  // namespace

TEST_CASE("balancer meters: of a network load balancer its flows are told") {
  Meters meters;
  const auto net = meters.add(net_arn, "net/n/1");
  const auto blue = meters.add(net_arn, "net/n/1", blue_arn);
  const OpenConnection client(net);
  OpenFlow lasting(net, FlowKind::tls);
  {
    OpenFlow one(net, FlowKind::tcp);
    OpenFlow other(net, FlowKind::tcp);
    one.carried(100);
    other.carried(20);
    OpenFlow datagrams(net, FlowKind::udp);
    datagrams.carried(3);
  }
  lasting.carried(4000);
  for (const Cause cause : {Cause::flow_ended, Cause::flow_client_reset, Cause::flow_target_reset, Cause::flow_refused,
                            Cause::flow_idle, Cause::flow_unhealthy, Cause::flow_connect_timeout})
    count_flow(*net, blue.get(), FlowKind::tcp, cause);
  count_flow(*net, nullptr, FlowKind::tcp, Cause::flow_no_target);
  count_flow(*net, blue.get(), FlowKind::udp, Cause::flow_refused);  // of datagrams nothing is reset
  CHECK(blue->causes[static_cast<std::size_t>(Cause::flow_refused)].get() == 2);
  CHECK(net->causes[static_cast<std::size_t>(Cause::flow_no_target)].get() == 1);
  CHECK(blue->get(Measure::target_connection_errors) == 2);
  auto told = told_of_flows(meters, 60);
  CHECK(sums(told) == std::map<str, double>{{"NewFlowCount1", 4},
                                            {"NewFlowCount_TCP1", 2},
                                            {"NewFlowCount_TLS1", 1},
                                            {"NewFlowCount_UDP1", 1},
                                            {"ProcessedBytes1", 4123},
                                            {"ProcessedBytes_TCP1", 120},
                                            {"ProcessedBytes_TLS1", 4000},
                                            {"ProcessedBytes_UDP1", 3},
                                            {"TCP_Client_Reset_Count1", 1},
                                            {"TCP_ELB_Reset_Count1", 4},
                                            {"TCP_Target_Reset_Count1", 2},
                                            {"PortAllocationErrorCount1", 0},
                                            {"ActiveFlowCount1", 1},
                                            {"ActiveFlowCount_TCP1", 0},
                                            {"ActiveFlowCount_TLS1", 1},
                                            {"ActiveFlowCount_UDP1", 0}});
  CHECK(told["ActiveFlowCount1"].minimum == 0);
  CHECK(told["ActiveFlowCount1"].maximum == 4);
  CHECK(told["ActiveFlowCount_TCP1"].maximum == 2);

  // A minute in which nothing came but that has a flow.
  told = told_of_flows(meters, 120);
  CHECK(sums(told) == std::map<str, double>{{"NewFlowCount1", 0},
                                            {"ProcessedBytes1", 0},
                                            {"TCP_Client_Reset_Count1", 0},
                                            {"TCP_ELB_Reset_Count1", 0},
                                            {"TCP_Target_Reset_Count1", 0},
                                            {"PortAllocationErrorCount1", 0},
                                            {"ActiveFlowCount1", 1},
                                            {"ActiveFlowCount_TLS1", 1}});
  CHECK(told["ActiveFlowCount1"].minimum == 1);
  CHECK(told["ActiveFlowCount1"].maximum == 1);
}

TEST_CASE("balancer meters: what a zone's node got is told of the zone, too") {
  Meters meters;
  const auto web = meters.add(web_arn, "app/web/1");
  const auto blue = meters.add(web_arn, "app/web/1", blue_arn);
  for (const char* zone : {"1a", "1c", "1c"}) {
    Record record = answered(200, milliseconds(10));
    record.zone = zone;
    record.failed_open = record.zone == "1c";
    count_request(*web, blue.get(), record, Cause::ok);
  }
  count_request(*web, nullptr, {.received = Instant{1}, .status = 400, .zone = "1a"}, Cause::bad_request);
  Record of_none = {.received = Instant{1}, .status = 503};
  of_none.zone = "1c";
  of_none.failed_open = true;
  count_request(*web, blue.get(), of_none, Cause::no_target_503);
  web->add_in("1a", Measure::client_tls_errors, 4);
  web->add_in("", Measure::client_tls_errors);
  blue->set_targets({.healthy = 2, .unhealthy = 1}, {{"1a", {.healthy = 2}}, {"1c", {.unhealthy = 1}}});
  CHECK(meters.all().size() == 2);
  std::map<str, double> told;
  for (const MetricSample& each : meters.take_minute(60)) {
    str name = each.metric.name;
    for (const MetricDimension& dimension : each.metric.dimensions)
      name += cat(" ", dimension.name == "AvailabilityZone" ? dimension.value : dimension.name);
    CHECK_FALSE(told.contains(name));
    told[name] = each.statistics.sum;
  }
  CHECK(told["RequestCount LoadBalancer"] == 3);
  CHECK(told["RequestCount 1a LoadBalancer"] == 1);
  CHECK(told["RequestCount 1c LoadBalancer"] == 2);
  CHECK(told["RequestCount 1c LoadBalancer TargetGroup"] == 2);
  CHECK(told["HTTPCode_Target_2XX_Count 1c LoadBalancer TargetGroup"] == 2);
  CHECK(told["TargetResponseTime 1a LoadBalancer TargetGroup"] == 0.01);
  CHECK(told["HTTPCode_ELB_4XX_Count 1a LoadBalancer"] == 1);
  CHECK(told["HTTPCode_ELB_503_Count 1c LoadBalancer"] == 1);
  CHECK(told["ClientTLSNegotiationErrorCount LoadBalancer"] == 5);
  CHECK(told["ClientTLSNegotiationErrorCount 1a LoadBalancer"] == 4);
  CHECK(told["UnhealthyRoutingRequestCount LoadBalancer TargetGroup"] == 2);
  CHECK(told["UnhealthyRoutingRequestCount 1c LoadBalancer TargetGroup"] == 2);
  CHECK_FALSE(told.contains("UnhealthyRoutingRequestCount 1a LoadBalancer TargetGroup"));
  CHECK(told["HealthyHostCount LoadBalancer TargetGroup"] == 2);
  CHECK(told["HealthyHostCount 1a LoadBalancer TargetGroup"] == 2);
  CHECK(told["UnHealthyHostCount 1c LoadBalancer TargetGroup"] == 1);
  for (const char* of_whole_alone : {"NewConnectionCount", "ProcessedBytes", "ActiveConnectionCount", "ConsumedLCUs"}) {
    CHECK(told.contains(cat(of_whole_alone, " LoadBalancer")));
    CHECK_FALSE(told.contains(cat(of_whole_alone, " 1a LoadBalancer")));
  }
  blue->set_targets({.healthy = 1}, {{"1a", {.healthy = 1}}});  // the other zone has none any more
  for (const MetricSample& each : meters.take_minute(120))
    for (const MetricDimension& dimension : each.metric.dimensions) CHECK(dimension.value != "1c");
}

TEST_CASE("balancer meters: functions, and the capacity units that each dimension takes") {
  Meters meters;
  const auto web = meters.add(web_arn, "app/web/1");
  const auto blue = meters.add(web_arn, "app/web/1", blue_arn);
  Record record = answered(200, milliseconds(10));
  record.of_function = true;
  record.received_bytes = 0;
  record.sent_bytes = 4'000'000'000;
  count_request(*web, blue.get(), record, Cause::ok);
  for (const Cause cause : {Cause::lambda_failed_502, Cause::lambda_missing_502, Cause::lambda_timeout_504})
    count_request(*web, blue.get(), {.received = Instant{1}, .status = 502}, cause);
  web->add(Measure::billed_evaluations, 30'000);
  auto told = by_name(meters.take_minute(60));
  CHECK(told["LambdaUserError LoadBalancer TargetGroup"].sum == 2);
  CHECK(told["LambdaInternalError LoadBalancer TargetGroup"].sum == 1);
  CHECK(told["LambdaTargetProcessedBytes LoadBalancer"].sum == 4e9);
  CHECK(told["ConsumedLCUs LoadBalancer"].sum == doctest::Approx(600));  // 10 GB in a sixtieth of an hour
  CHECK(web->lcus[2].get() == 600'000'000);
  CHECK(web->lcus[3].get() == 500'000);
  meters.take_minute(120);
  CHECK(web->lcus[2].get() == 0);
}

TEST_CASE("balancer meters: flows are told of their node's zone, too") {
  Meters meters;
  const auto net = meters.add(net_arn, "net/n/1");
  const auto blue = meters.add(net_arn, "net/n/1", blue_arn);
  {
    OpenFlow flow(net, FlowKind::tcp, "1a");
    flow.carried(7);
    blue->add_in("1a", Measure::failed_open_flows);
    count_flow(*net, blue.get(), FlowKind::tcp, Cause::flow_client_reset, "1a");
  }
  std::map<str, double> told;
  for (const MetricSample& each : meters.take_minute(60))
    if (each.metric.dimensions.front() == MetricDimension{"AvailabilityZone", "1a"})
      told[each.metric.name] = each.statistics.sum;
  CHECK(told == std::map<str, double>{{"NewFlowCount", 1},
                                      {"NewFlowCount_TCP", 1},
                                      {"ProcessedBytes", 7},
                                      {"ProcessedBytes_TCP", 7},
                                      {"TCP_Client_Reset_Count", 1},
                                      {"TCP_ELB_Reset_Count", 0},
                                      {"TCP_Target_Reset_Count", 0},
                                      {"PortAllocationErrorCount", 0},
                                      {"ActiveFlowCount", 0},
                                      {"ActiveFlowCount_TCP", 0},
                                      {"UnhealthyRoutingFlowCount", 1}});
}

TEST_CASE("balancer meters: of a network load balancer its targets' health and failed handshakes are told") {
  Meters meters;
  const auto net = meters.add(net_arn, "net/n/1");
  const auto blue = meters.add(net_arn, "net/n/1", blue_arn);
  blue->healthy_targets.set(1);
  net->add(Measure::client_tls_errors);
  for (const auto& each : {net, blue}) each->add(Measure::target_tls_errors, 3);
  std::map<str, double> told = sums(told_of_flows(meters, 60));
  std::erase_if(told, [](const auto& each) { return each.second == 0 && !each.first.contains("Host"); });
  CHECK(told == std::map<str, double>{{"ClientTLSNegotiationErrorCount1", 1},
                                      {"TargetTLSNegotiationErrorCount1", 3},
                                      {"TargetTLSNegotiationErrorCount2", 3},
                                      {"HealthyHostCount2", 1},
                                      {"UnHealthyHostCount2", 0}});
}

TEST_CASE("balancer meters: one whose load balancer is gone is told once more") {
  Meters meters;
  auto web = meters.add(web_arn, "app/web/1");
  web->add(Measure::fixed_responses);
  web.reset();
  CHECK_FALSE(meters.take_minute(60).empty());
  CHECK(meters.all().empty());
}

TEST_CASE("balancer meters: response times are no more than a hundredth off") {
  for (const i64 microseconds : {i64{0}, i64{1}, i64{63}, i64{64}, i64{65}, i64{127}, i64{128}, i64{1000}, i64{123'456},
                                 i64{59'999'999}, i64{4'000'000'000}}) {
    ResponseTimes times;
    times.add(utakata::microseconds(microseconds));
    times.add(utakata::microseconds(microseconds * 2));
    const MetricStatistics taken = times.take();
    REQUIRE(taken.values.size() >= 1);
    CHECK(taken.values[0].value == doctest::Approx(static_cast<double>(microseconds) / 1e6).epsilon(0.01));
    CHECK(times.take().count == 0);
  }
}
