#include <algorithm>
#include <set>

#include "core/effect.hpp"
#include "core/facts.hpp"
#include "core/report.hpp"
#include "services/elb/attributes.hpp"
#include "services/elb/errors.hpp"
#include "services/elb/public.hpp"
#include "services/elb/rule_actions.hpp"
#include "services/elb/rule_conditions.hpp"
#include "services/elb/state.hpp"

// What the data path must run, made of the rows; and what it reports.
namespace utakata::elb {
namespace {

constexpr std::string_view reconciler = "elb.balancer";

StickinessRule stickiness_of(const TargetGroupRow& row) {
  StickinessRule rule;
  if (attribute(row, "stickiness.enabled") != "true") return rule;
  if (attribute(row, "stickiness.type") == "app_cookie") {
    rule.kind = "app_cookie";
    rule.duration_seconds = number_attribute(row, "stickiness.app_cookie.duration_seconds");
    rule.cookie_name = attribute(row, "stickiness.app_cookie.cookie_name");
  } else {
    rule.kind = "lb_cookie";
    rule.duration_seconds = number_attribute(row, "stickiness.lb_cookie.duration_seconds");
  }
  return rule;
}

// Takes the one of an enumeration's values that an attribute names.
template <class Choice>
void choose(Choice& into, std::string_view name) {
  for (std::uint8_t i = 0; i < std::size(Choice::names); ++i)
    if (Choice::names[i] == name) into.index = i;
}

void take_attributes(BalancerTargetGroup& group, const TargetGroupRow& row) {
  constexpr std::string_view threshold = "target_group_health.unhealthy_state_routing.minimum_healthy_targets.";
  choose(group.algorithm, attribute(row, "load_balancing.algorithm.type"));
  group.anomaly_mitigation = attribute(row, "load_balancing.algorithm.anomaly_mitigation") == "on";
  group.slow_start_seconds = number_attribute(row, "slow_start.duration_seconds");
  group.stickiness = stickiness_of(row);
  // An application load balancer's own setting is always "true".
  group.cross_zone = attribute(row, "load_balancing.cross_zone.enabled") != "false";
  group.healthy_count_min = number_attribute(row, cat(threshold, "count"));
  group.healthy_percent_min = number_attribute(row, cat(threshold, "percentage"));
}

void take_attributes(BalancerConfig& config, const LoadBalancerRow& row) {
  const auto is_true = [&](std::string_view key) { return attribute(row, key) == "true"; };
  config.idle_timeout_seconds = number_attribute(row, "idle_timeout.timeout_seconds");
  config.client_keep_alive_seconds = number_attribute(row, "client_keep_alive.seconds");
  config.preserve_host_header = is_true("routing.http.preserve_host_header.enabled");
  choose(config.desync_mitigation_mode, attribute(row, "routing.http.desync_mitigation_mode"));
  config.drop_invalid_header_fields = is_true("routing.http.drop_invalid_header_fields.enabled");
  choose(config.forwarded_for, attribute(row, "routing.http.xff_header_processing.mode"));
  config.forwarded_for_client_port = is_true("routing.http.xff_client_port.enabled");
  config.tls_version_and_cipher_headers = is_true("routing.http.x_amzn_tls_version_and_cipher_suite.enabled");
  config.http2 = is_true("routing.http2.enabled");
  config.access_log = {.enabled = is_true("access_logs.s3.enabled"),
                       .bucket = attribute(row, "access_logs.s3.bucket"),
                       .prefix = attribute(row, "access_logs.s3.prefix")};
}

BalancerTargetGroup group_of(const Tx& tx, const TargetGroupRow& row) {
  BalancerTargetGroup group{.arn = row.arn,
                            .health_check = {.path = row.check_path,
                                             .matcher = row.matcher,
                                             .interval_seconds = row.interval,
                                             .timeout_seconds = row.timeout,
                                             .healthy_threshold = row.healthy,
                                             .unhealthy_threshold = row.unhealthy}};
  if (row.tcp_check) group.health_check.protocol = "TCP";
  if (const auto port = parse_integer(row.check_port)) group.health_check.port = static_cast<i32>(*port);
  take_attributes(group, row);
  for (const Key& key : tx.where<TargetRow>(TargetRow::by_group, row.arn)) {
    const TargetRow& target = *tx.find<TargetRow>(key);
    group.targets.push_back({.address = target.address, .port = target.port, .draining = target.draining_until.set()});
  }
  return group;
}

void configure(Tx& tx, const Key& key) {
  const LoadBalancerRow* row = tx.find<LoadBalancerRow>(key);
  if (row == nullptr) return;
  const World world = world_of(key);
  BalancerConfig config{
      .arn = row->arn,
      .name = row->arn.substr(row->arn.find("loadbalancer/") + 13),
      .dns_name = row->dns_name,
      .vpc_id = row->vpc_id,
  };
  take_attributes(config, *row);
  for (const auto& zone : row->zones) config.addresses.push_back(zone.address);
  std::set<str> groups;
  for (const Key& listener_at : tx.where<ListenerRow>(ListenerRow::by_balancer, row->arn)) {
    const ListenerRow& listener = *tx.find<ListenerRow>(listener_at);
    BalancerListener out{.arn = listener.arn, .port = listener.port};
    for (const Key& rule_at : tx.where<RuleRow>(RuleRow::by_listener, listener.arn)) {
      const RuleRow& rule = *tx.find<RuleRow>(rule_at);
      out.rules.push_back({.arn = rule.arn,
                           .priority = rule.priority,
                           .conditions = conditions_of(rule.conditions),
                           .action = action_of(rule.actions)});
      for (const str& group : groups_of(rule.actions)) groups.insert(group);
    }
    std::ranges::sort(out.rules, {}, &BalancerRule::priority);
    out.rules.push_back({.arn = listener.arn, .action = action_of(listener.actions)});
    for (const str& group : groups_of(listener.actions)) groups.insert(group);
    config.listeners.push_back(std::move(out));
  }
  for (const str& arn : groups)
    if (const auto* group = tx.find<TargetGroupRow>(group_key(world, arn)); group != nullptr)
      config.target_groups.push_back(group_of(tx, *group));
  tx.emit(ConfigureBalancer{.config = std::move(config)});
}

World world_of_arn(std::string_view arn) {
  const auto parts = split(arn, ':');
  return parts.size() > 5 ? World{str(parts[4]), str(parts[3])} : World{};
}

void tell(Tx& tx, const World& world, const TargetRow& row) {
  tx.publish({.kind = facts::target_health, .key = world.key(row.group_arn), .body = cat(row.address, ":", row.port)});
}

void take_health(Tx& tx, const Report& report) {
  const auto& health = std::get<TargetHealthReport>(report);
  const World world = world_of_arn(health.target_group_arn);
  const Key key = target_key(world, health.target_group_arn, health.address, health.port);
  const TargetRow* known = tx.find<TargetRow>(key);
  if (known == nullptr || known->draining_until.set()) return;
  // A balancer that was started anew knows nothing yet; what it knew stands until a check says otherwise.
  if (health.state == "initial" && known->state != "initial") return;
  TargetRow row = *known;
  if (row.state == health.state.name() && row.reason == health.reason && row.description == health.description) return;
  row.state = health.state.name();
  row.reason = health.reason;
  row.description = health.description;
  tx.put(key, row);
  tell(tx, world, row);
}

void take_idle(Tx& tx, const Report& report) {
  const auto& idle = std::get<TargetIdleReport>(report);
  const World world = world_of_arn(idle.target_group_arn);
  const Key key = target_key(world, idle.target_group_arn, idle.address, idle.port);
  const TargetRow* known = tx.find<TargetRow>(key);
  if (known == nullptr || !known->draining_until.set() || known->idle) return;
  TargetRow row = *known;
  row.idle = true;
  tx.put(key, row);
  tell(tx, world, row);
}

void take_balancer(Tx& tx, const Report& report) {
  const auto& said = std::get<BalancerReport>(report);
  const Key key = balancer_key(world_of_arn(said.arn), said.arn);
  const LoadBalancerRow* known = tx.find<LoadBalancerRow>(key);
  if (known == nullptr || (known->state == said.state.name() && known->state_reason == said.reason)) return;
  tx.update<LoadBalancerRow>(key, [&](LoadBalancerRow& row) {
    row.state = said.state.name();
    row.state_reason = said.reason;
  });
}

}  // namespace

void declare_tables(Schema& schema) {
  schema.table<LoadBalancerRow>();
  schema.table<ListenerRow>({.indexes = {[](const ListenerRow& row) { return row.balancer_arn; }}});
  schema.table<RuleRow>({.indexes = {[](const RuleRow& row) { return row.listener_arn; }}});
  schema.table<TargetGroupRow>();
  schema.table<TargetRow>(
      {.indexes = {[](const TargetRow& row) { return row.group_arn; }},
       .due = [](const TargetRow& row) { return row.draining_until.set() ? row.draining_until : Instant::never(); },
       .on_due = target_drained});
  schema.reconciler(reconciler, configure);
  schema.report(report_kind<TargetHealthReport>, take_health);
  schema.report(report_kind<TargetIdleReport>, take_idle);
  schema.report(report_kind<BalancerReport>, take_balancer);
  schema.on_recover([](Tx& tx) {
    tx.each<LoadBalancerRow>("", [&](const Key& key, const LoadBalancerRow& row) {
      announce_name(tx, row, true);
      tx.mark(reconciler, key);
    });
  });
}

// Also by the name that it would have on AWS: some clients take every name below "localhost" for their own host.
void announce_name(Tx& tx, const LoadBalancerRow& row, bool there) {
  ChangeVpc change{.vpc_id = row.vpc_id};
  const str alias = cat(row.dns_name.substr(0, row.dns_name.rfind('.')), ".amazonaws.com");
  for (const str& name : {row.dns_name, alias}) {
    DnsName& answer = change.names.emplace_back(DnsName{.name = name});
    if (!there) continue;
    for (const auto& zone : row.zones) answer.addresses.push_back(zone.address);
  }
  tx.emit(std::move(change));
}

void target_drained(Tx& tx, const Key& key) {
  const TargetRow row = *tx.find<TargetRow>(key);
  tx.erase<TargetRow>(key);
  const World world = world_of(key);
  group_changed(tx, world, row.group_arn);
  tell(tx, world, row);
}

list<str> groups_of(const list<api::Action>& actions) {
  list<str> groups;
  for (const api::Action& action : actions) {
    if (action.TargetGroupArn) groups.push_back(*action.TargetGroupArn);
    if (action.ForwardConfig && action.ForwardConfig->TargetGroups)
      for (const auto& group : *action.ForwardConfig->TargetGroups)
        if (group.TargetGroupArn) groups.push_back(*group.TargetGroupArn);
  }
  return groups;
}

list<str> balancers_of(const Tx& tx, const World& world, std::string_view group_arn) {
  std::set<str> found;
  const auto uses = [&](const list<api::Action>& actions) {
    const list<str> groups = groups_of(actions);
    return std::ranges::find(groups, group_arn) != groups.end();
  };
  tx.each<ListenerRow>(world.key("listener/"), [&](const Key&, const ListenerRow& row) {
    if (uses(row.actions)) found.insert(row.balancer_arn);
  });
  tx.each<RuleRow>(world.key("rule/"), [&](const Key&, const RuleRow& row) {
    const ListenerRow* listener =
        uses(row.actions) ? tx.find<ListenerRow>(listener_key(world, row.listener_arn)) : nullptr;
    if (listener != nullptr) found.insert(listener->balancer_arn);
  });
  return {found.begin(), found.end()};
}

void balancer_changed(Tx& tx, const World& world, std::string_view arn) {
  tx.mark(reconciler, balancer_key(world, arn));
}

void group_changed(Tx& tx, const World& world, std::string_view group_arn) {
  for (const str& arn : balancers_of(tx, world, group_arn)) balancer_changed(tx, world, arn);
}

Outcome<TargetGroupView> target_group(const Tx& tx, const World& world, std::string_view arn) {
  const TargetGroupRow* row = tx.find<TargetGroupRow>(group_key(world, arn));
  if (row == nullptr) return target_group_not_found();
  return TargetGroupView{.arn = row->arn,
                         .name = row->name,
                         .vpc_id = row->vpc_id,
                         .target_type = row->target_type,
                         .protocol = "HTTP",
                         .deregistration_delay_seconds = number_attribute(*row, "deregistration_delay.timeout_seconds"),
                         .has_load_balancer = !balancers_of(tx, world, arn).empty()};
}

Outcome<> register_target(Tx& tx, const World& world, std::string_view group_arn, const str& address, i32 port) {
  static_cast<void>(TRY(target_group(tx, world, group_arn)));
  const Key key = target_key(world, group_arn, address, port);
  const TargetRow* known = tx.find<TargetRow>(key);
  if (known != nullptr && !known->draining_until.set()) return {};
  const TargetRow row{.group_arn = str(group_arn), .address = address, .port = port};
  tx.put(key, row);
  group_changed(tx, world, group_arn);
  tell(tx, world, row);
  return {};
}

void deregister_target(Tx& tx, const World& world, std::string_view group_arn, const str& address, i32 port) {
  const Key key = target_key(world, group_arn, address, port);
  const TargetRow* known = tx.find<TargetRow>(key);
  const auto group = target_group(tx, world, group_arn);
  if (known == nullptr || known->draining_until.set() || !group) return;
  if (group->deregistration_delay_seconds == 0 || !group->has_load_balancer) return target_drained(tx, key);
  TargetRow row = *known;
  row.draining_until = tx.now() + seconds(group->deregistration_delay_seconds);
  row.state = "draining";
  row.reason = "Target.DeregistrationInProgress";
  row.description = "Target deregistration is in progress";
  tx.put(key, row);
  group_changed(tx, world, group_arn);
  tell(tx, world, row);
}

TargetView target(const Tx& tx, const World& world, std::string_view group_arn, const str& address, i32 port) {
  const TargetRow* row = tx.find<TargetRow>(target_key(world, group_arn, address, port));
  if (row == nullptr) return {};
  if (!row->draining_until.set() && balancers_of(tx, world, group_arn).empty())
    return {.state = "unused",
            .reason = "Target.NotInUse",
            .description = "Target group is not configured to receive traffic from the load balancer"};
  return {.state = row->state, .reason = row->reason, .description = row->description, .idle = row->idle};
}

}  // namespace utakata::elb
