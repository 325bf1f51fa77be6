#include "services/elb/attributes.hpp"

#include <doctest/doctest.h>

#include "services/elb/fixture_test.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::elb;  // NOLINT: a test
using test::Bench;

namespace {

struct Web : Bench {
  str balancer_arn = balancer();
  str group_arn = group("blue");
  str listener_arn = listener(balancer_arn, 80, group_arn);

  str set_group(const dict<str>& values) {
    api::ModifyTargetGroupAttributesInput request{.TargetGroupArn = group_arn};
    for (const auto& [key, value] : values) request.Attributes.push_back({.Key = key, .Value = value});
    const auto done = call<modify_target_group_attributes, api::ModifyTargetGroupAttributesOutput>(request);
    return done ? str("done") : cat(done.error().code, ": ", done.error().message);
  }
  str set_balancer(const dict<str>& values) {
    api::ModifyLoadBalancerAttributesInput request{.LoadBalancerArn = balancer_arn};
    for (const auto& [key, value] : values) request.Attributes.push_back({.Key = key, .Value = value});
    const auto done = call<modify_load_balancer_attributes, api::ModifyLoadBalancerAttributesOutput>(request);
    return done ? str("done") : cat(done.error().code, ": ", done.error().message);
  }
  [[nodiscard]] BalancerTargetGroup configured_group() const { return configured().target_groups.at(0); }
};

}  // namespace

TEST_CASE("elb attributes: a new target group has AWS's defaults") {
  Web web;
  const BalancerTargetGroup group = web.configured_group();
  const auto all = web.call<describe_target_group_attributes, api::DescribeTargetGroupAttributesOutput>(
      api::DescribeTargetGroupAttributesInput{.TargetGroupArn = web.group_arn});
  dict<str> values;
  for (const auto& each : *all->Attributes) values[*each.Key] = *each.Value;
  CHECK(values.size() == 22);
  CHECK(values["deregistration_delay.timeout_seconds"] == "300");
  CHECK(values["stickiness.type"] == "lb_cookie");
  CHECK(values["load_balancing.cross_zone.enabled"] == "use_load_balancer_configuration");
  CHECK(values["target_group_health.dns_failover.minimum_healthy_targets.count"] == "1");
  CHECK(group.algorithm.name() == "round_robin");
  CHECK(group.stickiness.kind.name() == "none");
  CHECK(group.healthy_count_min == 1);
  CHECK(group.healthy_percent_min == 0);
  CHECK(group.cross_zone);
}

TEST_CASE("elb attributes: a target group's reach the data path") {
  Web web;
  CHECK(web.set_group({{"load_balancing.algorithm.type", "weighted_random"},
                       {"load_balancing.algorithm.anomaly_mitigation", "on"},
                       {"stickiness.enabled", "true"},
                       {"stickiness.type", "app_cookie"},
                       {"stickiness.app_cookie.cookie_name", "session"},
                       {"stickiness.app_cookie.duration_seconds", "60"},
                       {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "50"}}) ==
        "done");
  CHECK(web.step.stored.empty());
  BalancerTargetGroup group = web.configured_group();
  CHECK(group.algorithm.name() == "weighted_random");
  CHECK(group.anomaly_mitigation);
  CHECK(group.stickiness.kind.name() == "app_cookie");
  CHECK(group.stickiness.cookie_name == "session");
  CHECK(group.stickiness.duration_seconds == 60);
  CHECK(group.healthy_percent_min == 50);
  Web other;
  CHECK(other.set_group({{"slow_start.duration_seconds", "30"}}) == "done");
  CHECK(other.configured_group().slow_start_seconds == 30);
  CHECK(other.set_group({{"load_balancing.cross_zone.enabled", "false"}}) == "done");
  CHECK_FALSE(other.configured_group().cross_zone);
}

