#include <doctest/doctest.h>

#include <functional>

#include "services/elb/fixture_test.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::elb;  // NOLINT: a test
using test::Bench;

namespace {

template <class Response>
str said(const Outcome<Response>& outcome) {
  return outcome ? str("done") : cat(outcome.error().code, ": ", outcome.error().message);
}

using Call = std::function<str(Bench&, const str& arn)>;

const list<Call> calls_by_balancer{
    [](Bench& bench, const str& arn) {
      return said(bench.call<describe_load_balancers, api::DescribeLoadBalancersOutput>(
          api::DescribeLoadBalancersInput{.LoadBalancerArns = list<str>{arn}}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<describe_load_balancer_attributes, api::DescribeLoadBalancerAttributesOutput>(
          api::DescribeLoadBalancerAttributesInput{.LoadBalancerArn = arn}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<modify_load_balancer_attributes, api::ModifyLoadBalancerAttributesOutput>(
          api::ModifyLoadBalancerAttributesInput{.LoadBalancerArn = arn}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<set_security_groups, api::SetSecurityGroupsOutput>(
          api::SetSecurityGroupsInput{.LoadBalancerArn = arn}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<create_listener, api::CreateListenerOutput>(
          api::CreateListenerInput{.LoadBalancerArn = arn, .Protocol_ = "HTTP", .Port = 80}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<describe_listeners, api::DescribeListenersOutput>(
          api::DescribeListenersInput{.LoadBalancerArn = arn}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<describe_target_groups, api::DescribeTargetGroupsOutput>(
          api::DescribeTargetGroupsInput{.LoadBalancerArn = arn}));
    }};
const list<Call> calls_by_listener{
    [](Bench& bench, const str& arn) {
      return said(bench.call<describe_listeners, api::DescribeListenersOutput>(
          api::DescribeListenersInput{.ListenerArns = list<str>{arn}}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<modify_listener, api::ModifyListenerOutput>(api::ModifyListenerInput{.ListenerArn = arn}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<delete_listener, api::DeleteListenerOutput>(api::DeleteListenerInput{.ListenerArn = arn}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<describe_listener_attributes, api::DescribeListenerAttributesOutput>(
          api::DescribeListenerAttributesInput{.ListenerArn = arn}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<modify_listener_attributes, api::ModifyListenerAttributesOutput>(
          api::ModifyListenerAttributesInput{.ListenerArn = arn}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<describe_listener_certificates, api::DescribeListenerCertificatesOutput>(
          api::DescribeListenerCertificatesInput{.ListenerArn = arn}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<add_listener_certificates, api::AddListenerCertificatesOutput>(
          api::AddListenerCertificatesInput{.ListenerArn = arn}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<create_rule, api::CreateRuleOutput>(api::CreateRuleInput{.ListenerArn = arn}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<describe_rules, api::DescribeRulesOutput>(api::DescribeRulesInput{.ListenerArn = arn}));
    }};
const list<Call> calls_by_rule{
    [](Bench& bench, const str& arn) {
      return said(
          bench.call<describe_rules, api::DescribeRulesOutput>(api::DescribeRulesInput{.RuleArns = list<str>{arn}}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<modify_rule, api::ModifyRuleOutput>(api::ModifyRuleInput{.RuleArn = arn}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<delete_rule, api::DeleteRuleOutput>(api::DeleteRuleInput{.RuleArn = arn}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<set_rule_priorities, api::SetRulePrioritiesOutput>(
          api::SetRulePrioritiesInput{.RulePriorities = {{.RuleArn = arn, .Priority = 1}}}));
    }};
const list<Call> calls_by_group{
    [](Bench& bench, const str& arn) {
      return said(bench.call<describe_target_groups, api::DescribeTargetGroupsOutput>(
          api::DescribeTargetGroupsInput{.TargetGroupArns = list<str>{arn}}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<modify_target_group, api::ModifyTargetGroupOutput>(
          api::ModifyTargetGroupInput{.TargetGroupArn = arn}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<describe_target_group_attributes, api::DescribeTargetGroupAttributesOutput>(
          api::DescribeTargetGroupAttributesInput{.TargetGroupArn = arn}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<modify_target_group_attributes, api::ModifyTargetGroupAttributesOutput>(
          api::ModifyTargetGroupAttributesInput{.TargetGroupArn = arn}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<register_targets, api::RegisterTargetsOutput>(
          api::RegisterTargetsInput{.TargetGroupArn = arn, .Targets = {{.Id = "172.31.0.9"}}}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<deregister_targets, api::DeregisterTargetsOutput>(
          api::DeregisterTargetsInput{.TargetGroupArn = arn, .Targets = {{.Id = "172.31.0.9"}}}));
    },
    [](Bench& bench, const str& arn) {
      return said(bench.call<describe_target_health, api::DescribeTargetHealthOutput>(
          api::DescribeTargetHealthInput{.TargetGroupArn = arn}));
    }};

str delete_balancer(Bench& bench, const str& arn) {
  return said(bench.call<delete_load_balancer, api::DeleteLoadBalancerOutput>(
      api::DeleteLoadBalancerInput{.LoadBalancerArn = arn}));
}
str delete_group(Bench& bench, const str& arn) {
  return said(bench.call<delete_target_group, api::DeleteTargetGroupOutput>(
      api::DeleteTargetGroupInput{.TargetGroupArn = arn}));
}
str tags_of(Bench& bench, const str& arn) {
  return said(
      bench.call<describe_tags, api::DescribeTagsOutput>(api::DescribeTagsInput{.ResourceArns = list<str>{arn}}));
}

const str own = "arn:aws:elasticloadbalancing:ap-northeast-1:111122223333:";
const str absent_balancer = own + "loadbalancer/app/web/0123456789abcdef";
const str absent_listener = own + "listener/app/web/0123456789abcdef/0123456789abcdef";
const str absent_rule = own + "listener-rule/app/web/0123456789abcdef/0123456789abcdef/0123456789abcdef";
const str absent_group = own + "targetgroup/blue/0123456789abcdef";

// Texts that are no ARN of that kind: of nothing, of parts too few or none, of another account, region or kind.
list<str> no_arns_like(const str& arn) {
  const auto instead = [&](const str& here, const str& there) {
    str changed = arn;
    return changed.replace(changed.find(here), here.size(), there);
  };
  list<str> all{"foo",
                "",
                "arn",
                arn.substr(0, arn.rfind('/')),
                arn.substr(0, arn.rfind('/') + 1),
                arn + "/1",
                instead("111122223333", "444455556666"),
                instead("ap-northeast-1", "us-east-1"),
                instead("elasticloadbalancing", "ecs")};
  for (const str& other : {absent_balancer, absent_listener, absent_rule, absent_group})
    if (other != arn) all.push_back(other);
  return all;
}

void check_all(const list<Call>& calls, const str& absent, const str& name, const str& not_found) {
  Bench bench;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    CAPTURE(i);
    for (const str& bad : no_arns_like(absent)) {
      CAPTURE(bad);
      CHECK(calls[i](bench, bad) == cat("ValidationError: '", bad, "' is not a valid ", name, " ARN"));
    }
    CHECK(calls[i](bench, absent).starts_with(not_found));
  }
}

}  // namespace

TEST_CASE("elb arns: what is no ARN of a load balancer is told from one that is not there") {
  check_all(calls_by_balancer, absent_balancer, "load balancer", "LoadBalancerNotFound: ");
}

TEST_CASE("elb arns: what is no ARN of a listener is told from one that is not there") {
  check_all(calls_by_listener, absent_listener, "listener", "ListenerNotFound: ");
}

TEST_CASE("elb arns: what is no ARN of a rule is told from one that is not there") {
  check_all(calls_by_rule, absent_rule, "rule", "RuleNotFound: ");
}

TEST_CASE("elb arns: what is no ARN of a target group is told from one that is not there") {
  check_all(calls_by_group, absent_group, "target group", "TargetGroupNotFound: ");
}

TEST_CASE("elb arns: what is not there any more can be deleted again, what cannot be there cannot") {
  check_all({delete_balancer}, absent_balancer, "load balancer", "done");
  check_all({delete_group}, absent_group, "target group", "done");
}

TEST_CASE("elb arns: the ARNs that this service makes are valid") {
  Bench bench;
  const str balancer = bench.balancer(), group = bench.group("blue"), listener = bench.listener(balancer, 80, group);
  const auto rules =
      bench.call<describe_rules, api::DescribeRulesOutput>(api::DescribeRulesInput{.ListenerArn = listener});
  REQUIRE(rules);
  CHECK(calls_by_rule.front()(bench, *rules->Rules->front().RuleArn) == "done");
  CHECK(calls_by_balancer.back()(bench, balancer) == "done");
  for (const str& arn : {balancer, group, listener}) CHECK(tags_of(bench, arn) == "done");
}

TEST_CASE("elb arns: tags are those of any resource") {
  Bench bench;
  CHECK(tags_of(bench, "foo") == "ValidationError: 'foo' must be in ARN format");
  CHECK(tags_of(bench, own + "truststore/a/1").starts_with("ValidationError: "));
  CHECK(tags_of(bench, absent_balancer).starts_with("LoadBalancerNotFound: "));
  CHECK(tags_of(bench, absent_listener).starts_with("ListenerNotFound: "));
  CHECK(tags_of(bench, absent_rule).starts_with("RuleNotFound: "));
  CHECK(tags_of(bench, absent_group).starts_with("TargetGroupNotFound: "));
}
