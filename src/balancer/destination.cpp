#include "balancer/destination.hpp"

namespace utakata::balancer {
namespace {

using Headers = std::span<const http::HeaderView>;

std::string_view group_of(const BondSeal& seal, Running& running, const BalancerAction& action, Headers request,
                          Binding& binding) {
  binding.to_group = action.group_stickiness_seconds > 0;
  if (binding.to_group) {
    const auto bound = bound_to(seal, request, group_cookie, seconds(action.group_stickiness_seconds), wall_clock());
    // A weight of zero takes a group's clients away too.
    for (const WeightedGroup& each : action.forward)
      if (bound && each.weight > 0 && each.target_group_arn == *bound) return each.target_group_arn;
  }
  return choose_group(action, running.turn++);
}

void choose_target_of(const BondSeal& seal, Headers request, const Choice& node, Destination& to) {
  Group& group = *to.group;
  Binding& binding = to.binding;
  const StickinessRule& rule = group.config.stickiness;
  if (rule.kind == "none") {
    to.target = group.choose(node);
    return;
  }
  const bool by_application = rule.kind == "app_cookie";
  const std::string_view cookie = by_application ? application_cookie : target_cookie;
  auto bound = bound_to(seal, request, cookie, seconds(rule.duration_seconds), wall_clock());
  if (by_application) {
    binding.once_set = rule.cookie_name;
    if (cookie_value(request, rule.cookie_name).empty()) bound.reset();  // the application's session has ended
  }
  if (bound || !by_application) binding.target_by = cookie;
  if (bound) to.target = group.bound(*bound, node);
  if (to.target) return;
  to.target = group.choose(node);
  to.newly_bound = to.target != nullptr;
}

}  // namespace

Destination choose_destination(const Shared& shared, Running& running, const BalancerAction& action, Headers request,
                               std::string_view zone) {
  Destination to;
  const auto group = running.groups.find(group_of(shared.seal, running, action, request, to.binding));
  if (group == running.groups.end()) return to;
  to.group = group->second;
  choose_target_of(shared.seal, request, {.now = shared.loop.now(), .zone = zone}, to);
  return to;
}

std::string binding_lines(const BondSeal& seal, const Binding& binding, const Target& target, Headers answer,
                          Instant wall_now) {
  std::string lines;
  if (binding.to_group) lines += bond_lines(seal, group_cookie, {.to = target.group_arn, .since = wall_now});
  std::string_view by = binding.target_by;
  if (by.empty() && !binding.once_set.empty() && sets_cookie(answer, binding.once_set)) by = application_cookie;
  if (!by.empty()) lines += bond_lines(seal, by, {.to = target.name, .since = wall_now});
  return lines;
}

}  // namespace utakata::balancer
