#include <doctest/doctest.h>

#include "services/ec2/ops.hpp"
#include "services/elb/fixture_test.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::elb;  // NOLINT: a test
using test::Bench;

namespace {

template <class Response>
str said(const Outcome<Response>& outcome) {
  return outcome ? str("done") : cat(outcome.error().code, ": ", outcome.error().message);
}

struct Web : Bench {
  str balancer_arn = balancer();
  str group_arn = group("blue");
  str listener_arn = listener(balancer_arn, 80, group_arn);

  str add(const list<str>& arns, const list<api::Tag>& tags) {
    return said(call<add_tags, api::AddTagsOutput>(api::AddTagsInput{.ResourceArns = arns, .Tags = tags}));
  }
  // "key=value " of each.
  str tags_of(const str& arn) {
    const auto found = call<describe_tags, api::DescribeTagsOutput>(api::DescribeTagsInput{.ResourceArns = {arn}});
    str all;
    for (const api::Tag& tag : *found->TagDescriptions->front().Tags) all += cat(tag.Key, "=", *tag.Value, " ");
    return all;
  }
};

list<api::Tag> numbered(int from, int count) {
  list<api::Tag> tags;
  for (int i = from; i < from + count; ++i) tags.push_back({.Key = cat("key-", i), .Value = str("value")});
  return tags;
}

const list<api::Tag> reserved{{.Key = "aws:x", .Value = str("1")}};
const list<api::Tag> twice{{.Key = "a", .Value = str("1")}, {.Key = "a", .Value = str("2")}};
const str reserved_refusal = "ValidationError: Tag key 'aws:x' cannot start with 'aws:'";
const str twice_refusal = "DuplicateTagKeys: Tag key 'a' was specified more than once";

}  // namespace

TEST_CASE("elb tags: added ones replace those of the same keys, of all resources or of none") {
  Web web;
  CHECK(web.add({web.balancer_arn, web.listener_arn},
                {{.Key = "a", .Value = str("1")}, {.Key = "b", .Value = str("2")}}) == "done");
  CHECK(web.add({web.balancer_arn}, {{.Key = "a", .Value = str("3")}, {.Key = "A", .Value = str("4")}}) == "done");
  CHECK(web.tags_of(web.balancer_arn) == "b=2 a=3 A=4 ");
  CHECK(web.tags_of(web.listener_arn) == "a=1 b=2 ");
  CHECK(web.add({web.balancer_arn, "foo"}, {{.Key = "c", .Value = str("5")}}).starts_with("ValidationError"));
  CHECK(web.tags_of(web.balancer_arn) == "b=2 a=3 A=4 ");
  CHECK(web.call<remove_tags, api::RemoveTagsOutput>(
      api::RemoveTagsInput{.ResourceArns = {web.balancer_arn}, .TagKeys = {"a", "none"}}));
  CHECK(web.tags_of(web.balancer_arn) == "b=2 A=4 ");
}

TEST_CASE("elb tags: reserved keys, keys given twice and more than fifty are refused") {
  Web web;
  for (const str& arn : {web.balancer_arn, web.listener_arn, web.group_arn}) {
    CHECK(web.add({arn}, reserved) == reserved_refusal);
    CHECK(web.add({arn}, {{.Key = "AWS:x"}}) == "ValidationError: Tag key 'AWS:x' cannot start with 'aws:'");
    CHECK(web.add({arn}, {{.Key = "aws-x", .Value = str("1")}}) == "done");
    CHECK(web.add({arn}, twice) == twice_refusal);
    CHECK(web.add({arn}, numbered(0, 49)) == "done");
    CHECK(web.add({arn}, numbered(0, 49)) == "done");
    CHECK(web.add({arn}, numbered(49, 1)).starts_with("TooManyTags: "));
  }
}

TEST_CASE("elb tags: what is made is tagged by the same rules") {
  Web web;
  list<str> subnets;
  const auto known =
      web.call<ec2::describe_subnets, ec2::api::DescribeSubnetsResult>(ec2::api::DescribeSubnetsRequest{});
  for (const auto& subnet : *known->Subnets) subnets.push_back(*subnet.SubnetId);
  const str vpc = web.vpc();
  const api::Action fine{.Type = "fixed-response",
                         .FixedResponseConfig = api::FixedResponseActionConfig{.StatusCode = "200"}};
  const auto refused = [&](const list<api::Tag>& tags, const str& refusal) {
    CHECK(said(web.call<create_load_balancer, api::CreateLoadBalancerOutput>(
              api::CreateLoadBalancerInput{.Name = "tagged", .Subnets = subnets, .Tags = tags})) == refusal);
    CHECK(said(web.call<create_listener, api::CreateListenerOutput>(
              api::CreateListenerInput{.LoadBalancerArn = web.balancer_arn,
                                       .Protocol_ = "HTTP",
                                       .Port = 81,
                                       .DefaultActions = {fine},
                                       .Tags = tags})) == refusal);
    CHECK(said(web.call<create_rule, api::CreateRuleOutput>(
              api::CreateRuleInput{.ListenerArn = web.listener_arn,
                                   .Conditions = {{.Field = str("path-pattern"), .Values = list<str>{"/*"}}},
                                   .Priority = 1,
                                   .Actions = {fine},
                                   .Tags = tags})) == refusal);
    CHECK(said(web.call<create_target_group, api::CreateTargetGroupOutput>(api::CreateTargetGroupInput{
              .Name = "tagged", .Protocol_ = "HTTP", .Port = 80, .VpcId = vpc, .TargetType = "ip", .Tags = tags})) ==
          refusal);
    CHECK(said(web.call<create_target_group, api::CreateTargetGroupOutput>(
              api::CreateTargetGroupInput{.Name = "tagged", .TargetType = "lambda", .Tags = tags})) == refusal);
  };
  refused(reserved, reserved_refusal);
  refused(twice, twice_refusal);
  refused(numbered(0, 51), "TooManyTags: The maximum number of tags per resource '50' has been reached");
}
