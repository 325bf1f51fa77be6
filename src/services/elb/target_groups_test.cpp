#include <doctest/doctest.h>

#include "services/elb/fixture_test.hpp"
#include "services/elb/public.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::elb;  // NOLINT: a test
using test::Bench;

namespace {

struct Web : Bench {
  str balancer_arn = balancer();
  str group_arn = group("blue");

  str modify(api::ModifyTargetGroupInput request) {
    request.TargetGroupArn = group_arn;
    const auto done = call<modify_target_group, api::ModifyTargetGroupOutput>(request);
    return done ? str("done") : cat(done.error().code, ": ", done.error().message);
  }
  str create(api::CreateTargetGroupInput request) {
    request.Protocol_ = "HTTP";
    request.VpcId = vpc();
    request.TargetType = "ip";
    if (!request.Port) request.Port = 80;
    const auto done = call<create_target_group, api::CreateTargetGroupOutput>(request);
    return done ? str("done") : cat(done.error().code, ": ", done.error().message);
  }
  Outcome<api::RegisterTargetsOutput> put(const str& address, opt<i32> port = {}) {
    return call<register_targets, api::RegisterTargetsOutput>(
        api::RegisterTargetsInput{.TargetGroupArn = group_arn, .Targets = {{.Id = address, .Port = port}}});
  }
  void take_out(const str& address) {
    REQUIRE(call<deregister_targets, api::DeregisterTargetsOutput>(
        api::DeregisterTargetsInput{.TargetGroupArn = group_arn, .Targets = {{.Id = address}}}));
  }
  void report(const str& address, TargetHealthReport said) {
    said.target_group_arn = group_arn;
    said.address = address;
    said.port = 80;
    machine.step(now, Report{said});
  }
  // "state reason: description" of one target.
  str health(const str& address) {
    const auto found = call<describe_target_health, api::DescribeTargetHealthOutput>(api::DescribeTargetHealthInput{
        .TargetGroupArn = group_arn, .Targets = list<api::TargetDescription>{{.Id = address}}});
    const api::TargetHealth& is = *found->TargetHealthDescriptions->front().TargetHealth_;
    return cat(is.State->name(), " ", is.Reason.value_or(""), ": ", is.Description.value_or(""));
  }
  std::size_t listed() {
    return call<describe_target_health, api::DescribeTargetHealthOutput>(
               api::DescribeTargetHealthInput{.TargetGroupArn = group_arn})
        ->TargetHealthDescriptions->size();
  }
};

}  // namespace

TEST_CASE("elb target groups: AWS's defaults of an HTTP group") {
  Web web;
  const auto found = web.call<describe_target_groups, api::DescribeTargetGroupsOutput>(
      api::DescribeTargetGroupsInput{.TargetGroupArns = list<str>{web.group_arn}});
  const api::TargetGroup& group = found->TargetGroups->front();
  CHECK(*group.HealthCheckIntervalSeconds == 30);
  CHECK(*group.HealthCheckTimeoutSeconds == 5);
  CHECK(*group.HealthyThresholdCount == 5);
  CHECK(*group.UnhealthyThresholdCount == 2);
  CHECK(*group.HealthCheckPort == "traffic-port");
  CHECK(*group.HealthCheckPath == "/");
  CHECK(*group.Matcher_->HttpCode == "200");
}

TEST_CASE("elb target groups: health checks reach the data path as they are set") {
  Web web;
  web.listener(web.balancer_arn, 80, web.group_arn);
  api::ModifyTargetGroupInput wanted{.HealthCheckPort = str("8080"),
                                     .HealthCheckPath = str("/up?deep=1"),
                                     .HealthCheckIntervalSeconds = 10,
                                     .HealthCheckTimeoutSeconds = 9,
                                     .HealthyThresholdCount = 3,
                                     .UnhealthyThresholdCount = 4,
                                     .Matcher_ = api::Matcher{.HttpCode = str("200-299,404")}};
  REQUIRE(web.modify(wanted) == "done");
  const HealthCheckRule rule = web.configured().target_groups.at(0).health_check;
  CHECK(*rule.port == 8080);
  CHECK(rule.path == "/up?deep=1");
  CHECK(rule.matcher == "200-299,404");
  CHECK(rule.interval_seconds == 10);
  CHECK(rule.timeout_seconds == 9);
  CHECK(rule.healthy_threshold == 3);
  CHECK(rule.unhealthy_threshold == 4);
  wanted.HealthCheckPort = str("traffic-port");
  REQUIRE(web.modify(wanted) == "done");
  CHECK_FALSE(web.configured().target_groups.at(0).health_check.port);
}

