#include "app/prometheus.hpp"

#include <doctest/doctest.h>

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
