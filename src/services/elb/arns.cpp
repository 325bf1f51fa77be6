#include "services/elb/arns.hpp"

#include <algorithm>
#include <array>

#include "services/elb/errors.hpp"

namespace utakata::elb {
namespace {

struct FormOfArn {
  Resource resource;
  std::string_view word, name;  // in the ARN, in a refusal
  std::size_t parts;            // between slashes, after the word
  bool begins_with_type;        // of the load balancer
};
constexpr std::array<FormOfArn, 4> forms{{{Resource::load_balancer, "loadbalancer", "load balancer", 3, true},
                                          {Resource::listener, "listener", "listener", 4, true},
                                          {Resource::rule, "listener-rule", "rule", 5, true},
                                          {Resource::target_group, "targetgroup", "target group", 2, false}}};

bool has_form(const World& world, std::string_view arn, const FormOfArn& form) {
  constexpr std::array<std::string_view, 3> types{"app", "net", "gwy"};
  const str beginning = cat("arn:aws:elasticloadbalancing:", world.region, ":", world.account, ":", form.word, "/");
  if (!arn.starts_with(beginning)) return false;
  const auto parts = split(arn.substr(beginning.size()), '/');
  if (parts.size() != form.parts || std::ranges::find(parts, std::string_view()) != parts.end()) return false;
  return !form.begins_with_type || std::ranges::find(types, parts.front()) != types.end();
}

template <class Row, class NotFound>
Outcome<const Row*> known_row(const Tx& tx, const Key& key, NotFound not_found) {
  const Row* row = tx.find<Row>(key);
  if (row == nullptr) return not_found();
  return row;
}

}  // namespace

std::optional<Resource> resource_of_arn(const World& world, std::string_view arn) {
  for (const FormOfArn& form : forms)
    if (has_form(world, arn, form)) return form.resource;
  return std::nullopt;
}

Outcome<> check_arn(const World& world, std::string_view arn, Resource resource) {
  const FormOfArn& form = *std::ranges::find(forms, resource, &FormOfArn::resource);
  if (!has_form(world, arn, form)) return invalid(cat("'", arn, "' is not a valid ", form.name, " ARN"));
  return {};
}

Outcome<const LoadBalancerRow*> known_balancer(const Tx& tx, std::string_view arn) {
  TRY_VOID(check_arn(tx.world(), arn, Resource::load_balancer));
  return known_row<LoadBalancerRow>(tx, balancer_key(tx.world(), arn), load_balancer_not_found);
}

Outcome<const ListenerRow*> known_listener(const Tx& tx, std::string_view arn) {
  TRY_VOID(check_arn(tx.world(), arn, Resource::listener));
  return known_row<ListenerRow>(tx, listener_key(tx.world(), arn), listener_not_found);
}

Outcome<const RuleRow*> known_rule(const Tx& tx, std::string_view arn) {
  TRY_VOID(check_arn(tx.world(), arn, Resource::rule));
  return known_row<RuleRow>(tx, rule_key(tx.world(), arn), rule_not_found);
}

Outcome<const TargetGroupRow*> known_group(const Tx& tx, std::string_view arn) {
  TRY_VOID(check_arn(tx.world(), arn, Resource::target_group));
  return known_row<TargetGroupRow>(tx, group_key(tx.world(), arn), target_group_not_found);
}

}  // namespace utakata::elb
