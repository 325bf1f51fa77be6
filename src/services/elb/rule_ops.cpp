#include <algorithm>
#include <set>

#include "services/elb/arns.hpp"
#include "services/elb/errors.hpp"
#include "services/elb/limits.hpp"
#include "services/elb/ops.hpp"
#include "services/elb/protocol_versions.hpp"
#include "services/elb/protocols.hpp"
#include "services/elb/rule_actions.hpp"
#include "services/elb/rule_conditions.hpp"
#include "services/elb/tags.hpp"

namespace utakata::elb {
namespace {

constexpr i32 priority_max = 50'000;
constexpr std::string_view default_rule_id = "/0000000000000000";

api::Rule rule_view(const RuleRow& row) {
  return {.RuleArn = row.arn,
          .Priority = cat(row.priority),
          .Conditions = row.conditions,
          .Actions = row.actions,
          .IsDefault = false};
}

// The default rule is the listener's own actions; its ARN is made of the listener's.
str rule_arn_base(const ListenerRow& row) {
  str arn = row.arn;
  return arn.replace(arn.find(":listener/"), 10, ":listener-rule/");
}

api::Rule default_rule(const ListenerRow& row) {
  return {.RuleArn = cat(rule_arn_base(row), default_rule_id),
          .Priority = str("default"),
          .Conditions = list<api::RuleCondition>{},
          .Actions = row.actions,
          .IsDefault = true};
}

bool is_default_rule(std::string_view arn) { return arn.ends_with(default_rule_id); }

// The listener whose default rule that is; null if there is none.
const ListenerRow* listener_of_default_rule(const Tx& tx, std::string_view rule_arn) {
  str arn(rule_arn.substr(0, rule_arn.size() - default_rule_id.size()));
  const std::size_t at = arn.find(":listener-rule/");
  if (at == str::npos) return nullptr;
  return tx.find<ListenerRow>(listener_key(tx.world(), arn.replace(at, 15, ":listener/")));
}

bool priority_taken(const Tx& tx, const str& listener_arn, i32 priority, const str& except) {
  return std::ranges::any_of(tx.where<RuleRow>(RuleRow::by_listener, listener_arn), [&](const Key& key) {
    const RuleRow& row = *tx.find<RuleRow>(key);
    return row.priority == priority && row.arn != except;
  });
}
auto priority_in_use(i32 priority) {
  return refuse("PriorityInUse", cat("Priority '", priority, "' is currently in use"));
}

std::size_t rules_of(const Tx& tx, const str& balancer_arn) {
  std::size_t count = 0;
  for (const Key& key : tx.where<ListenerRow>(ListenerRow::by_balancer, balancer_arn))
    count += tx.where<RuleRow>(RuleRow::by_listener, tx.find<ListenerRow>(key)->arn).size();
  return count;
}

void listener_changed(Tx& tx, const str& listener_arn) {
  if (const auto* row = tx.find<ListenerRow>(listener_key(tx.world(), listener_arn)); row != nullptr)
    balancer_changed(tx, tx.world(), row->balancer_arn);
}

Outcome<> check_transforms(const opt<list<api::RuleTransform>>& transforms) {
  if (transforms && !transforms->empty())
    return refuse("InvalidConfigurationRequest", "Transforms: rewriting a request's host or URL is not served");
  return {};
}

Outcome<list<api::Rule>> rules_by_arn(const Tx& tx, const list<str>& arns) {
  list<api::Rule> rules;
  for (const str& arn : arns) {
    if (is_default_rule(arn)) {
      TRY_VOID(check_arn(tx.world(), arn, Resource::rule));
      const ListenerRow* listener = listener_of_default_rule(tx, arn);
      if (listener == nullptr) return rule_not_found();
      rules.push_back(default_rule(*listener));
      continue;
    }
    rules.push_back(rule_view(*TRY(known_rule(tx, arn))));
  }
  return rules;
}

// Rules as pages have them: a text that sorts by priority, the default rule last.
struct Entry {
  str place;
  api::Rule rule;
};
str place_of(i32 priority) {
  const str digits = cat(priority);
  return cat(str(5 - digits.size(), '0'), digits);
}

}  // namespace

Outcome<api::CreateRuleOutput> create_rule(Tx& tx, const api::CreateRuleInput& request) {
  const ListenerRow* listener = TRY(known_listener(tx, request.ListenerArn));
  const auto& balancer = *tx.find<LoadBalancerRow>(balancer_key(tx.world(), listener->balancer_arn));
  if (balancer.network())
    return refuse("OperationNotPermitted", "Rules are unsupported for Network Load Balancer listeners");
  TRY_VOID(within(request.Priority, 1, priority_max, "priority"));
  TRY_VOID(check_transforms(request.Transforms));
  RuleRow row {
    .listener_arn = listener->arn, .priority = request.Priority,
    .conditions = TRY(checked_conditions(request.Conditions))
    , .actions = TRY(checked_actions(tx, request.Actions, {listener->balancer_arn, "actions"}))
    , .tags = TRY(new_tags(request.Tags))
  };
  TRY_VOID(check_compatible(tx, listener->protocol, row.actions));
  TRY_VOID(check_versions(tx, listener->protocol, row.actions));
  if (priority_taken(tx, listener->arn, request.Priority, "")) return priority_in_use(request.Priority);
  if (rules_of(tx, listener->balancer_arn) >= limits::rules_of_balancer)
    return refuse("TooManyRules",
                  cat("The maximum number of rules on load balancer '", listener->balancer_arn, "' has been reached"));
  row.arn = cat(rule_arn_base(*listener), "/", tx.random_hex(16));
  tx.put(rule_key(tx.world(), row.arn), row);
  listener_changed(tx, row.listener_arn);
  return api::CreateRuleOutput{.Rules = list<api::Rule>{rule_view(row)}};
}

Outcome<api::ModifyRuleOutput> modify_rule(Tx& tx, const api::ModifyRuleInput& request) {
  TRY_VOID(check_arn(tx.world(), request.RuleArn, Resource::rule));
  if (is_default_rule(request.RuleArn))
    return refuse("OperationNotPermitted", "Default rule cannot be modified; modify its listener");
  const Key key = rule_key(tx.world(), request.RuleArn);
  const RuleRow* known = TRY(known_rule(tx, request.RuleArn));
  if (!request.Conditions && !request.Actions && !request.Transforms && !request.ResetTransforms)
    return invalid("Either conditions or actions must be specified");
  TRY_VOID(check_transforms(request.Transforms));
  RuleRow row = *known;
  if (request.Conditions) row.conditions = TRY(checked_conditions(*request.Conditions));
  if (request.Actions) {
    const ListenerRow& listener = *tx.find<ListenerRow>(listener_key(tx.world(), row.listener_arn));
    row.actions = TRY(checked_actions(tx, *request.Actions, {listener.balancer_arn, "actions"}));
    TRY_VOID(check_compatible(tx, listener.protocol, row.actions));
    TRY_VOID(check_versions(tx, listener.protocol, row.actions));
  }
  tx.put(key, row);
  listener_changed(tx, row.listener_arn);
  return api::ModifyRuleOutput{.Rules = list<api::Rule>{rule_view(row)}};
}

Outcome<api::DescribeRulesOutput> describe_rules(Tx& tx, const api::DescribeRulesInput& request) {
  if (!request.RuleArns && !request.ListenerArn)
    return invalid("You must specify either listener rule ARNs or a listener ARN");
  if (request.RuleArns && request.ListenerArn)
    return invalid("Listener rule ARNs and a listener ARN cannot be specified at the same time");
  if (request.PageSize) TRY_VOID(within(*request.PageSize, 1, page_max, "pageSize"));
  if (request.RuleArns) return api::DescribeRulesOutput {
      .Rules = TRY(rules_by_arn(tx, *request.RuleArns))
    };
  const ListenerRow* listener = TRY(known_listener(tx, *request.ListenerArn));
  list<Entry> entries;
  for (const Key& key : tx.where<RuleRow>(RuleRow::by_listener, listener->arn)) {
    const RuleRow& row = *tx.find<RuleRow>(key);
    entries.push_back({place_of(row.priority), rule_view(row)});
  }
  std::ranges::sort(entries, {}, &Entry::place);
  entries.push_back({"default", default_rule(*listener)});
  auto page = TRY(wire::paginate(
      std::move(entries), [](const Entry& entry) -> const str& { return entry.place; }, page_rules("DescribeRules"),
      request.Marker, request.PageSize));
  api::DescribeRulesOutput output{.Rules = list<api::Rule>{}, .NextMarker = page.next};
  for (Entry& entry : page.items) output.Rules->push_back(std::move(entry.rule));
  return output;
}

Outcome<api::DeleteRuleOutput> delete_rule(Tx& tx, const api::DeleteRuleInput& request) {
  TRY_VOID(check_arn(tx.world(), request.RuleArn, Resource::rule));
  if (is_default_rule(request.RuleArn)) return refuse("OperationNotPermitted", "Default rule cannot be deleted");
  const Key key = rule_key(tx.world(), request.RuleArn);
  const str listener = TRY(known_rule(tx, request.RuleArn))
  ->listener_arn;
  tx.erase<RuleRow>(key);
  listener_changed(tx, listener);
  return api::DeleteRuleOutput{};
}

Outcome<api::SetRulePrioritiesOutput> set_rule_priorities(Tx& tx, const api::SetRulePrioritiesInput& request) {
  std::set<std::pair<str, i32>> given;
  std::size_t number = 0;
  // All first, then the check: two rules may swap.
  for (const api::RulePriorityPair& pair : request.RulePriorities) {
    ++number;
    const str arn = pair.RuleArn.value_or("");
    TRY_VOID(check_arn(tx.world(), arn, Resource::rule));
    if (is_default_rule(arn)) return refuse("OperationNotPermitted", "Default rule's priority cannot be changed");
    const RuleRow* known = TRY(known_rule(tx, arn));
    if (!pair.Priority) return invalid("A priority must be specified");
    TRY_VOID(within(*pair.Priority, 1, priority_max, cat("rulePriorities.", number, ".member.priority")));
    if (!given.emplace(known->listener_arn, *pair.Priority).second)
      return invalid(cat("Priority '", *pair.Priority, "' was provided multiple times"));
    tx.update<RuleRow>(rule_key(tx.world(), arn), [&](RuleRow& row) { row.priority = *pair.Priority; });
  }
  api::SetRulePrioritiesOutput output{.Rules = list<api::Rule>{}};
  for (const api::RulePriorityPair& pair : request.RulePriorities) {
    const RuleRow& row = *tx.find<RuleRow>(rule_key(tx.world(), *pair.RuleArn));
    if (priority_taken(tx, row.listener_arn, row.priority, row.arn)) return priority_in_use(row.priority);
    output.Rules->push_back(rule_view(row));
    listener_changed(tx, row.listener_arn);
  }
  return output;
}

}  // namespace utakata::elb
