#include <algorithm>
#include <set>

#include "base/json.hpp"
#include "base/named.hpp"
#include "core/arn.hpp"
#include "core/effect.hpp"
#include "core/facts.hpp"
#include "core/report.hpp"
#include "services/acm/public.hpp"
#include "services/elb/attributes.hpp"
#include "services/elb/errors.hpp"
#include "services/elb/listener_tls.hpp"
#include "services/elb/protocols.hpp"
#include "services/elb/public.hpp"
#include "services/elb/rule_actions.hpp"
#include "services/elb/rule_conditions.hpp"
#include "services/elb/state.hpp"
#include "services/elb/zones.hpp"

// What the data path must run, made of the rows; and what it reports.
namespace utakata::elb {
namespace {

constexpr std::string_view reconciler = "elb.balancer";

StickinessRule stickiness_of(const TargetGroupRow& row) {
  StickinessRule rule;
  if (attribute(row, "stickiness.enabled") != "true") return rule;
  if (attribute(row, "stickiness.type") == "source_ip") {
    rule.kind = "source_ip";
    return rule;
  }
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
  if (const auto known = named<Choice>(name)) into = *known;
}

FlowRule flows_of(const TargetGroupRow& row) {
  const auto is_true = [&](std::string_view key) { return attribute(row, key) == "true"; };
  return {
      .proxy_protocol = is_true("proxy_protocol_v2.enabled"),
      .end_when_deregistered = is_true("deregistration_delay.connection_termination.enabled"),
      .end_when_unhealthy = is_true("target_health_state.unhealthy.connection_termination.enabled"),
      .unhealthy_draining_seconds = number_attribute(row, "target_health_state.unhealthy.draining_interval_seconds")};
}

void take_attributes_beyond_aws(BalancerTargetGroup& group, const TargetGroupRow& row) {
  group.retry = {.attempts = number_attribute(row, "utakata.retry.attempts"),
                 .idempotent = attribute(row, "utakata.retry.requests") == "idempotent",
                 .budget_percent = number_attribute(row, "utakata.retry.budget_percent")};
  group.hold = {.seconds = number_attribute(row, "utakata.hold.seconds"),
                .requests = number_attribute(row, "utakata.hold.requests")};
  group.requests_of_target_max = number_attribute(row, "utakata.circuit.requests_per_target");
  group.connect_timeout_seconds = number_attribute(row, "utakata.connect.timeout_seconds");
}

void take_attributes(BalancerTargetGroup& group, const TargetGroupRow& row) {
  constexpr std::string_view threshold = "target_group_health.unhealthy_state_routing.minimum_healthy_targets.";
  if (is_flow_protocol(row.protocol)) {
    group.flows = flows_of(row);
  } else {
    choose(group.algorithm, attribute(row, "load_balancing.algorithm.type"));
    group.anomaly_mitigation = attribute(row, "load_balancing.algorithm.anomaly_mitigation") == "on";
    group.slow_start_seconds = number_attribute(row, "slow_start.duration_seconds");
    take_attributes_beyond_aws(group, row);
  }
  group.stickiness = stickiness_of(row);
  group.healthy_count_min = number_attribute(row, cat(threshold, "count"));
  group.healthy_percent_min = number_attribute(row, cat(threshold, "percentage"));
}

void take_attributes(BalancerConfig& config, const LoadBalancerRow& row) {
  if (row.network()) return;
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
  config.target_header = is_true("utakata.response.target_header.enabled");
  config.access_log = {.enabled = is_true("access_logs.s3.enabled"),
                       .bucket = attribute(row, "access_logs.s3.bucket"),
                       .prefix = attribute(row, "access_logs.s3.prefix")};
}

// Where the data path reaches a target: an application load balancer at its first node.
str address_of(const Tx& tx, const World& world, const TargetGroupRow& group, const TargetRow& target) {
  if (group.target_type != "alb") return target.address;
  const auto* balancer = tx.find<LoadBalancerRow>(balancer_key(world, target.address));
  return balancer == nullptr || balancer->zones.empty() ? str() : balancer->zones.front().address;
}

BalancerTargetGroup group_of(const Tx& tx, const World& world, const LoadBalancerRow& balancer,
                             const TargetGroupRow& row) {
  BalancerTargetGroup group{.arn = row.arn,
                            .health_check = {.path = row.check_path,
                                             .matcher = row.matcher,
                                             .interval_seconds = row.interval,
                                             .timeout_seconds = row.timeout,
                                             .healthy_threshold = row.healthy,
                                             .unhealthy_threshold = row.unhealthy,
                                             .all_initial_checks = is_flow_protocol(row.protocol)}};
  choose(group.health_check.protocol, row.check_protocol);
  choose(group.protocol_version, row.protocol_version);
  group.tls = row.protocol == "HTTPS" || row.protocol == "TLS";
  group.health_check.enabled = row.check_enabled;
  if (const auto port = parse_integer(row.check_port)) group.health_check.port = static_cast<i32>(*port);
  if (of_function(row)) {
    group.function = true;
    group.multi_value_headers = attribute(row, "lambda.multi_value_headers.enabled") == "true";
  } else {
    take_attributes(group, row);
  }
  group.cross_zone = across_zones(balancer, row);
  for (const Key& key : tx.where<TargetRow>(TargetRow::by_group, row.arn)) {
    const TargetRow& target = *tx.find<TargetRow>(key);
    const str address = address_of(tx, world, row, target);
    if (address.empty() || !enabled(balancer, target.zone)) continue;
    group.targets.push_back({.address = address,
                             .port = target.port,
                             .draining = target.draining_until.set() && !target.receives_until.set(),
                             .zone = target.zone});
  }
  return group;
}

// What DNS says of the load balancer follows its targets' health.
list<str> fail_over(Tx& tx, const Key& key, const std::set<str>& groups) {
  LoadBalancerRow row = *tx.find<LoadBalancerRow>(key);
  list<str> failed = failed_zones(tx, world_of(key), row, {groups.begin(), groups.end()});
  if (failed == row.failed_zones) return failed;
  row.failed_zones = failed;
  tx.put(key, row);
  announce_name(tx, row, true);
  return failed;
}

void configure(Tx& tx, const Key& key) {
  const LoadBalancerRow* row = tx.find<LoadBalancerRow>(key);
  if (row == nullptr) return;
  const World world = world_of(key);
  note_certificates(tx, world, row->arn);
  BalancerConfig config{
      .arn = row->arn,
      .name = row->arn.substr(row->arn.find("loadbalancer/") + 13),
      .dns_name = row->dns_name,
      .vpc_id = row->vpc_id,
      .network = row->network(),
      .created_at = row->created_at,
  };
  take_attributes(config, *row);
  for (const auto& zone : row->zones) {
    config.addresses.push_back(zone.address);
    config.zones.push_back(zone.name);
    if (!zone.public_address.empty()) config.public_addresses.push_back(zone.public_address);
  }
  std::set<str> groups;
  for (const Key& listener_at : tx.where<ListenerRow>(ListenerRow::by_balancer, row->arn)) {
    const ListenerRow& listener = *tx.find<ListenerRow>(listener_at);
    BalancerListener out{.arn = listener.arn, .port = listener.port};
    choose(out.protocol, listener.protocol);
    if (listener.protocol == "TCP" || listener.protocol == "TCP_UDP")
      out.tcp_idle_timeout_seconds = number_attribute(listener, "tcp.idle_timeout.seconds");
    if (listener.uses_tls()) out.tls = tls_of(tx, world, listener);
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
      config.target_groups.push_back(group_of(tx, world, *row, *group));
  config.failed_zones = fail_over(tx, key, groups);
  tx.emit(ConfigureBalancer{.config = std::move(config)});
}

void tell(Tx& tx, const World& world, const TargetRow& row) {
  tx.publish({.kind = facts::target_health, .key = world.key(row.group_arn), .body = cat(row.address, ":", row.port)});
}

// The row that a report speaks of; the only target of a group of type alb is known to the data path by an address.
template <class TargetReport>
Key reported_target(const Tx& tx, const World& world, const TargetReport& report) {
  const auto* group = tx.find<TargetGroupRow>(group_key(world, report.target_group_arn));
  const bool is_balancer = group != nullptr && group->target_type == "alb";
  const auto targets =
      is_balancer ? tx.where<TargetRow>(TargetRow::by_group, report.target_group_arn) : std::vector<Key>();
  return targets.empty() ? target_key(world, report.target_group_arn, report.address, report.port) : targets.front();
}

void take_health(Tx& tx, const Report& report) {
  const auto& health = std::get<TargetHealthReport>(report);
  const World world = world_of_arn(health.target_group_arn);
  const Key key = reported_target(tx, world, health);
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
  // Only where a group keeps to its zones can DNS leave one of them out.
  const auto* group = tx.find<TargetGroupRow>(group_key(world, row.group_arn));
  if (group == nullptr || attribute(*group, "load_balancing.cross_zone.enabled") == "true") return;
  for (const str& arn : balancers_of(tx, world, row.group_arn))
    if (const auto* balancer = tx.find<LoadBalancerRow>(balancer_key(world, arn));
        balancer != nullptr && !across_zones(*balancer, *group))
      balancer_changed(tx, world, arn);
}

// A certificate that came, or came anew: whoever presents it is told.
void hear_certificate(Tx& tx, const Fact& fact) {
  const World world = world_of(fact.key);
  const std::string_view arn = local_part(fact.key);
  tx.each<ListenerRow>(world.key("listener/"), [&](const Key&, const ListenerRow& row) {
    if (std::ranges::find(row.certificates, arn) != row.certificates.end())
      balancer_changed(tx, world, row.balancer_arn);
  });
}

void take_idle(Tx& tx, const Report& report) {
  const auto& idle = std::get<TargetIdleReport>(report);
  const World world = world_of_arn(idle.target_group_arn);
  const Key key = reported_target(tx, world, idle);
  const TargetRow* known = tx.find<TargetRow>(key);
  if (known == nullptr || !known->draining_until.set() || known->idle) return;
  TargetRow row = *known;
  row.idle = true;
  tx.put(key, row);
  tell(tx, world, row);
}

void take_anomaly(Tx& tx, const Report& report) {
  const auto& said = std::get<TargetAnomalyReport>(report);
  const Key key = target_key(world_of_arn(said.target_group_arn), said.target_group_arn, said.address, said.port);
  const TargetRow* known = tx.find<TargetRow>(key);
  if (known == nullptr || (known->anomalous == said.anomalous && known->mitigated == said.mitigated)) return;
  tx.update<TargetRow>(key, [&](TargetRow& row) {
    row.anomalous = said.anomalous;
    row.mitigated = said.mitigated;
  });
}

void take_wanted(Tx& tx, const TargetGroupWantedReport& said) {
  const World world = world_of_arn(said.target_group_arn);
  const Key key = group_key(world, said.target_group_arn);
  const TargetGroupRow* known = tx.find<TargetGroupRow>(key);
  if (known == nullptr || known->requests_held == said.held) return;
  const bool begins = known->requests_held == 0;
  tx.update<TargetGroupRow>(key, [&](TargetGroupRow& row) { row.requests_held = said.held; });
  if (!begins && said.held > 0) return;
  tx.publish({.kind = target_group_wanted, .key = world.key(said.target_group_arn), .body = cat(said.held)});
  if (!begins) return;
  Json event = Json::object();
  event.set("source", "utakata.elasticloadbalancing");
  event.set("detail-type", "Target Group Wanted");
  event.set("resources", Json::array()).push(said.target_group_arn);
  event.set("detail", Json::object()).set("targetGroupArn", said.target_group_arn);
  tx.publish({.kind = facts::event, .key = world.prefix(), .body = event.write()});
}

// A data path that was started anew holds no request, and has judged nobody.
void forget_data_path(Tx& tx) {
  list<str> wanted;
  tx.each<TargetGroupRow>("", [&](const Key&, const TargetGroupRow& row) {
    if (row.requests_held > 0) wanted.push_back(row.arn);
  });
  for (const str& arn : wanted) take_wanted(tx, {.target_group_arn = arn});
  list<Key> judged;
  tx.each<TargetRow>("", [&](const Key& key, const TargetRow& row) {
    if (row.anomalous || row.mitigated) judged.push_back(key);
  });
  for (const Key& key : judged)
    tx.update<TargetRow>(key, [](TargetRow& row) { row.anomalous = row.mitigated = false; });
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
  schema.table<TargetRow>({.indexes = {[](const TargetRow& row) { return row.group_arn; }},
                           .due =
                               [](const TargetRow& row) {
                                 if (row.receives_until.set()) return row.receives_until;
                                 return row.draining_until.set() ? row.draining_until : Instant::never();
                               },
                           .on_due = target_due});
  schema.reconciler(reconciler, configure);
  schema.listen(acm::changed, hear_certificate);
  schema.report(report_kind<TargetHealthReport>, take_health);
  schema.report(report_kind<TargetIdleReport>, take_idle);
  schema.report(report_kind<TargetAnomalyReport>, take_anomaly);
  schema.report(report_kind<TargetGroupWantedReport>,
                [](Tx& tx, const Report& report) { take_wanted(tx, std::get<TargetGroupWantedReport>(report)); });
  schema.report(report_kind<BalancerReport>, take_balancer);
  schema.on_recover([](Tx& tx) {
    forget_data_path(tx);
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
    for (const auto& zone : row.zones)
      if (std::ranges::find(row.failed_zones, zone.name) == row.failed_zones.end())
        answer.addresses.push_back(zone.address);
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

void target_due(Tx& tx, const Key& key) {
  const TargetRow& row = *tx.find<TargetRow>(key);
  if (!row.receives_until.set() || row.draining_until <= tx.now()) return target_drained(tx, key);
  const str group_arn = row.group_arn;
  tx.update<TargetRow>(key, [](TargetRow& target) { target.receives_until = {}; });
  group_changed(tx, world_of(key), group_arn);
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
                         .protocol = row->protocol,
                         .deregistration_delay_seconds =
                             of_function(*row) ? 0 : number_attribute(*row, "deregistration_delay.timeout_seconds"),
                         .has_load_balancer = !balancers_of(tx, world, arn).empty(),
                         .requests_held = row->requests_held};
}

Outcome<> register_target(Tx& tx, const World& world, std::string_view group_arn, const str& address, i32 port) {
  static_cast<void>(TRY(target_group(tx, world, group_arn)));
  const Key key = target_key(world, group_arn, address, port);
  const TargetRow* known = tx.find<TargetRow>(key);
  if (known != nullptr && !known->draining_until.set()) return {};
  const TargetRow row{
      .group_arn = str(group_arn),
      .address = address,
      .port = port,
      .zone =
          zone_of_target(tx, world, *tx.find<TargetGroupRow>(group_key(world, group_arn)), address, "").value_or("")};
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
  const TargetGroupRow& group_row = *tx.find<TargetGroupRow>(group_key(world, group_arn));
  const i32 propagation = of_function(group_row) || is_flow_protocol(group_row.protocol)
                              ? 0
                              : number_attribute(group_row, "utakata.deregistration.propagation_seconds");
  const i32 delay = std::max(group->deregistration_delay_seconds, propagation);
  if (delay == 0 || !group->has_load_balancer) return target_drained(tx, key);
  TargetRow row = *known;
  row.draining_until = tx.now() + seconds(delay);
  if (propagation > 0) row.receives_until = tx.now() + seconds(propagation);
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
  TargetView view{.state = row->state,
                  .reason = row->reason,
                  .description = row->description,
                  .zone = row->zone,
                  .idle = row->idle,
                  .anomalous = row->anomalous,
                  .mitigated = row->mitigated};
  if (row->draining_until.set()) return view;
  const list<str> balancers = balancers_of(tx, world, group_arn);
  const bool used = std::ranges::any_of(balancers, [&](const str& arn) {
    const auto* balancer = tx.find<LoadBalancerRow>(balancer_key(world, arn));
    return balancer != nullptr && enabled(*balancer, row->zone);
  });
  if (used) {
    const auto* group = tx.find<TargetGroupRow>(group_key(world, group_arn));
    if (group != nullptr && !group->check_enabled) {
      view.state = "unavailable";
      view.reason = "Target.HealthCheckDisabled";
      view.description = "Health checks are disabled";
    }
    return view;
  }
  view.state = "unused";
  view.reason = "Target.NotInUse";
  view.description = balancers.empty() ? "Target group is not configured to receive traffic from the load balancer"
                                       : "Target is in an Availability Zone that is not enabled for the load balancer";
  return view;
}

}  // namespace utakata::elb
