#include "app/prometheus.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::app;  // NOLINT: a test

TEST_CASE("prometheus: requests, times and health by their labels") {
  balancer::Meters meters;
  const char* arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/1";
  const auto web = meters.add(arn, "app/web/1");
  const auto blue =
      meters.add(arn, "app/web/1", "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/2");
  const Instant begun{1};
  const balancer::Record answered{.received = begun,
                                  .dispatched = begun,
                                  .answered = begun + milliseconds(20),
                                  .ended = begun + milliseconds(30),
                                  .received_bytes = 100,
                                  .sent_bytes = 1000,
                                  .target_status = 200,
                                  .status = 200};
  balancer::count_request(*web, blue.get(), answered, balancer::Cause::ok);
  balancer::count_request(*web, blue.get(), answered, balancer::Cause::ok);
  balancer::count_request(*web, nullptr, {.received = begun, .status = 400}, balancer::Cause::bad_request);
  blue->healthy_targets.set(2);
  const balancer::OpenConnection connection(web);
  const std::string page = prometheus_page(meters.all(), {.engine = {.steps = 7}, .tasks = 3, .ready = true});
  const std::string balancer = R"(account="123456789012",region="eu-west-1",load_balancer="app/web/1")";
  const std::string group = balancer + R"(,target_group="targetgroup/blue/2")";
  const auto has = [&](const std::string& line) { return ("\n" + page).contains("\n" + line + "\n"); };
  CHECK(has("# TYPE utakata_elb_requests_total counter"));
  CHECK(has("utakata_elb_requests_total{" + group + R"(,cause="ok"} 2)"));
  CHECK(has("utakata_elb_requests_total{" + balancer + R"(,target_group="",cause="bad_request"} 1)"));
  CHECK(has("utakata_elb_target_responses_total{" + group + R"(,class="2xx"} 2)"));
  CHECK(has("utakata_elb_target_response_seconds_bucket{" + group + R"(,le="0.01"} 0)"));
  CHECK(has("utakata_elb_target_response_seconds_bucket{" + group + R"(,le="0.025"} 2)"));
  CHECK(has("utakata_elb_target_response_seconds_bucket{" + group + R"(,le="+Inf"} 2)"));
  CHECK(has("utakata_elb_target_response_seconds_sum{" + group + "} 0.04"));
  CHECK(has("utakata_elb_target_response_seconds_count{" + group + "} 2"));
  CHECK(has("utakata_elb_processed_bytes_total{" + balancer + "} 2200"));
  CHECK(has("utakata_elb_client_connections{" + balancer + "} 1"));
  CHECK(has("utakata_elb_targets{" + group + R"(,health="healthy"} 2)"));
  CHECK(has("utakata_engine_steps_total 7"));
  CHECK(has("utakata_sandbox_tasks 3"));
  CHECK(has("utakata_ready 1"));
  CHECK(page.contains("\nprocess_resident_memory_bytes "));
}

TEST_CASE("prometheus: of a network load balancer its flows are told, and nothing of HTTP") {
  balancer::Meters meters;
  const char* arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/n/1";
  const auto net = meters.add(arn, "net/n/1");
  const auto blue =
      meters.add(arn, "net/n/1", "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/2");
  const balancer::OpenConnection connection(net);
  balancer::OpenFlow flow(net, balancer::FlowKind::tcp);
  flow.carried(17);
  for (int i = 0; i < 8; ++i)
    balancer::count_flow(*net, blue.get(), balancer::FlowKind::tcp, balancer::Cause::flow_ended);
  balancer::count_flow(*net, nullptr, balancer::FlowKind::tcp, balancer::Cause::flow_no_target);
  const std::string page = prometheus_page(meters.all(), {});
  const std::string balancer = R"(account="123456789012",region="eu-west-1",load_balancer="net/n/1")";
  const std::string group = balancer + R"(,target_group="targetgroup/blue/2")";
  const auto has = [&](const std::string& line) { return ("\n" + page).contains("\n" + line + "\n"); };
  CHECK(has("utakata_elb_flows_total{" + group + R"(,cause="flow_ended"} 8)"));
  CHECK(has("utakata_elb_flows_total{" + balancer + R"(,target_group="",cause="flow_no_target"} 1)"));
  CHECK(has("utakata_elb_new_flows_total{" + balancer + R"(,protocol="tcp"} 1)"));
  CHECK(has("utakata_elb_flows{" + balancer + R"(,protocol="tcp"} 1)"));
  CHECK(has("utakata_elb_flows{" + balancer + R"(,protocol="udp"} 0)"));
  CHECK(has("utakata_elb_client_connections_total{" + balancer + "} 1"));
  CHECK(has("utakata_elb_client_connections{" + balancer + "} 1"));
  CHECK(has("utakata_elb_processed_bytes_total{" + balancer + "} 17"));
  for (const char* of_http : {"requests_total", "retries_total", "retries_refused_total", "target_responses_total",
                              "target_response_seconds_count", "rule_evaluations_total"})
    CHECK_FALSE(page.contains(cat("utakata_elb_", of_http, "{")));
}

TEST_CASE("prometheus: tries that another one followed are told apart from how requests ended") {
  balancer::Meters meters;
  const char* arn = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/web/1";
  const auto web = meters.add(arn, "app/web/1");
  const auto blue = meters.add(arn, "app/web/1", "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/blue/2");
  balancer::count_request(*web, blue.get(), {.target_status = 200, .status = 200}, balancer::Cause::ok);
  blue->causes[static_cast<std::size_t>(balancer::Cause::retried)].add(3);
  blue->causes[static_cast<std::size_t>(balancer::Cause::retry_refused)].add(2);
  const std::string page = prometheus_page(meters.all(), {});
  CHECK(page.contains(R"(utakata_elb_retries_total{account="1",region="eu-west-1",load_balancer="app/web/1",)"
                      R"(target_group="targetgroup/blue/2"} 3)"));
  CHECK(page.contains(R"(utakata_elb_retries_refused_total{account="1",region="eu-west-1",load_balancer="app/web/1",)"
                      R"(target_group="targetgroup/blue/2"} 2)"));
  CHECK_FALSE(page.contains(R"(cause="retr)"));
}

TEST_CASE("prometheus: the requests of a group that is gone do not become requests without a group") {
  balancer::Meters meters;
  const auto web = meters.add("arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/web/1", "app/web/1");
  auto blue = meters.add("arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/web/1", "app/web/1",
                         "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/blue/2");
  balancer::count_request(*web, blue.get(), {.target_status = 200, .status = 200}, balancer::Cause::ok);
  balancer::count_request(*web, nullptr, {.status = 301}, balancer::Cause::ok);
  blue.reset();
  (void)meters.take_minute(60);
  const std::string page = prometheus_page(meters.all(), {});
  CHECK(page.contains(R"(,target_group="",cause="ok"} 1)"));
}
