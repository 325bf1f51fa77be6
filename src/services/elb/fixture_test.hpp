#pragma once

#include <span>

#include "core/effect.hpp"
#include "core/machine.hpp"
#include "core/report.hpp"
#include "services/elb/module.hpp"
#include "services/elb/ops.hpp"

// A machine with ELB and the VPCs that it stands in, and calls to it as a client makes them.
namespace utakata::elb::test {

extern const std::span<void (*const)(Schema&)> modules;

struct Bench {
  Machine machine{7, modules};
  Instant now = *parse_iso8601("2026-05-06T11:42:34Z");
  World world{"111122223333", "ap-northeast-1"};
  Step step = {};

  template <auto Handler, class Response, class Request>
  Outcome<Response> call(const Request& request) {
    static constexpr Operation made = operation<Handler>("Test");
    Response response;
    step = machine.step(now, ApiCall{world, &made, &request, &response, false});
    if (step.fault) return std::unexpected(*step.fault);
    return response;
  }
  /// What the data path was told last in this step; empty if it was told nothing.
  [[nodiscard]] BalancerConfig configured() const {
    BalancerConfig last;
    for (const Effect& effect : step.effects)
      if (const auto* told = std::get_if<ConfigureBalancer>(&effect)) last = told->config;
    return last;
  }

  str vpc();
  str balancer(const str& name = "web");
  str group(const str& name) {
    const auto made = call<create_target_group, api::CreateTargetGroupOutput>(
        api::CreateTargetGroupInput{.Name = name, .Protocol_ = "HTTP", .Port = 80, .VpcId = vpc(), .TargetType = "ip"});
    return *made->TargetGroups->front().TargetGroupArn;
  }
  str listener(const str& balancer_arn, i32 port, const str& group_arn) {
    const auto made = call<create_listener, api::CreateListenerOutput>(
        api::CreateListenerInput{.LoadBalancerArn = balancer_arn,
                                 .Protocol_ = "HTTP",
                                 .Port = port,
                                 .DefaultActions = {{.Type = "forward", .TargetGroupArn = group_arn}}});
    return *made->Listeners->front().ListenerArn;
  }
  /// A certificate that has been asked for.
  str certificate(const str& name);
  /// Its authority's answer.
  void issue(const str& certificate_arn) {
    step = machine.step(now, CertificateReport{.arn = certificate_arn,
                                               .certificate = cat("certificate ", certificate_arn),
                                               .chain = "chain",
                                               .private_key = cat("key ", certificate_arn)});
  }
  Outcome<api::Rule> rule(const str& listener_arn, i32 priority, list<api::RuleCondition> conditions,
                          list<api::Action> actions) {
    auto made = call<create_rule, api::CreateRuleOutput>(api::CreateRuleInput{.ListenerArn = listener_arn,
                                                                              .Conditions = std::move(conditions),
                                                                              .Priority = priority,
                                                                              .Actions = std::move(actions)});
    if (!made) return std::unexpected(made.error());
    return made->Rules->front();
  }
};

}  // namespace utakata::elb::test
