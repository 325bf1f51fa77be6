#include <algorithm>
#include <array>

#include "services/ec2/public.hpp"
#include "services/elb/errors.hpp"
#include "services/elb/ops.hpp"
#include "services/elb/public.hpp"

namespace utakata::elb {
namespace {

struct TargetGroupAttributeRule {
  std::string_view key, otherwise;
};
constexpr std::array target_group_attributes{TargetGroupAttributeRule{"deregistration_delay.timeout_seconds", "300"},
                                             TargetGroupAttributeRule{"load_balancing.algorithm.type", "round_robin"},
                                             TargetGroupAttributeRule{"stickiness.enabled", "false"},
                                             TargetGroupAttributeRule{"slow_start.duration_seconds", "0"}};

list<api::TargetGroupAttribute> attributes_of(const TargetGroupRow& row) {
  list<api::TargetGroupAttribute> out;
  for (const TargetGroupAttributeRule& rule : target_group_attributes) {
    const auto at = row.attributes.find(str(rule.key));
    out.push_back({.Key = str(rule.key), .Value = at != row.attributes.end() ? at->second : str(rule.otherwise)});
  }
  return out;
}

api::TargetGroup view(const Tx& tx, const TargetGroupRow& row) {
  api::TargetGroup out{.TargetGroupArn = row.arn,
                       .TargetGroupName = row.name,
                       .Protocol_ = "HTTP",
                       .Port = row.port,
                       .VpcId = row.vpc_id,
                       .HealthCheckPort = row.check_port,
                       .HealthCheckEnabled = true,
                       .HealthCheckIntervalSeconds = row.interval,
                       .HealthCheckTimeoutSeconds = row.timeout,
                       .HealthyThresholdCount = row.healthy,
                       .UnhealthyThresholdCount = row.unhealthy,
                       .HealthCheckPath = row.check_path,
                       .Matcher_ = api::Matcher{.HttpCode = row.matcher},
                       .LoadBalancerArns = balancers_of(tx, tx.world(), row.arn),
                       .TargetType = "ip",
                       .ProtocolVersion = str("HTTP1"),
                       .IpAddressType = "ipv4"};
  out.HealthCheckProtocol = "HTTP";
  return out;
}

template <class Request>
Outcome<> take_health_check(TargetGroupRow& row, const Request& request) {
  if (request.HealthCheckProtocol && *request.HealthCheckProtocol != "HTTP")
    return refuse("InvalidConfigurationRequest",
                  cat("Health check protocol '", request.HealthCheckProtocol->name(), "' is not served; use HTTP"));
  if (request.HealthCheckEnabled && !*request.HealthCheckEnabled)
    return invalid("Health check enabled must be true for target groups with target type 'ip'");
  row.check_port = request.HealthCheckPort.value_or(row.check_port);
  row.check_path = request.HealthCheckPath.value_or(row.check_path);
  row.interval = request.HealthCheckIntervalSeconds.value_or(row.interval);
  row.timeout = request.HealthCheckTimeoutSeconds.value_or(row.timeout);
  row.healthy = request.HealthyThresholdCount.value_or(row.healthy);
  row.unhealthy = request.UnhealthyThresholdCount.value_or(row.unhealthy);
  if (request.Matcher_ && request.Matcher_->HttpCode) row.matcher = *request.Matcher_->HttpCode;
  const auto between = [](i32 value, i32 least, i32 most, std::string_view name) -> Outcome<> {
    if (value < least || value > most)
      return invalid(cat(name, " '", value, "' must be between '", least, "-", most, "' inclusive"));
    return {};
  };
  TRY_VOID(between(row.interval, 5, 300, "Health check interval"));
  TRY_VOID(between(row.timeout, 2, 120, "Health check timeout"));
  TRY_VOID(between(row.healthy, 2, 10, "Healthy threshold count"));
  TRY_VOID(between(row.unhealthy, 2, 10, "Unhealthy threshold count"));
  if (row.timeout >= row.interval)
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

bool vpc_address(std::string_view text) {
  int parts = 0;
  for (const std::string_view part : split(text, '.')) {
    const auto n = parse_integer(part);
    if (!n || *n < 0 || *n > 255) return false;
    ++parts;
  }
  return parts == 4;
}

Outcome<std::pair<str, i32>> target_of(const TargetGroupRow& group, const api::TargetDescription& target) {
  if (!vpc_address(target.Id)) return invalid(cat("The IP address '", target.Id, "' is not a valid IPv4 address"));
  return std::pair(target.Id, target.Port.value_or(group.port));
}

}  // namespace

Outcome<api::CreateTargetGroupOutput> create_target_group(Tx& tx, const api::CreateTargetGroupInput& request) {
  const World& world = tx.world();
  const bool sound =
      !request.Name.empty() && request.Name.size() <= 32 && std::ranges::all_of(request.Name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
      });
  if (!sound)
    return invalid(cat("Target group name '", request.Name, "' must have up to 32 letters, numbers and hyphens"));
  if (!request.TargetType || *request.TargetType != "ip")
    return refuse("InvalidConfigurationRequest", "TargetType: only 'ip' is served yet");
  if (!request.Protocol_) return invalid("A protocol must be specified");
  if (*request.Protocol_ != "HTTP")
    return refuse("UnsupportedProtocol",
                  cat("Target groups of protocol '", request.Protocol_->name(), "' are not served yet; use HTTP"));
  if (request.ProtocolVersion && *request.ProtocolVersion != "HTTP1")
    return refuse("InvalidConfigurationRequest", "ProtocolVersion: only HTTP1 is served yet");
  if (!request.Port || *request.Port < 1 || *request.Port > 65'535)
    return invalid("A port from 1 to 65535 must be specified");
  if (!request.VpcId) return invalid("A VPC ID must be specified");
  ec2::ensure_default_vpc(tx, world);
  if (ec2::default_security_group(tx, world, *request.VpcId).empty())
    return invalid(cat("The VPC ID '", *request.VpcId, "' is not found"));
  std::optional<TargetGroupRow> known;
  tx.each<TargetGroupRow>(world.key("tg/"), [&](const Key&, const TargetGroupRow& row) {
    if (row.name == request.Name) known = row;
  });
  TargetGroupRow row{.arn = known ? known->arn
                                  : cat("arn:aws:elasticloadbalancing:", world.region, ":", world.account,
                                        ":targetgroup/", request.Name, "/", tx.random_hex(16)),
                     .name = request.Name,
                     .vpc_id = *request.VpcId,
                     .port = *request.Port,
                     .tags = request.Tags.value_or(list<api::Tag>{})};
  TRY_VOID(take_health_check(row, request));
  if (known) {
    const bool same = known->port == row.port && known->check_path == row.check_path &&
                      known->interval == row.interval && known->vpc_id == row.vpc_id;
    if (!same)
      return refuse("DuplicateTargetGroupName",
                    "A target group with the same name exists, but with different settings");
    return api::CreateTargetGroupOutput{.TargetGroups = list<api::TargetGroup>{view(tx, *known)}};
  }
  tx.put(group_key(world, row.arn), row);
  return api::CreateTargetGroupOutput{.TargetGroups = list<api::TargetGroup>{view(tx, row)}};
}

Outcome<api::ModifyTargetGroupOutput> modify_target_group(Tx& tx, const api::ModifyTargetGroupInput& request) {
  const Key key = group_key(tx.world(), request.TargetGroupArn);
  const TargetGroupRow* known = tx.find<TargetGroupRow>(key);
  if (known == nullptr) return target_group_not_found();
  TargetGroupRow row = *known;
  TRY_VOID(take_health_check(row, request));
  tx.put(key, row);
  group_changed(tx, tx.world(), row.arn);
  return api::ModifyTargetGroupOutput{.TargetGroups = list<api::TargetGroup>{view(tx, row)}};
}

Outcome<api::DescribeTargetGroupsOutput> describe_target_groups(Tx& tx, const api::DescribeTargetGroupsInput& request) {
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
  const TargetGroupRow* known = tx.find<TargetGroupRow>(key);
  if (known == nullptr) return target_group_not_found();
  TargetGroupRow row = *known;
  for (const api::TargetGroupAttribute& each : request.Attributes) {
    const str name = each.Key.value_or("");
    const str value = each.Value.value_or("");
    const auto n = parse_integer(value);
    if (name == "deregistration_delay.timeout_seconds") {
      if (!n || *n < 0 || *n > 3600)
        return invalid(cat("'", name, "' value '", value, "' must be between '0-3600' inclusive"));
    } else if (name == "load_balancing.algorithm.type") {
      if (value != "round_robin" && value != "least_outstanding_requests")
        return invalid(
            cat("'", name, "' value '", value, "' is not served; use round_robin or least_outstanding_requests"));
    } else if ((name == "stickiness.enabled" && value == "false") ||
               (name == "slow_start.duration_seconds" && value == "0")) {
      // AWS's defaults: what is switched off needs no data path.
    } else {
      return refuse("InvalidConfigurationRequest", cat("Target group attribute '", name, "' with value '", value,
                                                       "' is not recognized, or not served yet"));
    }
    row.attributes[name] = value;
  }
  tx.put(key, row);
  group_changed(tx, tx.world(), row.arn);
  return api::ModifyTargetGroupAttributesOutput{.Attributes = attributes_of(row)};
}

Outcome<api::DescribeTargetGroupAttributesOutput> describe_target_group_attributes(
    Tx& tx, const api::DescribeTargetGroupAttributesInput& request) {
  const TargetGroupRow* row = tx.find<TargetGroupRow>(group_key(tx.world(), request.TargetGroupArn));
  if (row == nullptr) return target_group_not_found();
  return api::DescribeTargetGroupAttributesOutput{.Attributes = attributes_of(*row)};
}

Outcome<api::RegisterTargetsOutput> register_targets(Tx& tx, const api::RegisterTargetsInput& request) {
  const TargetGroupRow* group = tx.find<TargetGroupRow>(group_key(tx.world(), request.TargetGroupArn));
  if (group == nullptr) return target_group_not_found();
  for (const api::TargetDescription& each : request.Targets) {
    const auto [address, port] = TRY(target_of(*group, each));
    TRY_VOID(register_target(tx, tx.world(), request.TargetGroupArn, address, port));
  }
  return api::RegisterTargetsOutput{};
}

Outcome<api::DeregisterTargetsOutput> deregister_targets(Tx& tx, const api::DeregisterTargetsInput& request) {
  const TargetGroupRow* group = tx.find<TargetGroupRow>(group_key(tx.world(), request.TargetGroupArn));
  if (group == nullptr) return target_group_not_found();
  for (const api::TargetDescription& each : request.Targets) {
    const auto [address, port] = TRY(target_of(*group, each));
    deregister_target(tx, tx.world(), request.TargetGroupArn, address, port);
  }
  return api::DeregisterTargetsOutput{};
}

Outcome<api::DescribeTargetHealthOutput> describe_target_health(Tx& tx, const api::DescribeTargetHealthInput& request) {
  const TargetGroupRow* group = tx.find<TargetGroupRow>(group_key(tx.world(), request.TargetGroupArn));
  if (group == nullptr) return target_group_not_found();
  list<api::TargetDescription> asked = request.Targets.value_or(list<api::TargetDescription>{});
  if (!request.Targets)
    for (const Key& key : tx.where<TargetRow>(TargetRow::by_group, group->arn)) {
      const TargetRow& row = *tx.find<TargetRow>(key);
      asked.push_back({.Id = row.address, .Port = row.port});
    }
  api::DescribeTargetHealthOutput output{.TargetHealthDescriptions = list<api::TargetHealthDescription>{}};
  for (const api::TargetDescription& each : asked) {
    const i32 port = each.Port.value_or(group->port);
    TargetView state = target(tx, tx.world(), group->arn, each.Id, port);
    if (state.state.empty())
      state = {.state = "unused",
               .reason = "Target.NotRegistered",
               .description = "Target is not registered to the target group"};
    api::TargetHealth health;
    decltype(health.State.value) code;
    for (std::uint8_t i = 0; i < std::size(decltype(code)::names); ++i)
      if (decltype(code)::names[i] == state.state) code.index = i;
    health.State = code;
    if (!state.reason.empty()) health.Reason = state.reason;
    if (!state.description.empty()) health.Description = state.description;
    output.TargetHealthDescriptions->push_back(
        {.Target = api::TargetDescription{.Id = each.Id, .Port = port},
         .HealthCheckPort = group->check_port == "traffic-port" ? cat(port) : group->check_port,
         .TargetHealth_ = health});
  }
  return output;
}

}  // namespace utakata::elb