TEST_CASE("elb target groups: health checks out of AWS's ranges are refused by name") {
  Web web;
  CHECK(web.modify({.HealthCheckIntervalSeconds = 600}) ==
        "ValidationError: 1 validation error detected: Value '600' at 'healthCheckIntervalSeconds' failed to satisfy "
        "constraint: Member must have value less than or equal to 300");
  CHECK(web.modify({.HealthCheckTimeoutSeconds = 1}).find("'healthCheckTimeoutSeconds'") != str::npos);
  CHECK(web.modify({.HealthyThresholdCount = 11}).find("'healthyThresholdCount'") != str::npos);
  CHECK(web.modify({.UnhealthyThresholdCount = 1}).find("'unhealthyThresholdCount'") != str::npos);
  CHECK(web.modify({.HealthCheckIntervalSeconds = 10, .HealthCheckTimeoutSeconds = 10}) ==
        "ValidationError: Health check timeout '10' must be smaller than the interval '10'");
  CHECK(web.modify({.HealthCheckPath = str("up")}).find("must begin with a '/' character") != str::npos);
  CHECK(web.modify({.HealthCheckPath = str(1025, '/')}).find("'healthCheckPath'") != str::npos);
  CHECK(web.modify({.HealthCheckPort = str("0")}).find("[1-65535] or 'traffic-port'") != str::npos);
  for (const str bad : {"", "199", "500", "200-", "299-200", "200;201", "2xx"})
    CHECK_MESSAGE(web.modify({.Matcher_ = api::Matcher{.HttpCode = bad}})
                      .starts_with("ValidationError: Health check matcher HTTP code"),
                  bad);
  CHECK(web.modify({.Matcher_ = api::Matcher{.GrpcCode = str("0")}}).find("GrpcCode") != str::npos);
  CHECK(web.modify({.HealthCheckProtocol = "TCP"}) ==
        "InvalidConfigurationRequest: Health check protocol 'TCP' is not supported for target groups with the HTTP "
        "protocol");
  CHECK(web.modify({.HealthCheckProtocol = "HTTPS"}) == "done");
  CHECK(web.modify({.HealthCheckEnabled = false}).find("Health check enabled must be true") != str::npos);
}

TEST_CASE("elb: the quotas that are kept can be asked for, page by page") {
  Bench bench;
  api::DescribeAccountLimitsInput asked{.PageSize = 5};
  dict<str> quotas;
  do {
    const auto page = bench.call<describe_account_limits, api::DescribeAccountLimitsOutput>(asked);
    REQUIRE(page);
    for (const api::Limit& limit : *page->Limits) quotas[*limit.Name] = *limit.Max;
    asked.Marker = page->NextMarker;
  } while (asked.Marker);
  CHECK(quotas.size() == 13);
  CHECK(quotas["rules-per-application-load-balancer"] == "100");
  CHECK(quotas["targets-per-target-group"] == "1000");
  for (int i = 0; i < 50; ++i) bench.balancer(cat("web-", i));
  const auto one_more =
      bench.call<create_load_balancer, api::CreateLoadBalancerOutput>(api::CreateLoadBalancerInput{.Name = "one-more"});
  CHECK(one_more.error().code == "TooManyLoadBalancers");
}

TEST_CASE("elb target groups: names, and the same group twice") {
  Web web;
  CHECK(web.create({.Name = str(33, 'a')}).find("cannot be longer than '32' characters") != str::npos);
  CHECK(web.create({.Name = "a_b"}).find("alphanumeric characters or hyphens(-)") != str::npos);
  CHECK(web.create({.Name = "-a"}) == "ValidationError: Target group name '-a' cannot begin or end with '-'");
  CHECK(web.create({.Name = "a", .Port = 0}).find("'port'") != str::npos);
  CHECK(web.create({.Name = "blue"}) == "done");
  CHECK(web.create({.Name = "blue", .UnhealthyThresholdCount = 3}) ==
        "DuplicateTargetGroupName: A target group with the same name 'blue' exists, but with different settings");
}

TEST_CASE("elb targets: states, reasons and descriptions as AWS says them") {
  Web web;
  REQUIRE(web.put("172.31.0.9"));
  CHECK(web.health("172.31.0.9") ==
        "unused Target.NotInUse: Target group is not configured to receive traffic from the load balancer");
  CHECK(web.health("172.31.0.10") == "unused Target.NotRegistered: Target is not registered to the target group");
  web.listener(web.balancer_arn, 80, web.group_arn);
  CHECK(web.health("172.31.0.9") == "initial Elb.RegistrationInProgress: Target registration is in progress");
  web.report("172.31.0.9", {.reason = "Elb.InitialHealthChecking", .description = "Initial health checks in progress"});
  CHECK(web.health("172.31.0.9") == "initial Elb.InitialHealthChecking: Initial health checks in progress");
  web.report("172.31.0.9", {.state = "unhealthy", .reason = "Target.Timeout", .description = "Request timed out"});
  CHECK(web.health("172.31.0.9") == "unhealthy Target.Timeout: Request timed out");
  web.report("172.31.0.9", {.state = "healthy"});
  CHECK(web.health("172.31.0.9") == "healthy : ");
  web.take_out("172.31.0.9");
  CHECK(web.health("172.31.0.9") == "draining Target.DeregistrationInProgress: Target deregistration is in progress");
  web.report("172.31.0.9", {.state = "healthy"});  // late: it drains
  CHECK(web.health("172.31.0.9").starts_with("draining"));
  web.now = web.now + seconds(300);
  web.machine.step(web.now, Tick{});
  CHECK(web.health("172.31.0.9").starts_with("unused Target.NotRegistered"));
  CHECK(web.listed() == 0);
}

