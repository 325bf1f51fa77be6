#include <doctest/doctest.h>

#include "services/elb/fixture_test.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::elb;  // NOLINT: a test
using test::Bench;

namespace {

const str function_arn = "arn:aws:lambda:ap-northeast-1:111122223333:function:hello";

struct Functions : Bench {
  str balancer_arn = balancer();
  str group_arn;

  Outcome<api::TargetGroup> create(api::CreateTargetGroupInput request = {}) {
    request.Name = "functions";
    request.TargetType = "lambda";
    auto made = call<create_target_group, api::CreateTargetGroupOutput>(request);
    if (!made) return std::unexpected(made.error());
    group_arn = *made->TargetGroups->front().TargetGroupArn;
    return made->TargetGroups->front();
  }
  str put(api::TargetDescription target) {
    const auto done = call<register_targets, api::RegisterTargetsOutput>(
        api::RegisterTargetsInput{.TargetGroupArn = group_arn, .Targets = {std::move(target)}});
    return done ? str("done") : cat(done.error().code, ": ", done.error().message);
  }
  api::TargetHealthDescription health() {
    return call<describe_target_health, api::DescribeTargetHealthOutput>(
               api::DescribeTargetHealthInput{.TargetGroupArn = group_arn})
        ->TargetHealthDescriptions->front();
  }
};

}  // namespace

TEST_CASE("elb functions: a group has AWS's defaults, and neither port, protocol nor VPC") {
  Functions functions;
  const auto group = functions.create();
  REQUIRE(group);
  CHECK(group->TargetType->name() == "lambda");
  CHECK_FALSE(group->Protocol_);
  CHECK_FALSE(group->Port);
  CHECK_FALSE(group->VpcId);
  CHECK_FALSE(group->HealthCheckProtocol);
  CHECK_FALSE(group->HealthCheckPort);
  CHECK_FALSE(*group->HealthCheckEnabled);
  CHECK(*group->HealthCheckIntervalSeconds == 35);
  CHECK(*group->HealthCheckTimeoutSeconds == 30);
  CHECK(*group->HealthyThresholdCount == 5);
  CHECK(*group->Matcher_->HttpCode == "200");
  CHECK(functions.create());  // the same again
  CHECK(functions.create({.HealthCheckEnabled = true}).error().code == "DuplicateTargetGroupName");
  CHECK(functions.create({.Port = 80}).error().message ==
        "Port cannot be specified for target groups with target type 'lambda'");
  CHECK(functions.create({.VpcId = functions.vpc()}).error().message.starts_with("VPC ID"));
  CHECK(functions.create({.HealthCheckPort = str("80")}).error().message.starts_with("Health check port"));
  const auto attributes = functions.call<describe_target_group_attributes, api::DescribeTargetGroupAttributesOutput>(
      api::DescribeTargetGroupAttributesInput{.TargetGroupArn = functions.group_arn});
  CHECK(*attributes->Attributes->front().Key == "lambda.multi_value_headers.enabled");
}

TEST_CASE("elb functions: one function is registered by its ARN, and reaches the data path") {
  Functions functions;
  REQUIRE(functions.create());
  functions.listener(functions.balancer_arn, 80, functions.group_arn);
  CHECK(functions.put({.Id = "172.31.0.9"}) == "ValidationError: The Lambda function ARN '172.31.0.9' is not valid");
  CHECK(functions.put({.Id = function_arn, .Port = 80}).find("Port cannot be specified") != str::npos);
  CHECK(functions.put({.Id = function_arn, .AvailabilityZone = str("1a")}).find("must be 'all'") != str::npos);
  CHECK(functions.put({.Id = function_arn}) == "done");
  CHECK(functions.put({.Id = function_arn}) == "done");
  CHECK(functions.put({.Id = function_arn + ":live"}).starts_with("TooManyTargets"));
  REQUIRE(functions.call<modify_target_group_attributes, api::ModifyTargetGroupAttributesOutput>(
      api::ModifyTargetGroupAttributesInput{
          .TargetGroupArn = functions.group_arn,
          .Attributes = {{.Key = str("lambda.multi_value_headers.enabled"), .Value = str("true")}}}));
  const BalancerTargetGroup group = functions.configured().target_groups.at(0);
  CHECK(group.function);
  CHECK(group.multi_value_headers);
  CHECK_FALSE(group.health_check.enabled);
  CHECK(group.targets.at(0).address == function_arn);
  const api::TargetHealthDescription is = functions.health();
  CHECK(is.TargetHealth_->State->name() == "unavailable");
  CHECK(*is.TargetHealth_->Reason == "Target.HealthCheckDisabled");
  CHECK(*is.TargetHealth_->Description == "Health checks are disabled");
  CHECK_FALSE(is.Target->Port);
  CHECK_FALSE(is.HealthCheckPort);
  REQUIRE(functions.call<modify_target_group, api::ModifyTargetGroupOutput>(
      api::ModifyTargetGroupInput{.TargetGroupArn = functions.group_arn, .HealthCheckEnabled = true}));
  CHECK(functions.configured().target_groups.at(0).health_check.enabled);
  CHECK(functions.health().TargetHealth_->State->name() == "initial");
  REQUIRE(functions.call<deregister_targets, api::DeregisterTargetsOutput>(
      api::DeregisterTargetsInput{.TargetGroupArn = functions.group_arn, .Targets = {{.Id = function_arn}}}));
  CHECK(functions.configured().target_groups.at(0).targets.empty());  // without a delay
}