TEST_CASE("elb attributes: what has no effect yet is told, unless it is the default") {
  Web web;
  CHECK(web.set_group(
            {{"load_balancing.cross_zone.enabled", "false"}, {"deregistration_delay.timeout_seconds", "5"}}) == "done");
  CHECK(web.step.stored.empty());
  CHECK(web.set_group({{"load_balancing.cross_zone.enabled", "true"}, {"stickiness.enabled", "true"}}) == "done");
  CHECK(web.step.stored.empty());
  CHECK(web.set_group({{"stickiness.enabled", "true"}, {"stickiness.lb_cookie.duration_seconds", "5"}}) == "done");
  CHECK(web.step.stored.empty());
  CHECK(web.set_balancer({{"waf.fail_open.enabled", "true"}, {"idle_timeout.timeout_seconds", "5"}}) == "done");
  CHECK(web.step.stored == std::vector<std::string>{"/Attributes/waf.fail_open.enabled"});
  CHECK(web.set_balancer({{"routing.http.desync_mitigation_mode", "monitor"},
                          {"routing.http.drop_invalid_header_fields.enabled", "true"},
                          {"routing.http.preserve_host_header.enabled", "true"},
                          {"routing.http.xff_client_port.enabled", "true"},
                          {"routing.http.xff_header_processing.mode", "preserve"}}) == "done");
  CHECK(web.step.stored.empty());
  CHECK(web.set_balancer({{"routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "true"}}) == "done");
  CHECK(web.step.stored.empty());
}

TEST_CASE("elb attributes: values out of AWS's ranges are refused by name") {
  Web web;
  CHECK(web.set_group({{"deregistration_delay.timeout_seconds", "3601"}}) ==
        "ValidationError: 'deregistration_delay.timeout_seconds' value '3601' must be between '0-3600' inclusive");
  CHECK(web.set_group({{"slow_start.duration_seconds", "29"}}) ==
        "ValidationError: 'slow_start.duration_seconds' value '29' must be between '30-900' inclusive");
  CHECK(web.set_group({{"slow_start.duration_seconds", "0"}}) == "done");
  CHECK(web.set_group({{"stickiness.lb_cookie.duration_seconds", "604801"}}).find("'1-604800'") != str::npos);
  CHECK(web.set_group({{"stickiness.enabled", "yes"}}) ==
        "ValidationError: 'stickiness.enabled' value 'yes' must be one of '[true, false]'");
  CHECK(web.set_group({{"load_balancing.algorithm.type", "random"}}).find("weighted_random]'") != str::npos);
  CHECK(web.set_group({{"color", "blue"}}) == "ValidationError: Target group attribute key 'color' is not recognized");
  const auto without_key = web.call<modify_target_group_attributes, api::ModifyTargetGroupAttributesOutput>(
      api::ModifyTargetGroupAttributesInput{.TargetGroupArn = web.group_arn,
                                            .Attributes = list<api::TargetGroupAttribute>{{.Value = "80"}}});
  CHECK(without_key.error().message == "Attributes.member.1.Key must be specified");
  CHECK(web.set_group({{"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "off"}})
            .find("'1-1000'") != str::npos);
  CHECK(web.set_balancer({{"color", "blue"}}) ==
        "ValidationError: Load balancer attribute key 'color' is not recognized");
  CHECK(web.set_balancer({{"idle_timeout.timeout_seconds", "4001"}}).find("'1-4000'") != str::npos);
  CHECK(web.set_balancer({{"client_keep_alive.seconds", "59"}}).find("'60-604800'") != str::npos);
  CHECK(web.set_balancer({{"routing.http.desync_mitigation_mode", "off"}}).find("monitor, defensive, strictest") !=
        str::npos);
  dict<str> many;
  for (int i = 0; i < 21; ++i) many[cat("key-", i)] = "value";
  CHECK(web.set_balancer(many).find("Member must have length less than or equal to 20") != str::npos);
}

TEST_CASE("elb attributes: what excludes each other is refused") {
  Web web;
  CHECK(web.set_group({{"load_balancing.algorithm.anomaly_mitigation", "on"}})
            .starts_with("InvalidConfigurationRequest"));
  CHECK(web.set_group(
               {{"slow_start.duration_seconds", "60"}, {"load_balancing.algorithm.type", "least_outstanding_requests"}})
            .starts_with("InvalidConfigurationRequest: 'slow_start.duration_seconds'"));
  CHECK(
      web.set_group({{"stickiness.type", "app_cookie"}}) ==
      "InvalidConfigurationRequest: You must set an application cookie name to enable stickiness of type 'app_cookie'");
  CHECK(web.set_group({{"stickiness.type", "source_ip"}}) ==
        "InvalidConfigurationRequest: Stickiness type 'source_ip' is not supported for target groups with the HTTP "
        "protocol");
  CHECK(web.set_group({{"stickiness.app_cookie.cookie_name", "AWSALBTG1"}}).find("must not begin with") != str::npos);
  CHECK(web.set_group({{"stickiness.app_cookie.cookie_name", "a=b"}}).find("is not the name of a cookie") != str::npos);
  CHECK(web.set_group({{"stickiness.enabled", "true"}, {"load_balancing.cross_zone.enabled", "false"}})
            .starts_with("InvalidConfigurationRequest: 'stickiness.enabled'"));
  CHECK(web.set_group({{"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "2"}})
            .find("must be greater than or equal to") != str::npos);
  CHECK(web.set_balancer({{"access_logs.s3.enabled", "true"}}).find("'access_logs.s3.bucket'") != str::npos);
  for (const char* bucket : {"..", "a", "../logs", "Logs", "logs/a", "-logs", "lo..gs"})
    CHECK(web.set_balancer({{"access_logs.s3.bucket", bucket}}).contains("is not the name of a bucket"));
  for (const char* prefix : {"..", "a/../b", "/a", "a/", "a//b", "x/AWSLogs", "a\nb"})
    CHECK(web.set_balancer({{"access_logs.s3.prefix", prefix}}).contains("must not include 'AWSLogs'"));
  CHECK(web.set_balancer({{"load_balancing.cross_zone.enabled", "false"}}).find("cannot be changed") != str::npos);
}

TEST_CASE("elb attributes: a load balancer's reach the data path, and protect it") {
  Web web;
  CHECK(web.set_balancer({{"routing.http.desync_mitigation_mode", "strictest"},
                          {"routing.http.xff_header_processing.mode", "remove"},
                          {"routing.http.xff_client_port.enabled", "true"},
                          {"routing.http.drop_invalid_header_fields.enabled", "true"},
                          {"routing.http2.enabled", "false"},
                          {"client_keep_alive.seconds", "60"}}) == "done");
  const BalancerConfig config = web.configured();
  CHECK(config.desync_mitigation_mode.name() == "strictest");
  CHECK(config.forwarded_for.name() == "remove");
  CHECK(config.forwarded_for_client_port);
  CHECK(config.drop_invalid_header_fields);
  CHECK_FALSE(config.http2);
  CHECK(config.client_keep_alive_seconds == 60);
  CHECK(config.idle_timeout_seconds == 60);
  CHECK(web.set_balancer({{"deletion_protection.enabled", "true"}}) == "done");
  const auto gone = web.call<delete_load_balancer, api::DeleteLoadBalancerOutput>(
      api::DeleteLoadBalancerInput{.LoadBalancerArn = web.balancer_arn});
  CHECK(gone.error().code == "OperationNotPermitted");
}

TEST_CASE("elb attributes: what goes beyond AWS is off, and reaches the data path when it is set") {
  Web web;
  const BalancerTargetGroup before = web.configured_group();
  CHECK(before.retry.attempts == 0);
  CHECK(before.hold.seconds == 0);
  CHECK(before.requests_of_target_max == 0);
  CHECK(before.connect_timeout_seconds == 10);
  CHECK_FALSE(web.configured().target_header);
  CHECK(web.set_group({{"utakata.retry.attempts", "2"},
                       {"utakata.retry.requests", "idempotent"},
                       {"utakata.retry.budget_percent", "5"},
                       {"utakata.hold.seconds", "30"},
                       {"utakata.hold.requests", "7"},
                       {"utakata.circuit.requests_per_target", "9"},
                       {"utakata.connect.timeout_seconds", "2"}}) == "done");
  CHECK(web.step.stored.empty());
  const BalancerTargetGroup group = web.configured_group();
  CHECK(group.retry.attempts == 2);
  CHECK(group.retry.idempotent);
  CHECK(group.retry.budget_percent == 5);
  CHECK(group.hold.seconds == 30);
  CHECK(group.hold.requests == 7);
  CHECK(group.requests_of_target_max == 9);
  CHECK(group.connect_timeout_seconds == 2);
  CHECK(web.set_balancer({{"utakata.response.target_header.enabled", "true"}}) == "done");
  CHECK(web.configured().target_header);
  CHECK(web.set_group({{"utakata.retry.attempts", "6"}}) ==
        "ValidationError: 'utakata.retry.attempts' value '6' must be '0', or between '1-5' inclusive");
  CHECK(web.set_group({{"utakata.hold.seconds", "-1"}}).ends_with("must be '0', or between '1-300' inclusive"));
  CHECK(web.set_group({{"utakata.circuit.requests_per_target", "1x"}})
            .ends_with("value '1x' must be '0', or between '1-100000' inclusive"));
  CHECK(web.set_group({{"utakata.hold.requests", "0"}}).ends_with("value '0' must be between '1-1000' inclusive"));
  CHECK(web.set_group({{"utakata.hold.requests", "1001"}}).find("'1-1000'") != str::npos);
}

TEST_CASE("elb attributes: access logs reach the data path") {
  Web web;
  CHECK_FALSE(web.configured().access_log.enabled);
  CHECK(web.set_balancer({{"access_logs.s3.enabled", "true"},
                          {"access_logs.s3.bucket", "my-logs"},
                          {"access_logs.s3.prefix", "web/blue"}}) == "done");
  CHECK(web.step.stored.empty());
  const AccessLogRule rule = web.configured().access_log;
  CHECK(rule.enabled);
  CHECK(rule.bucket == "my-logs");
  CHECK(rule.prefix == "web/blue");
}
