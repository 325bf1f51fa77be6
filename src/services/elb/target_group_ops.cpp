#include <algorithm>
#include <optional>
#include <tuple>

#include "base/ipv4.hpp"
#include "base/named.hpp"
#include "services/ec2/public.hpp"
#include "services/elb/arns.hpp"
#include "services/elb/attributes.hpp"
#include "services/elb/errors.hpp"
#include "services/elb/limits.hpp"
#include "services/elb/ops.hpp"
#include "services/elb/protocol_versions.hpp"
#include "services/elb/protocols.hpp"
#include "services/elb/public.hpp"
#include "services/elb/tags.hpp"
#include "services/elb/zones.hpp"

namespace utakata::elb {
namespace {

api::TargetGroup view(const Tx& tx, const TargetGroupRow& row) {
  api::TargetGroup out{.TargetGroupArn = row.arn,
                       .TargetGroupName = row.name,
                       .Protocol_ = protocol_named(row.protocol),
                       .Port = row.port,
                       .VpcId = row.vpc_id,
                       .HealthCheckPort = row.check_port,
                       .HealthCheckIntervalSeconds = row.interval,
                       .HealthCheckTimeoutSeconds = row.timeout,
                       .HealthyThresholdCount = row.healthy,
                       .UnhealthyThresholdCount = row.unhealthy,
                       .LoadBalancerArns = balancers_of(tx, tx.world(), row.arn),
                       .TargetType = "ip",
                       .IpAddressType = "ipv4"};
  out.HealthCheckProtocol = protocol_named(row.check_protocol);
  if (row.target_type == "alb") out.TargetType = "alb";
  if (!is_flow_protocol(row.protocol)) out.ProtocolVersion = row.protocol_version;
  out.HealthCheckEnabled = row.check_enabled;
  if (row.check_protocol == "TCP") return out;
  out.HealthCheckPath = row.check_path;
  out.Matcher_ = matcher_of(row);
  if (!of_function(row)) return out;
  out.TargetType = "lambda";
  out.Protocol_ = {};
  out.Port = {};
  out.VpcId = {};
  out.ProtocolVersion = {};
  out.HealthCheckProtocol = {};
  out.HealthCheckPort = {};
  return out;
}

template <class Request>
Outcome<> refuse_foreign(const TargetGroupRow& row, const Request& request) {
  if (of_function(row)) {
    if (request.HealthCheckProtocol || request.HealthCheckPort)
      return invalid(cat("Health check ", request.HealthCheckProtocol ? "protocol" : "port",
                         " cannot be specified for target groups with target type 'lambda'"));
    return {};
  }
  const str& protocol = row.check_protocol;
  const bool flows = is_flow_protocol(row.protocol);
  if (protocol != "HTTP" && protocol != "HTTPS" && !(flows && protocol == "TCP"))
    return refuse("InvalidConfigurationRequest",
                  cat("Health check protocol '", protocol, "' is not supported for target groups with the ",
                      row.protocol, " protocol"));
  if (row.target_type == "alb" && protocol == "TCP")
    return refuse("InvalidConfigurationRequest",
                  "Health check protocol 'TCP' is not supported for target groups with target type 'alb'");
  if (protocol == "TCP" && (request.HealthCheckPath || request.Matcher_))
    return invalid("Health check path and matcher are not supported for health checks with the TCP protocol");
  if (request.HealthCheckEnabled && !*request.HealthCheckEnabled)
    return invalid(cat("Health check enabled must be true for target groups with target type '", row.target_type, "'"));
  return {};
}

// What a health check begins with.
void set_check_defaults(TargetGroupRow& row, const api::CreateTargetGroupInput& request) {
  if (!is_flow_protocol(row.protocol)) return;
  const bool by_tcp =
      row.target_type != "alb" && (!request.HealthCheckProtocol || *request.HealthCheckProtocol == "TCP");
  row.check_protocol = by_tcp ? "TCP" : "HTTP";
  row.matcher = "200-399";
  row.timeout = std::min(request.HealthCheckProtocol && *request.HealthCheckProtocol == "HTTP" ? 6 : 10,
                         request.HealthCheckIntervalSeconds.value_or(row.interval));
}

template <class Request>
Outcome<> take_health_check(TargetGroupRow& row, const Request& request) {
  if (request.HealthCheckProtocol) row.check_protocol = request.HealthCheckProtocol->name();
  TRY_VOID(refuse_foreign(row, request));
  row.check_enabled = request.HealthCheckEnabled.value_or(row.check_enabled);
  row.check_port = request.HealthCheckPort.value_or(row.check_port);
  row.check_path = request.HealthCheckPath.value_or(row.check_path);
  row.interval = request.HealthCheckIntervalSeconds.value_or(row.interval);
  row.timeout = request.HealthCheckTimeoutSeconds.value_or(row.timeout);
  row.healthy = request.HealthyThresholdCount.value_or(row.healthy);
  row.unhealthy = request.UnhealthyThresholdCount.value_or(row.unhealthy);
  TRY_VOID(within(row.interval, 5, 300, "healthCheckIntervalSeconds"));
  TRY_VOID(within(row.timeout, 2, 120, "healthCheckTimeoutSeconds"));
  TRY_VOID(within(row.healthy, 2, 10, "healthyThresholdCount"));
  TRY_VOID(within(row.unhealthy, 2, 10, "unhealthyThresholdCount"));
  TRY_VOID(length_within(row.check_path, 1, 1024, "healthCheckPath"));
  TRY_VOID(take_matcher(row, request.Matcher_));
  if (row.timeout > row.interval || (row.timeout == row.interval && !is_flow_protocol(row.protocol)))
    return invalid(
        cat("Health check timeout '", row.timeout, "' must be smaller than the interval '", row.interval, "'"));
  if (!row.check_path.starts_with('/'))
    return invalid(cat("Health check path '", row.check_path,
                       "' must begin with a '/' character, and can be a maximum of 1024 characters long"));
  const auto port = parse_integer(row.check_port);
  if (row.check_port != "traffic-port" && (!port || *port < 1 || *port > 65'535))
    return invalid(cat("Health check port '", row.check_port, "' must be in the range [1-65535] or 'traffic-port'"));
  return {};
}

Outcome<> check_protocol(const api::CreateTargetGroupInput& request) {
  const std::string_view protocol = request.Protocol_->name();
  if (*request.TargetType == "alb" && protocol != "TCP")
    return refuse("UnsupportedProtocol",
                  cat("Protocol '", protocol, "' is not supported for target groups with target type 'alb'; use TCP"));
  if (protocol != "HTTP" && protocol != "HTTPS" && !is_flow_protocol(protocol))
    return refuse("UnsupportedProtocol", cat("Target groups of protocol '", protocol, "' are not served yet"));
  if (is_flow_protocol(protocol) && request.ProtocolVersion)
    return invalid(cat("ProtocolVersion cannot be specified for target groups with the ", protocol, " protocol"));
  return {};
}

Outcome<> check_name(const str& name) {
  const auto sound = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (name.empty()) return invalid("A target group name must be specified");
  if (name.size() > 32) return invalid(cat("Target group name '", name, "' cannot be longer than '32' characters"));
  if (!std::ranges::all_of(name, sound))
    return invalid(cat("Target group name '", name,
                       "' can only contain characters that are alphanumeric characters or hyphens(-)"));
  if (name.starts_with('-') || name.ends_with('-'))
    return invalid(cat("Target group name '", name, "' cannot begin or end with '-'"));
  return {};
}

// Whether a group of the same name was made with the same settings.
bool same_settings(const TargetGroupRow& a, const TargetGroupRow& b) {
  const auto settings = [](const TargetGroupRow& row) {
    return std::tie(row.vpc_id, row.port, row.protocol, row.protocol_version, row.target_type, row.check_enabled,
                    row.check_protocol, row.check_port, row.check_path, row.matcher, row.interval, row.timeout,
                    row.healthy, row.unhealthy);
  };
  return settings(a) == settings(b);
}

auto duplicate_group(const str& name) {
  return refuse("DuplicateTargetGroupName",
                cat("A target group with the same name '", name, "' exists, but with different settings"));
}

// A target of a group of type alb: an application load balancer, at the group's port.
Outcome<std::pair<str, i32>> balancer_target(const Tx& tx, const TargetGroupRow& group,
                                             const api::TargetDescription& target) {
  if (target.Port && *target.Port != group.port)
    return refuse("InvalidTarget", cat("The port '", *target.Port, "' must be the target group's, '", group.port,
                                       "', for target groups with target type 'alb'"));
  const auto* balancer = tx.find<LoadBalancerRow>(balancer_key(tx.world(), target.Id));
  if (balancer == nullptr || balancer->network() || balancer->vpc_id != group.vpc_id)
    return refuse("InvalidTarget",
                  cat("The target '", target.Id, "' is no Application Load Balancer of the VPC '", group.vpc_id, "'"));
  const auto listeners = tx.where<ListenerRow>(ListenerRow::by_balancer, target.Id);
  if (std::ranges::none_of(listeners, [&](const Key& key) { return tx.find<ListenerRow>(key)->port == group.port; }))
    return refuse("InvalidTarget",
                  cat("The Application Load Balancer '", target.Id, "' has no listener at port '", group.port, "'"));
  return std::pair(target.Id, group.port);
}

// Address and port of the call's `number`th target.
Outcome<std::pair<str, i32>> target_of(const Tx& tx, const TargetGroupRow& group, const api::TargetDescription& target,
                                       std::size_t number) {
  if (group.target_type == "alb") return balancer_target(tx, group, target);
  if (of_function(group)) {
    const auto parts = split(target.Id, ':');
    const bool is_arn = (parts.size() == 7 || parts.size() == 8) && parts[0] == "arn" && parts[2] == "lambda" &&
                        parts[5] == "function" && !parts[6].empty();
    if (!is_arn) return invalid(cat("The Lambda function ARN '", target.Id, "' is not valid"));
    if (target.Port) return invalid("Port cannot be specified for targets of target groups with target type 'lambda'");
    return std::pair(target.Id, 0);
  }
  if (!parse_ipv4(target.Id)) return invalid(cat("The IP address '", target.Id, "' is not a valid IPv4 address"));
  if (target.Port) TRY_VOID(within(*target.Port, 1, 65'535, cat("targets.", number, ".member.port")));
  return std::pair(target.Id, target.Port.value_or(group.port));
}

api::AnomalyDetection anomaly_of(const TargetView& target) {
  api::AnomalyDetection out;
  out.Result = "normal";
  out.MitigationInEffect = "no";
  if (target.anomalous) out.Result = "anomalous";
  if (target.mitigated) out.MitigationInEffect = "yes";
  return out;
}

// Zonal shifts are not served.
api::AdministrativeOverride no_override() {
  api::AdministrativeOverride out{.Reason = str("AdministrativeOverride.NoOverride"),
                                  .Description = str("No override is currently active on target")};
  out.State = "no_override";
  return out;
}

opt<str> check_port_of(const TargetGroupRow& group, i32 port) {
  if (of_function(group)) return {};
  return group.check_port == "traffic-port" ? cat(port) : group.check_port;
}

opt<str> zone_shown(const TargetView& target) {
  if (target.reason == "Target.NotRegistered") return {};
  return target.zone.empty() ? str("all") : target.zone;
}

// A function has no address: what says where and how to connect is not its group's.
Outcome<api::CreateTargetGroupOutput> create_function_group(Tx& tx, const api::CreateTargetGroupInput& request) {
  const std::string_view given = request.Protocol_         ? "Protocol"
                                 : request.ProtocolVersion ? "Protocol version"
                                 : request.Port            ? "Port"
                                 : request.VpcId           ? "VPC ID"
                                                           : "";
  if (!given.empty()) return invalid(cat(given, " cannot be specified for target groups with target type 'lambda'"));
  std::optional<TargetGroupRow> known;
  std::size_t groups = 0;
  tx.each<TargetGroupRow>(tx.world().key("tg/"), [&](const Key&, const TargetGroupRow& row) {
    ++groups;
    if (row.name == request.Name) known = row;
  });
  const list<api::Tag> tags = TRY(new_tags(request.Tags));
  TargetGroupRow row{.name = request.Name,
                     .port = 0,
                     .target_type = "lambda",
                     .protocol = "",
                     .check_enabled = false,
                     .interval = 35,
                     .timeout = 30,
                     .tags = tags};
  TRY_VOID(take_health_check(row, request));
  if (known && !same_settings(*known, row)) return duplicate_group(request.Name);
  if (known) return api::CreateTargetGroupOutput{.TargetGroups = list<api::TargetGroup>{view(tx, *known)}};
  if (groups >= limits::target_groups)
    return refuse("TooManyTargetGroups",
                  cat("The maximum number of target groups '", limits::target_groups, "' has been reached"));
  row.arn = cat("arn:aws:elasticloadbalancing:", tx.world().region, ":", tx.world().account, ":targetgroup/",
                request.Name, "/", tx.random_hex(16));
  tx.put(group_key(tx.world(), row.arn), row);
  return api::CreateTargetGroupOutput{.TargetGroups = list<api::TargetGroup>{view(tx, row)}};
}

}  // namespace

Outcome<api::CreateTargetGroupOutput> create_target_group(Tx& tx, const api::CreateTargetGroupInput& request) {
  const World& world = tx.world();
  TRY_VOID(check_name(request.Name));
  if (request.TargetType && *request.TargetType == "lambda") return create_function_group(tx, request);
  if (!request.TargetType || (*request.TargetType != "ip" && *request.TargetType != "alb"))
    return refuse("InvalidConfigurationRequest", "TargetType: only 'ip', 'alb' and 'lambda' are served yet");
  if (!request.Protocol_) return invalid("A protocol must be specified");
  TRY_VOID(check_protocol(request));
  if (!request.Port) return invalid("A port must be specified");
  TRY_VOID(within(*request.Port, 1, 65'535, "port"));
  if (!request.VpcId) return invalid("A VPC ID must be specified");
  ec2::ensure_default_vpc(tx, world);
  if (ec2::default_security_group(tx, world, *request.VpcId).empty())
    return invalid(cat("The VPC ID '", *request.VpcId, "' is not found"));
  std::optional<TargetGroupRow> known;
  std::size_t groups = 0;
  tx.each<TargetGroupRow>(world.key("tg/"), [&](const Key&, const TargetGroupRow& row) {
    ++groups;
    if (row.name == request.Name) known = row;
  });
  const list<api::Tag> tags = TRY(new_tags(request.Tags));
  TargetGroupRow row{.arn = known ? known->arn
                                  : cat("arn:aws:elasticloadbalancing:", world.region, ":", world.account,
                                        ":targetgroup/", request.Name, "/", tx.random_hex(16)),
                     .name = request.Name,
                     .vpc_id = *request.VpcId,
                     .port = *request.Port,
                     .target_type = str(request.TargetType->name()),
                     .protocol = str(request.Protocol_->name()),
                     .tags = tags};
  set_check_defaults(row, request);
  TRY_VOID(take_version(row, request.ProtocolVersion));
  TRY_VOID(take_health_check(row, request));
  if (known) {
    if (!same_settings(*known, row)) return duplicate_group(request.Name);
    return api::CreateTargetGroupOutput{.TargetGroups = list<api::TargetGroup>{view(tx, *known)}};
  }
  if (groups >= limits::target_groups)
    return refuse("TooManyTargetGroups",
                  cat("The maximum number of target groups '", limits::target_groups, "' has been reached"));
  tx.put(group_key(world, row.arn), row);
  return api::CreateTargetGroupOutput{.TargetGroups = list<api::TargetGroup>{view(tx, row)}};
}

Outcome<api::ModifyTargetGroupOutput> modify_target_group(Tx& tx, const api::ModifyTargetGroupInput& request) {
  const Key key = group_key(tx.world(), request.TargetGroupArn);
  const TargetGroupRow* known = TRY(known_group(tx, request.TargetGroupArn));
  TargetGroupRow row = *known;
  TRY_VOID(take_health_check(row, request));
  tx.put(key, row);
  group_changed(tx, tx.world(), row.arn);
  return api::ModifyTargetGroupOutput{.TargetGroups = list<api::TargetGroup>{view(tx, row)}};
}

Outcome<api::DescribeTargetGroupsOutput> describe_target_groups(Tx& tx, const api::DescribeTargetGroupsInput& request) {
  for (const str& arn : request.TargetGroupArns.value_or(list<str>{}))
    TRY_VOID(check_arn(tx.world(), arn, Resource::target_group));
  if (request.LoadBalancerArn) TRY_VOID(known_balancer(tx, *request.LoadBalancerArn));
  list<TargetGroupRow> rows;
  tx.each<TargetGroupRow>(tx.world().key("tg/"), [&](const Key&, const TargetGroupRow& row) {
    const bool by_arn = !request.TargetGroupArns ||
                        std::ranges::find(*request.TargetGroupArns, row.arn) != request.TargetGroupArns->end();
    const bool by_name = !request.Names || std::ranges::find(*request.Names, row.name) != request.Names->end();
    const list<str> balancers = request.LoadBalancerArn ? balancers_of(tx, tx.world(), row.arn) : list<str>{};
    const bool by_balancer =
        !request.LoadBalancerArn || std::ranges::find(balancers, *request.LoadBalancerArn) != balancers.end();
    if (by_arn && by_name && by_balancer) rows.push_back(row);
  });
  const std::size_t asked =
      (request.TargetGroupArns ? request.TargetGroupArns->size() : 0) + (request.Names ? request.Names->size() : 0);
  if (asked > rows.size()) return target_group_not_found();
  if (request.PageSize) TRY_VOID(within(*request.PageSize, 1, page_max, "pageSize"));
  auto page = TRY(wire::paginate(
      std::move(rows), [](const TargetGroupRow& row) -> const str& { return row.arn; },
      page_rules("DescribeTargetGroups"), request.Marker, request.PageSize));
  api::DescribeTargetGroupsOutput output{.TargetGroups = list<api::TargetGroup>{}, .NextMarker = page.next};
  for (const TargetGroupRow& row : page.items) output.TargetGroups->push_back(view(tx, row));
  return output;
}

Outcome<api::DeleteTargetGroupOutput> delete_target_group(Tx& tx, const api::DeleteTargetGroupInput& request) {
  TRY_VOID(check_arn(tx.world(), request.TargetGroupArn, Resource::target_group));
  const Key key = group_key(tx.world(), request.TargetGroupArn);
  if (tx.find<TargetGroupRow>(key) == nullptr) return api::DeleteTargetGroupOutput{};
  if (!balancers_of(tx, tx.world(), request.TargetGroupArn).empty())
    return refuse("ResourceInUse",
                  cat("Target group '", request.TargetGroupArn, "' is currently in use by a listener or a rule"));
  for (const Key& target : tx.where<TargetRow>(TargetRow::by_group, request.TargetGroupArn))
    tx.erase<TargetRow>(target);
  tx.erase<TargetGroupRow>(key);
  return api::DeleteTargetGroupOutput{};
}

Outcome<api::ModifyTargetGroupAttributesOutput> modify_target_group_attributes(
    Tx& tx, const api::ModifyTargetGroupAttributesInput& request) {
  const Key key = group_key(tx.world(), request.TargetGroupArn);
  const TargetGroupRow* known = TRY(known_group(tx, request.TargetGroupArn));
  TargetGroupRow row = *known;
  TRY_VOID(take_attributes(tx, row, request.Attributes));
  tx.put(key, row);
  group_changed(tx, tx.world(), row.arn);
  return api::ModifyTargetGroupAttributesOutput{.Attributes = attributes_of(row)};
}

Outcome<api::DescribeTargetGroupAttributesOutput> describe_target_group_attributes(
    Tx& tx, const api::DescribeTargetGroupAttributesInput& request) {
  const TargetGroupRow* row = TRY(known_group(tx, request.TargetGroupArn));
  return api::DescribeTargetGroupAttributesOutput{.Attributes = attributes_of(*row)};
}

Outcome<api::RegisterTargetsOutput> register_targets(Tx& tx, const api::RegisterTargetsInput& request) {
  const TargetGroupRow* group = TRY(known_group(tx, request.TargetGroupArn));
  std::size_t number = 0;
  for (const api::TargetDescription& each : request.Targets) {
    const auto [address, port] = TRY(target_of(tx, *group, each, ++number));
    if (group->target_type != "alb")
      static_cast<void>(TRY(zone_of_target(tx, tx.world(), *group, address, each.AvailabilityZone.value_or(""))));
    const std::size_t most = group->target_type == "ip" ? limits::targets_of_group : 1;  // a function, a load balancer
    if (tx.find<TargetRow>(target_key(tx.world(), request.TargetGroupArn, address, port)) == nullptr &&
        tx.where<TargetRow>(TargetRow::by_group, request.TargetGroupArn).size() >= most)
      return refuse("TooManyTargets", cat("The maximum number of targets per target group '", most,
                                          "' has been reached on target group '", request.TargetGroupArn, "'"));
    TRY_VOID(register_target(tx, tx.world(), request.TargetGroupArn, address, port));
  }
  return api::RegisterTargetsOutput{};
}

Outcome<api::DeregisterTargetsOutput> deregister_targets(Tx& tx, const api::DeregisterTargetsInput& request) {
  const TargetGroupRow* group = TRY(known_group(tx, request.TargetGroupArn));
  std::size_t number = 0;
  for (const api::TargetDescription& each : request.Targets) {
    if (group->target_type == "alb") {
      deregister_target(tx, tx.world(), request.TargetGroupArn, each.Id, group->port);
      continue;
    }
    const auto [address, port] = TRY(target_of(tx, *group, each, ++number));
    deregister_target(tx, tx.world(), request.TargetGroupArn, address, port);
  }
  return api::DeregisterTargetsOutput{};
}

Outcome<api::DescribeTargetHealthOutput> describe_target_health(Tx& tx, const api::DescribeTargetHealthInput& request) {
  const TargetGroupRow* group = TRY(known_group(tx, request.TargetGroupArn));
  const bool anomalies = request.Include && !request.Include->empty();
  list<api::TargetDescription> asked = request.Targets.value_or(list<api::TargetDescription>{});
  if (!request.Targets)
    for (const Key& key : tx.where<TargetRow>(TargetRow::by_group, group->arn)) {
      const TargetRow& row = *tx.find<TargetRow>(key);
      asked.push_back({.Id = row.address, .Port = row.port});
    }
  api::DescribeTargetHealthOutput output{.TargetHealthDescriptions = list<api::TargetHealthDescription>{}};
  for (const api::TargetDescription& each : asked) {
    const i32 port = of_function(*group) ? 0 : each.Port.value_or(group->port);
    TargetView state = target(tx, tx.world(), group->arn, each.Id, port);
    if (state.state.empty())
      state = {.state = "unused",
               .reason = "Target.NotRegistered",
               .description = "Target is not registered to the target group"};
    api::TargetHealth health;
    health.State = named<decltype(health.State.value)>(state.state);
    if (!state.reason.empty()) health.Reason = state.reason;
    if (!state.description.empty()) health.Description = state.description;
    output.TargetHealthDescriptions->push_back(
        {.Target = api::TargetDescription{.Id = each.Id,
                                          .Port = of_function(*group) ? opt<i32>() : opt<i32>(port),
                                          .AvailabilityZone = zone_shown(state)},
         .HealthCheckPort = check_port_of(*group, port),
         .TargetHealth_ = health,
         .AnomalyDetection_ = anomalies ? opt<api::AnomalyDetection>(anomaly_of(state)) : opt<api::AnomalyDetection>(),
         .AdministrativeOverride_ = no_override()});
  }
  return output;
}

}  // namespace utakata::elb