TEST_CASE("elb targets: a thousand of a group, by addresses and ports that can be") {
  Web web;
  CHECK(web.put("localhost").error().code == "ValidationError");
  CHECK(web.put("172.31.0.9", 0).error().message.find("'targets.1.member.port'") != str::npos);
  const auto second = web.call<register_targets, api::RegisterTargetsOutput>(api::RegisterTargetsInput{
      .TargetGroupArn = web.group_arn, .Targets = {{.Id = "172.31.0.9"}, {.Id = "172.31.0.9", .Port = 99'999}}});
  CHECK(second.error().message.find("Value '99999' at 'targets.2.member.port'") != str::npos);
  const auto gone = web.call<deregister_targets, api::DeregisterTargetsOutput>(api::DeregisterTargetsInput{
      .TargetGroupArn = web.group_arn, .Targets = {{.Id = "172.31.0.9"}, {.Id = "172.31.0.9", .Port = 0}}});
  CHECK(gone.error().message.find("'targets.2.member.port'") != str::npos);
  for (i32 port = 1; port <= 1000; ++port) REQUIRE(web.put("172.31.0.9", port));
  CHECK(web.put("172.31.0.9", 1001).error().code == "TooManyTargets");
  CHECK(web.put("172.31.0.9", 1000));
}

TEST_CASE("elb targets: anomalies are told to those who ask for them") {
  Web web;
  REQUIRE(web.put("172.31.0.9"));
  web.listener(web.balancer_arn, 80, web.group_arn);
  const auto described = [&](bool include) {
    api::DescribeTargetHealthInput request{.TargetGroupArn = web.group_arn};
    if (include) request.Include.emplace().emplace_back() = "AnomalyDetection";
    const auto found = web.call<describe_target_health, api::DescribeTargetHealthOutput>(request);
    return found->TargetHealthDescriptions->front();
  };
  CHECK_FALSE(described(false).AnomalyDetection_);
  CHECK(described(false).AdministrativeOverride_->State->name() == "no_override");
  CHECK(described(true).AnomalyDetection_->Result->name() == "normal");
  CHECK(described(true).AnomalyDetection_->MitigationInEffect->name() == "no");
  web.machine.step(web.now, Report{TargetAnomalyReport{.target_group_arn = web.group_arn,
                                                       .address = "172.31.0.9",
                                                       .port = 80,
                                                       .anomalous = true,
                                                       .mitigated = true}});
  CHECK(described(true).AnomalyDetection_->Result->name() == "anomalous");
  CHECK(described(true).AnomalyDetection_->MitigationInEffect->name() == "yes");
}

TEST_CASE("elb targets: a deregistered target gets requests for as long as its nodes have not heard of it") {
  Web web;
  REQUIRE(web.put("172.31.0.9"));
  web.listener(web.balancer_arn, 80, web.group_arn);
  const auto set = [&](const str& key, const str& value) {
    REQUIRE(web.call<modify_target_group_attributes, api::ModifyTargetGroupAttributesOutput>(
        api::ModifyTargetGroupAttributesInput{.TargetGroupArn = web.group_arn,
                                              .Attributes = {{.Key = key, .Value = value}}}));
  };
  const auto pass = [&](i32 count) {
    web.now = web.now + seconds(count);
    web.step = web.machine.step(web.now, Tick{});
  };
  set("utakata.deregistration.propagation_seconds", "15");
  web.take_out("172.31.0.9");
  CHECK(web.health("172.31.0.9").starts_with("draining"));
  pass(14);
  set("slow_start.duration_seconds", "30");  // a picture made meanwhile
  CHECK_FALSE(web.configured().target_groups.at(0).targets.at(0).draining);
  pass(1);
  CHECK(web.configured().target_groups.at(0).targets.at(0).draining);
  CHECK(web.health("172.31.0.9").starts_with("draining"));
  pass(285);
  CHECK(web.listed() == 0);

  // Also without a delay, and registering it again ends both.
  set("deregistration_delay.timeout_seconds", "0");
  REQUIRE(web.put("172.31.0.9"));
  web.take_out("172.31.0.9");
  CHECK(web.health("172.31.0.9").starts_with("draining"));
  pass(5);
  REQUIRE(web.put("172.31.0.9"));
  CHECK(web.health("172.31.0.9").starts_with("initial"));
  pass(60);
  CHECK(web.listed() == 1);
  web.take_out("172.31.0.9");
  pass(15);
  CHECK(web.listed() == 0);
}
