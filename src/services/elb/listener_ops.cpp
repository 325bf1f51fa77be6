#include <algorithm>

#include "services/elb/errors.hpp"
#include "services/elb/ops.hpp"
#include "services/elb/public.hpp"

namespace utakata::elb {
namespace {

constexpr std::size_t rules_max = 100;

Outcome<> check_forward(Tx& tx, api::Action& action) {
  list<api::TargetGroupTuple>& groups = action.ForwardConfig.ensure_value().TargetGroups.ensure_value();
  if (groups.empty() && action.TargetGroupArn)
    groups.push_back({.TargetGroupArn = *action.TargetGroupArn, .Weight = 1});
  if (groups.empty()) return invalid("A target group ARN must be specified for a forward action");
  if (groups.size() > 5) return refuse("TooManyTargetGroups", "A forward action can have at most 5 target groups");
  for (api::TargetGroupTuple& group : groups) {
    const str arn = group.TargetGroupArn.value_or("");
    if (!target_group(tx, tx.world(), arn))
      return refuse("TargetGroupNotFound", cat("Target group '", arn, "' not found"));
    if (!group.Weight) group.Weight = 1;
    if (*group.Weight < 0 || *group.Weight > 999)
      return invalid(cat("Target group weight '", *group.Weight, "' must be between '0-999' inclusive"));
  }
  if (groups.size() == 1) action.TargetGroupArn = groups.front().TargetGroupArn;
  return {};
}

// One action: what is served, complete; the rest refused by name.
Outcome<list<api::Action>> checked_actions(Tx& tx, list<api::Action> actions) {
  if (actions.size() != 1)
    return refuse("InvalidLoadBalancerAction", "Exactly one action is served: forward, redirect or fixed-response");
  api::Action& action = actions.front();
  if (action.Type == "forward") {
    TRY_VOID(check_forward(tx, action));
  } else if (action.Type == "fixed-response") {
    if (!action.FixedResponseConfig)
      return invalid("FixedResponseConfig must be specified for a fixed-response action");
    const str& code = action.FixedResponseConfig->StatusCode;
    const bool sound = code.size() == 3 && parse_integer(code) && (code[0] == '2' || code[0] == '4' || code[0] == '5');
    if (!sound)
      return invalid(cat("1 validation error detected: Value '", code,
                         "' at 'actions.1.member.fixedResponseConfig.statusCode' failed to satisfy constraint: Member "
                         "must satisfy regular expression pattern: ^(2|4|5)\\d\\d$"));
    if (action.FixedResponseConfig->MessageBody.value_or("").size() > 1024)
      return invalid("MessageBody can have at most 1024 characters");
  } else if (action.Type == "redirect") {
    if (!action.RedirectConfig) return invalid("RedirectConfig must be specified for a redirect action");
    const api::RedirectActionConfig& to = *action.RedirectConfig;
    if (!to.Protocol && !to.Port && !to.Host && !to.Path)
      return refuse("InvalidLoadBalancerAction", "The redirect configuration is not valid because it creates a loop.");
  } else {
    return refuse("InvalidLoadBalancerAction", cat("Actions of type '", action.Type.name(), "' are not served"));
  }
  return actions;
}

struct Conditions {
  list<str> hosts, paths;
};
Outcome<Conditions> checked_conditions(const list<api::RuleCondition>& conditions) {
  Conditions out;
  if (conditions.empty()) return invalid("A condition must be specified");
  for (const api::RuleCondition& each : conditions) {
    const str field = each.Field.value_or("");
    const bool host = field == "host-header";
    if (!host && field != "path-pattern")
      return invalid(
          cat("Condition field '", field, "' must be one of '[path-pattern,host-header]' (others are not served yet)"));
    list<str> values = each.Values.value_or(list<str>{});
    if (host && each.HostHeaderConfig && each.HostHeaderConfig->Values) values = *each.HostHeaderConfig->Values;
    if (!host && each.PathPatternConfig && each.PathPatternConfig->Values) values = *each.PathPatternConfig->Values;
    if (values.empty()) return invalid("A condition value must be specified");
    for (const str& value : values)
      if (value.size() > 128) return invalid(cat("The '", field, "' value is too long; the limit is '128'"));
    list<str>& into = host ? out.hosts : out.paths;
    if (!into.empty())
      return refuse("InvalidConfigurationRequest",
                    cat("Rules cannot have more than one condition of field '", field, "'"));
    into = values;
  }
  return out;
}

api::Listener view(const ListenerRow& row) {
  return {.ListenerArn = row.arn,
          .LoadBalancerArn = row.balancer_arn,
          .Port = row.port,
          .Protocol_ = "HTTP",
          .DefaultActions = row.actions};
}

api::Rule view(const RuleRow& row) {
  api::Rule rule{.RuleArn = row.arn,
                 .Priority = cat(row.priority),
                 .Conditions = list<api::RuleCondition>{},
                 .Actions = row.actions,
                 .IsDefault = false};
  if (!row.hosts.empty())
    rule.Conditions->push_back({.Field = str("host-header"),
                                .Values = row.hosts,
                                .HostHeaderConfig = api::HostHeaderConditionConfig{.Values = row.hosts}});
  if (!row.paths.empty())
    rule.Conditions->push_back({.Field = str("path-pattern"),
                                .Values = row.paths,
                                .PathPatternConfig = api::PathPatternConditionConfig{.Values = row.paths}});
  return rule;
}

// The default rule is the listener's own actions; its ARN is made of the listener's.
str default_rule_arn(const ListenerRow& row) {
  str arn = row.arn;
  arn.replace(arn.find(":listener/"), 10, ":listener-rule/");
  return arn + "/0000000000000000";
}

api::Rule default_rule(const ListenerRow& row) {
  return {.RuleArn = default_rule_arn(row),
          .Priority = str("default"),
          .Conditions = list<api::RuleCondition>{},
          .Actions = row.actions,
          .IsDefault = true};
}

Outcome<> check_http(const opt<api::Protocol>& protocol) {
  if (protocol && *protocol != "HTTP")
    return refuse("UnsupportedProtocol",
                  cat("Listeners of protocol '", protocol->name(), "' are not served yet; use HTTP"));
  return {};
}

bool priority_taken(const Tx& tx, const str& listener_arn, i32 priority, const str& except) {
  for (const Key& key : tx.where<RuleRow>(RuleRow::by_listener, listener_arn)) {
    const RuleRow& row = *tx.find<RuleRow>(key);
    if (row.priority == priority && row.arn != except) return true;
  }
  return false;
}

void listener_changed(Tx& tx, const str& listener_arn) {
  if (const auto* row = tx.find<ListenerRow>(listener_key(tx.world(), listener_arn)); row != nullptr)
    balancer_changed(tx, tx.world(), row->balancer_arn);
}

}  // namespace

Outcome<api::CreateListenerOutput> create_listener(Tx& tx, const api::CreateListenerInput& request) {
  const World& world = tx.world();
  if (tx.find<LoadBalancerRow>(balancer_key(world, request.LoadBalancerArn)) == nullptr)
    return load_balancer_not_found();
  TRY_VOID(check_http(request.Protocol_));
  if (!request.Port || *request.Port < 1 || *request.Port > 65'535)
    return invalid("A listener port from 1 to 65535 must be specified");
  const list<api::Action> actions = TRY(checked_actions(tx, request.DefaultActions));
  for (const Key& key : tx.where<ListenerRow>(ListenerRow::by_balancer, request.LoadBalancerArn))
    if (tx.find<ListenerRow>(key)->port == *request.Port)
      return refuse("DuplicateListener", "A listener already exists on this port for this load balancer");
  str base = request.LoadBalancerArn;
  base.replace(base.find(":loadbalancer/"), 14, ":listener/");
  ListenerRow row{.arn = cat(base, "/", tx.random_hex(16)),
                  .balancer_arn = request.LoadBalancerArn,
                  .port = *request.Port,
                  .actions = actions,
                  .tags = request.Tags.value_or(list<api::Tag>{})};
  tx.put(listener_key(world, row.arn), row);
  balancer_changed(tx, world, row.balancer_arn);
  return api::CreateListenerOutput{.Listeners = list<api::Listener>{view(row)}};
}

Outcome<api::ModifyListenerOutput> modify_listener(Tx& tx, const api::ModifyListenerInput& request) {
  const Key key = listener_key(tx.world(), request.ListenerArn);
  const ListenerRow* known = tx.find<ListenerRow>(key);
  if (known == nullptr) return listener_not_found();
  ListenerRow row = *known;
  TRY_VOID(check_http(request.Protocol_));
  if (request.Port) {
    if (*request.Port < 1 || *request.Port > 65'535) return invalid("A listener port must be from 1 to 65535");
    row.port = *request.Port;
  }
  if (request.DefaultActions) row.actions = TRY(checked_actions(tx, *request.DefaultActions));
  tx.put(key, row);
  balancer_changed(tx, tx.world(), row.balancer_arn);
  return api::ModifyListenerOutput{.Listeners = list<api::Listener>{view(row)}};
}

Outcome<api::DescribeListenersOutput> describe_listeners(Tx& tx, const api::DescribeListenersInput& request) {
  api::DescribeListenersOutput output{.Listeners = list<api::Listener>{}};
  if (!request.LoadBalancerArn && !request.ListenerArns)
    return invalid("You must specify either listener ARNs or a load balancer ARN");
  if (request.ListenerArns) {
    for (const str& arn : *request.ListenerArns) {
      const ListenerRow* row = tx.find<ListenerRow>(listener_key(tx.world(), arn));
      if (row == nullptr) return listener_not_found();
      output.Listeners->push_back(view(*row));
    }
    return output;
  }
  if (tx.find<LoadBalancerRow>(balancer_key(tx.world(), *request.LoadBalancerArn)) == nullptr)
    return load_balancer_not_found();
  for (const Key& key : tx.where<ListenerRow>(ListenerRow::by_balancer, *request.LoadBalancerArn))
    output.Listeners->push_back(view(*tx.find<ListenerRow>(key)));
  return output;
}

Outcome<api::DeleteListenerOutput> delete_listener(Tx& tx, const api::DeleteListenerInput& request) {
  const Key key = listener_key(tx.world(), request.ListenerArn);
  const ListenerRow* known = tx.find<ListenerRow>(key);
  if (known == nullptr) return listener_not_found();
  const str balancer = known->balancer_arn;
  for (const Key& rule : tx.where<RuleRow>(RuleRow::by_listener, request.ListenerArn)) tx.erase<RuleRow>(rule);
  tx.erase<ListenerRow>(key);
  balancer_changed(tx, tx.world(), balancer);
  return api::DeleteListenerOutput{};
}

Outcome<api::CreateRuleOutput> create_rule(Tx& tx, const api::CreateRuleInput& request) {
  const ListenerRow* listener = tx.find<ListenerRow>(listener_key(tx.world(), request.ListenerArn));
  if (listener == nullptr) return listener_not_found();
  if (request.Priority < 1 || request.Priority > 50'000)
    return invalid(cat("1 validation error detected: Value '", request.Priority,
                       "' at 'priority' failed to satisfy constraint: Member must have value from 1 to 50000"));
  if (priority_taken(tx, request.ListenerArn, request.Priority, ""))
    return refuse("PriorityInUse", cat("Priority '", request.Priority, "' is currently in use"));
  if (tx.where<RuleRow>(RuleRow::by_listener, request.ListenerArn).size() >= rules_max)
    return refuse("TooManyRules", "The maximum number of rules has been reached");
  const Conditions conditions = TRY(checked_conditions(request.Conditions));
  str base = listener->arn;
  base.replace(base.find(":listener/"), 10, ":listener-rule/");
  RuleRow row{.arn = cat(base, "/", tx.random_hex(16)),
              .listener_arn = listener->arn,
              .priority = request.Priority,
              .hosts = conditions.hosts,
              .paths = conditions.paths,
              .tags = request.Tags.value_or(list<api::Tag>{})};
  row.actions = TRY(checked_actions(tx, request.Actions));
  tx.put(rule_key(tx.world(), row.arn), row);
  listener_changed(tx, row.listener_arn);
  return api::CreateRuleOutput{.Rules = list<api::Rule>{view(row)}};
}

Outcome<api::ModifyRuleOutput> modify_rule(Tx& tx, const api::ModifyRuleInput& request) {
  const Key key = rule_key(tx.world(), request.RuleArn);
  const RuleRow* known = tx.find<RuleRow>(key);
  if (known == nullptr) return rule_not_found();
  RuleRow row = *known;
  if (request.Conditions) {
    const Conditions conditions = TRY(checked_conditions(*request.Conditions));
    row.hosts = conditions.hosts;
    row.paths = conditions.paths;
  }
  if (request.Actions) row.actions = TRY(checked_actions(tx, *request.Actions));
  tx.put(key, row);
  listener_changed(tx, row.listener_arn);
  return api::ModifyRuleOutput{.Rules = list<api::Rule>{view(row)}};
}

Outcome<api::DescribeRulesOutput> describe_rules(Tx& tx, const api::DescribeRulesInput& request) {
  api::DescribeRulesOutput output{.Rules = list<api::Rule>{}};
  if (request.RuleArns) {
    for (const str& arn : *request.RuleArns) {
      const RuleRow* row = tx.find<RuleRow>(rule_key(tx.world(), arn));
      if (row == nullptr) return rule_not_found();
      output.Rules->push_back(view(*row));
    }
    return output;
  }
  const ListenerRow* listener =
      request.ListenerArn ? tx.find<ListenerRow>(listener_key(tx.world(), *request.ListenerArn)) : nullptr;
  if (listener == nullptr) return listener_not_found();
  list<RuleRow> rows;
  for (const Key& key : tx.where<RuleRow>(RuleRow::by_listener, listener->arn)) rows.push_back(*tx.find<RuleRow>(key));
  std::ranges::sort(rows, {}, &RuleRow::priority);
  for (const RuleRow& row : rows) output.Rules->push_back(view(row));
  output.Rules->push_back(default_rule(*listener));
  return output;
}

Outcome<api::DeleteRuleOutput> delete_rule(Tx& tx, const api::DeleteRuleInput& request) {
  if (request.RuleArn.ends_with("/0000000000000000"))
    return refuse("OperationNotPermitted", "Default rule cannot be deleted");
  const Key key = rule_key(tx.world(), request.RuleArn);
  const RuleRow* known = tx.find<RuleRow>(key);
  if (known == nullptr) return rule_not_found();
  const str listener = known->listener_arn;
  tx.erase<RuleRow>(key);
  listener_changed(tx, listener);
  return api::DeleteRuleOutput{};
}

Outcome<api::SetRulePrioritiesOutput> set_rule_priorities(Tx& tx, const api::SetRulePrioritiesInput& request) {
  api::SetRulePrioritiesOutput output{.Rules = list<api::Rule>{}};
  // All first, then the check: two rules may swap.
  for (const api::RulePriorityPair& pair : request.RulePriorities) {
    const i32 priority = pair.Priority.value_or(0);
    if (priority < 1 || priority > 50'000) return invalid(cat("Priority '", priority, "' must be from 1 to 50000"));
    if (!tx.update<RuleRow>(rule_key(tx.world(), pair.RuleArn.value_or("")),
                            [&](RuleRow& row) { row.priority = priority; }))
      return rule_not_found();
  }
  for (const api::RulePriorityPair& pair : request.RulePriorities) {
    const RuleRow& row = *tx.find<RuleRow>(rule_key(tx.world(), *pair.RuleArn));
    if (priority_taken(tx, row.listener_arn, row.priority, row.arn))
      return refuse("PriorityInUse", cat("Priority '", row.priority, "' is currently in use"));
    output.Rules->push_back(view(row));
    listener_changed(tx, row.listener_arn);
  }
  return output;
}

}  // namespace utakata::elb
