#include "services/events/rule_ops.hpp"

#include <algorithm>

#include "services/events/limits.hpp"
#include "services/events/pattern.hpp"
#include "services/events/tag_ops.hpp"

namespace utakata::events {
namespace {

Outcome<> check(const api::PutRuleRequest& request, const Key& bus) {
  if (!is_name(request.Name, limits::name_characters))
    return invalid(cat("1 validation error detected: Value '", request.Name.substr(0, 100),
                       "' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: "
                       "[\\.\\-_A-Za-z0-9]+, with 1 to 64 characters"));
  if (request.Description && request.Description->size() > limits::description_characters * 4)
    return invalid(
        "1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length "
        "less than or equal to 512");
  if (request.ScheduleExpression && !request.ScheduleExpression->empty()) {
    if (local_part(bus) != "default") return invalid("ScheduleExpression is supported only on the default event bus.");
    return invalid(cat("ScheduleExpression '", *request.ScheduleExpression,
                       "' is not supported: rules match events by EventPattern only."));
  }
  if (!request.EventPattern || request.EventPattern->empty())
    return invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.");
  return {};
}

api::Rule shown(const Key& key, const Rule& rule) {
  return {.Name = rule.name,
          .Arn = rule_arn(key),
          .EventPattern = rule.pattern,
          .State = rule.state,
          .Description = rule.description,
          .RoleArn = rule.role_arn,
          .EventBusName = rule.bus};
}

Outcome<api::Empty> set_state(Tx& tx, const str& name, const opt<str>& bus, api::RuleState state) {
  const Key key = TRY(find_rule(tx, name, bus));
  tx.update<Rule>(key, [&](Rule& rule) { rule.state = state; });
  return api::Empty{};
}

}  // namespace

// AWS: what is left out is taken away from a rule that exists; its tags and targets stay.
Outcome<api::PutRuleResponse> put_rule(Tx& tx, const api::PutRuleRequest& request) {
  const Key bus = TRY(find_bus(tx, request.EventBusName));
  TRY_VOID(check(request, bus));
  const EventPattern pattern = TRY(EventPattern::parse(*request.EventPattern));
  const Key key = rule_key(bus, request.Name);
  const Rule* existing = tx.find<Rule>(key);
  if (existing == nullptr && rule_keys(tx, bus).size() >= limits::rules_of_bus) return too_many();
  Rule rule {
    .name = request.Name, .bus = str(local_part(bus)), .pattern = *request.EventPattern,
    .sources = pattern.exact_sources(), .state = *request.State, .description = request.Description,
    .role_arn = request.RoleArn, .tags = existing != nullptr ? existing->tags : TRY(tags_of(*request.Tags))
  };
  tx.put(key, std::move(rule));
  return api::PutRuleResponse{.RuleArn = rule_arn(key)};
}

Outcome<api::DescribeRuleResponse> describe_rule(Tx& tx, const api::DescribeRuleRequest& request) {
  const Key key = TRY(find_rule(tx, request.Name, request.EventBusName));
  const Rule& rule = *tx.find<Rule>(key);
  return api::DescribeRuleResponse{.Name = rule.name,
                                   .Arn = rule_arn(key),
                                   .EventPattern = rule.pattern,
                                   .State = rule.state,
                                   .Description = rule.description,
                                   .RoleArn = rule.role_arn,
                                   .EventBusName = rule.bus,
                                   .CreatedBy = world_of(key).account};
}

Outcome<api::ListRulesResponse> list_rules(Tx& tx, const api::ListRulesRequest& request) {
  const Key bus = TRY(find_bus(tx, request.EventBusName));
  const PageBounds bounds = TRY(page_bounds(request.NextToken, request.Limit));
  api::ListRulesResponse response{.Rules = list<api::Rule>{}};
  for (const Key& key : rule_keys(tx, bus, *request.NamePrefix)) {
    const Rule& rule = *tx.find<Rule>(key);
    if (rule.name < bounds.from) continue;
    if (response.Rules->size() == bounds.most) {
      response.NextToken = page_token(rule.name);
      break;
    }
    response.Rules->push_back(shown(key, rule));
  }
  return response;
}

Outcome<api::Empty> delete_rule(Tx& tx, const api::DeleteRuleRequest& request) {
  const Key bus = TRY(find_bus(tx, request.EventBusName));
  const Key key = rule_key(bus, request.Name);
  if (!is_name(request.Name, limits::name_characters) || tx.find<Rule>(key) == nullptr) return api::Empty{};
  if (!target_keys(tx, key).empty()) return invalid("Rule can't be deleted since it has targets.");
  tx.erase<Rule>(key);
  return api::Empty{};
}

Outcome<api::Empty> enable_rule(Tx& tx, const api::EnableRuleRequest& request) {
  return set_state(tx, request.Name, request.EventBusName, "ENABLED");
}

Outcome<api::Empty> disable_rule(Tx& tx, const api::DisableRuleRequest& request) {
  return set_state(tx, request.Name, request.EventBusName, "DISABLED");
}

Outcome<api::ListRuleNamesByTargetResponse> list_rule_names_by_target(
    Tx& tx, const api::ListRuleNamesByTargetRequest& request) {
  const Key bus = TRY(find_bus(tx, request.EventBusName));
  const PageBounds bounds = TRY(page_bounds(request.NextToken, request.Limit));
  api::ListRuleNamesByTargetResponse response{.RuleNames = list<str>{}};
  for (const Key& key : rule_keys(tx, bus)) {
    const Rule& rule = *tx.find<Rule>(key);
    const bool has_target = std::ranges::any_of(target_keys(tx, key), [&](const Key& target) {
      return tx.find<Target>(target)->target.Arn == request.TargetArn;
    });
    if (rule.name < bounds.from || !has_target) continue;
    if (response.RuleNames->size() == bounds.most) {
      response.NextToken = page_token(rule.name);
      break;
    }
    response.RuleNames->push_back(rule.name);
  }
  return response;
}

}  // namespace utakata::events
