#include "services/elb/rule_actions.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "services/elb/arns.hpp"
#include "services/elb/errors.hpp"
#include "services/elb/limits.hpp"
#include "services/elb/public.hpp"

namespace utakata::elb {
namespace {

constexpr i32 weight_max = 999;
constexpr i32 order_max = 50'000;
constexpr i32 stickiness_seconds_max = 604'800;
constexpr std::size_t redirect_part_max = 128;
constexpr std::size_t body_max = 1024;
constexpr std::size_t content_type_max = 32;
constexpr std::array<std::string_view, 5> content_types{"text/plain", "text/css", "text/html", "application/javascript",
                                                        "application/json"};

auto invalid_action(std::string message) { return refuse("InvalidLoadBalancerAction", std::move(message)); }

Outcome<> check_stickiness(api::ForwardActionConfig& forward) {
  api::TargetGroupStickinessConfig& stickiness = forward.TargetGroupStickinessConfig_.ensure_value();
  if (!stickiness.Enabled) stickiness.Enabled = false;
  if (*stickiness.Enabled && !stickiness.DurationSeconds)
    return invalid("TargetGroupStickinessConfig.DurationSeconds must be specified to enable target group stickiness");
  if (!stickiness.DurationSeconds) return {};
  const i32 duration = *stickiness.DurationSeconds;
  if (duration < 1 || duration > stickiness_seconds_max)
    return invalid(cat("'TargetGroupStickinessConfig.DurationSeconds' value '", duration, "' must be between '1-",
                       stickiness_seconds_max, "' inclusive"));
  return {};
}

Outcome<> check_forward(Tx& tx, api::Action& action) {
  const bool both = action.TargetGroupArn && action.ForwardConfig;
  api::ForwardActionConfig& forward = action.ForwardConfig.ensure_value();
  list<api::TargetGroupTuple>& groups = forward.TargetGroups.ensure_value();
  if (both && (groups.size() != 1 || groups.front().TargetGroupArn.value_or("") != *action.TargetGroupArn))
    return invalid(
        "If you specify both ForwardConfig and TargetGroupArn, you can specify only one target group using "
        "ForwardConfig and it must be the same target group specified in TargetGroupArn");
  if (groups.empty() && action.TargetGroupArn) groups.push_back({.TargetGroupArn = *action.TargetGroupArn});
  if (groups.empty()) return invalid("A target group ARN must be specified for a forward action");
  if (groups.size() > limits::groups_of_action)
    return refuse("TooManyTargetGroups",
                  cat("A forward action can have at most '", limits::groups_of_action, "' target groups"));
  std::set<str> seen;
  for (api::TargetGroupTuple& group : groups) {
    const str arn = group.TargetGroupArn.value_or("");
    TRY_VOID(check_arn(tx.world(), arn, Resource::target_group));
    if (!target_group(tx, tx.world(), arn))
      return refuse("TargetGroupNotFound", cat("Target group '", arn, "' not found"));
    if (!seen.insert(arn).second) return invalid(cat("Target group '", arn, "' was provided multiple times"));
    if (!group.Weight) group.Weight = 1;
    if (*group.Weight < 0 || *group.Weight > weight_max)
      return invalid(cat("Target group weight '", *group.Weight, "' must be between '0-", weight_max, "' inclusive"));
  }
  if (groups.size() == 1) action.TargetGroupArn = groups.front().TargetGroupArn;
  return check_stickiness(forward);
}

Outcome<> check_fixed_response(const api::FixedResponseActionConfig& answer, const str& at) {
  const str& code = answer.StatusCode;
  const bool sound = code.size() == 3 && std::ranges::all_of(code, [](char c) { return c >= '0' && c <= '9'; }) &&
                     (code[0] == '2' || code[0] == '4' || code[0] == '5');
  if (!sound)
    return violates(code, at + "statusCode", "Member must satisfy regular expression pattern: ^(2|4|5)\\d\\d$");
  TRY_VOID(length_within(answer.MessageBody.value_or(""), 0, body_max, at + "messageBody"));
  const str type = answer.ContentType.value_or("");
  TRY_VOID(length_within(type, 0, content_type_max, at + "contentType"));
  if (!type.empty() && std::ranges::find(content_types, type) == content_types.end())
    return invalid_action(
        "The ContentType must be one of:'text/html', 'application/json', 'application/javascript', 'text/css', "
        "'text/plain'");
  return {};
}

// Each part of a redirect knows some of the placeholders.
Outcome<> check_placeholders(std::string_view part, std::string_view text, std::string_view known) {
  for (std::size_t at = text.find("#{"); at != std::string_view::npos; at = text.find("#{", at + 2)) {
    const std::size_t end = text.find('}', at);
    const std::string_view name = end == std::string_view::npos ? text.substr(at) : text.substr(at, end - at + 1);
    if (!known.contains(cat(name, " ")))
      return invalid_action(cat("The redirect configuration's ", part, " '", text, "' must not contain '", name,
                                "'; it may contain ", trim(known)));
  }
  return {};
}

Outcome<> check_redirect(api::RedirectActionConfig& to, const str& at) {
  if (!to.Protocol) to.Protocol = str("#{protocol}");
  if (!to.Port) to.Port = str("#{port}");
  if (!to.Host) to.Host = str("#{host}");
  if (!to.Path) to.Path = str("/#{path}");
  if (!to.Query) to.Query = str("#{query}");
  if (*to.Protocol != "HTTP" && *to.Protocol != "HTTPS" && *to.Protocol != "#{protocol}")
    return violates(*to.Protocol, at + "protocol",
                    "Member must satisfy regular expression pattern: ^(HTTPS?|#\\{protocol\\})$");
  const auto port = parse_integer(*to.Port);
  if (*to.Port != "#{port}" && (!port || *port < 1 || *port > 65'535))
    return invalid_action(
        cat("The redirect configuration's Port '", *to.Port, "' must be a value from 1 to 65535 or '#{port}'"));
  TRY_VOID(length_within(*to.Host, 1, redirect_part_max, at + "host"));
  TRY_VOID(length_within(*to.Path, 1, redirect_part_max, at + "path"));
  TRY_VOID(length_within(*to.Query, 0, redirect_part_max, at + "query"));
  if (!to.Path->starts_with('/'))
    return invalid_action(cat("The redirect configuration's Path '", *to.Path, "' must begin with '/'"));
  if (to.Query->starts_with('?'))
    return invalid_action(cat("The redirect configuration's Query '", *to.Query, "' must not begin with '?'"));
  TRY_VOID(check_placeholders("Host", *to.Host, "#{host} "));
  TRY_VOID(check_placeholders("Path", *to.Path, "#{host} #{path} #{port} "));
  TRY_VOID(check_placeholders("Query", *to.Query, "#{protocol} #{host} #{port} #{path} #{query} "));
  if (*to.Protocol == "#{protocol}" && *to.Port == "#{port}" && *to.Host == "#{host}" && *to.Path == "/#{path}")
    return invalid_action("The redirect configuration is not valid because it creates a loop.");
  return {};
}

// The structure of another type would say something that is not done.
Outcome<> check_structures(const api::Action& action) {
  const std::string_view type = action.Type.name();
  const auto foreign = [&](bool present, std::string_view member, std::string_view of) -> Outcome<> {
    if (!present || type == of) return {};
    return invalid_action(cat("You cannot specify '", member, "' for an action of type '", type, "'"));
  };
  TRY_VOID(foreign(action.TargetGroupArn.has, "TargetGroupArn", "forward"));
  TRY_VOID(foreign(action.ForwardConfig.has, "ForwardConfig", "forward"));
  TRY_VOID(foreign(action.RedirectConfig.has, "RedirectConfig", "redirect"));
  return foreign(action.FixedResponseConfig.has, "FixedResponseConfig", "fixed-response");
}

Outcome<> check_action(Tx& tx, api::Action& action, const str& at) {
  if (action.Order) TRY_VOID(within(*action.Order, 1, order_max, at + "order"));
  if (action.Type != "forward" && action.Type != "redirect" && action.Type != "fixed-response")
    return invalid_action(cat("Actions of type '", action.Type.name(), "' are not served"));
  TRY_VOID(check_structures(action));
  if (action.Type == "forward") return check_forward(tx, action);
  if (action.Type == "fixed-response") {
    if (!action.FixedResponseConfig)
      return invalid("FixedResponseConfig must be specified for a fixed-response action");
    return check_fixed_response(*action.FixedResponseConfig, at + "fixedResponseConfig.");
  }
  if (!action.RedirectConfig) return invalid("RedirectConfig must be specified for a redirect action");
  return check_redirect(*action.RedirectConfig, at + "redirectConfig.");
}

std::set<str> groups_of_balancer(const Tx& tx, const str& balancer_arn) {
  std::set<str> groups;
  const auto add = [&](const list<api::Action>& actions) {
    for (const str& arn : groups_of(actions)) groups.insert(arn);
  };
  for (const Key& listener_at : tx.where<ListenerRow>(ListenerRow::by_balancer, balancer_arn)) {
    const ListenerRow& listener = *tx.find<ListenerRow>(listener_at);
    add(listener.actions);
    for (const Key& rule_at : tx.where<RuleRow>(RuleRow::by_listener, listener.arn))
      add(tx.find<RuleRow>(rule_at)->actions);
  }
  return groups;
}

// A target group belongs to one load balancer, and to the same VPC.
Outcome<> check_association(const Tx& tx, const list<api::Action>& actions, const str& balancer_arn) {
  const list<str> wanted = groups_of(actions);
  if (wanted.empty()) return {};
  std::set<str> groups = groups_of_balancer(tx, balancer_arn);
  const LoadBalancerRow& balancer = *tx.find<LoadBalancerRow>(balancer_key(tx.world(), balancer_arn));
  for (const str& arn : wanted) {
    if (!groups.insert(arn).second) continue;
    if (const auto& group = *tx.find<TargetGroupRow>(group_key(tx.world(), arn));
        !of_function(group) && group.vpc_id != balancer.vpc_id)
      return refuse("InvalidConfigurationRequest",
                    cat("Target group '", arn, "' is not in the same VPC as load balancer '", balancer_arn, "'"));
    if (!balancers_of(tx, tx.world(), arn).empty())
      return refuse("TargetGroupAssociationLimit",
                    cat("The following target groups cannot be associated with more than one load balancer: ", arn));
  }
  if (groups.size() > limits::groups_of_balancer)
    return refuse("TooManyUniqueTargetGroupsPerLoadBalancer",
                  cat("You have reached the maximum number of unique target groups that you can associate with a load "
                      "balancer of type '",
                      balancer.type, "': [", limits::groups_of_balancer, "]"));
  return {};
}

}  // namespace

Outcome<list<api::Action>> checked_actions(Tx& tx, list<api::Action> actions, const ActionsPlace& place) {
  if (actions.empty()) return invalid("An action must be specified");
  // Before what else an action may be wrong in: it would be in vain to put that right.
  const bool network = tx.find<LoadBalancerRow>(balancer_key(tx.world(), place.balancer_arn))->network();
  for (const api::Action& action : actions)
    if (network && action.Type != "forward")
      return invalid_action(cat("Actions of type '", action.Type.name(),
                                "' are not supported by listeners of Network Load Balancers; use 'forward'"));
  for (std::size_t i = 0; i < actions.size(); ++i)
    TRY_VOID(check_action(tx, actions[i], cat(place.member, ".", i + 1, ".member.")));
  if (actions.size() != 1)
    return invalid_action("Exactly one action of type 'forward', 'redirect' or 'fixed-response' must be specified");
  TRY_VOID(check_association(tx, actions, place.balancer_arn));
  return actions;
}

BalancerAction action_of(const list<api::Action>& actions) {
  BalancerAction out;
  if (actions.empty()) return out;
  const api::Action& action = actions.back();
  if (action.Type == "fixed-response") {
    out.type = "fixed-response";
    out.status = static_cast<i32>(parse_integer(action.FixedResponseConfig->StatusCode).value_or(503));
    out.content_type = action.FixedResponseConfig->ContentType.value_or("text/plain");
    out.body = action.FixedResponseConfig->MessageBody.value_or("");
  } else if (action.Type == "redirect") {
    const api::RedirectActionConfig& to = *action.RedirectConfig;
    out.type = "redirect";
    out.status = to.StatusCode == "HTTP_301" ? 301 : 302;
    if (to.Protocol) out.redirect_protocol = *to.Protocol;
    if (to.Host) out.redirect_host = *to.Host;
    if (to.Port) out.redirect_port = *to.Port;
    if (to.Path) out.redirect_path = *to.Path;
    if (to.Query) out.redirect_query = *to.Query;
  } else if (action.ForwardConfig && action.ForwardConfig->TargetGroups) {
    for (const auto& group : *action.ForwardConfig->TargetGroups)
      out.forward.push_back(
          {.target_group_arn = group.TargetGroupArn.value_or(""), .weight = group.Weight.value_or(1)});
    const auto& stickiness = action.ForwardConfig->TargetGroupStickinessConfig_;
    if (stickiness && stickiness->Enabled.value_or(false))
      out.group_stickiness_seconds = stickiness->DurationSeconds.value_or(0);
  } else {
    out.forward.push_back({.target_group_arn = action.TargetGroupArn.value_or("")});
  }
  return out;
}

}  // namespace utakata::elb
