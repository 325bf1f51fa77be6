#include "services/elb/attributes.hpp"

#include <algorithm>
#include <optional>
#include <span>

#include "services/elb/errors.hpp"
#include "services/elb/protocols.hpp"

namespace utakata::elb {
namespace {

constexpr std::size_t attributes_max = 20;  // of one call
constexpr std::size_t text_max = 1024;
constexpr std::size_t prefix_max = 800;  // with the rest of the key S3's limit is kept
constexpr std::string_view log_kinds[] = {"access_logs", "connection_logs", "health_check_logs"};

enum class Form : std::uint8_t { boolean, number, number_or_off, choice, text, bucket, prefix };
enum class Mark : std::uint8_t { honoured, stored };

struct AttributeRule {
  std::string_view key, otherwise;
  Mark mark;
  Form form = Form::boolean;
  std::int64_t least = 0, most = 0;  // numbers
  std::string_view choices = {};     // "a, b"
};

constexpr AttributeRule load_balancer_rules[] = {
    {"access_logs.s3.enabled", "false", Mark::honoured},
    {"access_logs.s3.bucket", "", Mark::honoured, Form::bucket},
    {"access_logs.s3.prefix", "", Mark::honoured, Form::prefix},
    {"client_keep_alive.seconds", "3600", Mark::honoured, Form::number, 60, 604'800},
    {"connection_logs.s3.enabled", "false", Mark::stored},
    {"connection_logs.s3.bucket", "", Mark::stored, Form::text},
    {"connection_logs.s3.prefix", "", Mark::stored, Form::text},
    {"deletion_protection.enabled", "false", Mark::honoured},
    {"health_check_logs.s3.enabled", "false", Mark::stored},
    {"health_check_logs.s3.bucket", "", Mark::stored, Form::text},
    {"health_check_logs.s3.prefix", "", Mark::stored, Form::text},
    {"idle_timeout.timeout_seconds", "60", Mark::honoured, Form::number, 1, 4000},
    {"ipv6.deny_all_igw_traffic", "false", Mark::stored},
    {"load_balancing.cross_zone.enabled", "true", Mark::honoured},
    {"routing.http.desync_mitigation_mode", "defensive", Mark::honoured, Form::choice, 0, 0,
     "monitor, defensive, strictest"},
    {"routing.http.drop_invalid_header_fields.enabled", "false", Mark::honoured},
    {"routing.http.preserve_host_header.enabled", "false", Mark::honoured},
    {"routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false", Mark::honoured},
    {"routing.http.xff_client_port.enabled", "false", Mark::honoured},
    {"routing.http.xff_header_processing.mode", "append", Mark::honoured, Form::choice, 0, 0,
     "append, preserve, remove"},
    {"routing.http2.enabled", "true", Mark::honoured},
    {"waf.fail_open.enabled", "false", Mark::stored},
    {"zonal_shift.config.enabled", "false", Mark::stored},
    // Not AWS's.
    {"utakata.response.target_header.enabled", "false", Mark::honoured}};

constexpr AttributeRule target_group_rules[] = {
    {"deregistration_delay.timeout_seconds", "300", Mark::honoured, Form::number, 0, 3600},
    {"load_balancing.algorithm.anomaly_mitigation", "off", Mark::honoured, Form::choice, 0, 0, "on, off"},
    {"load_balancing.algorithm.type", "round_robin", Mark::honoured, Form::choice, 0, 0,
     "round_robin, least_outstanding_requests, weighted_random"},
    {"load_balancing.cross_zone.enabled", "use_load_balancer_configuration", Mark::honoured, Form::choice, 0, 0,
     "true, false, use_load_balancer_configuration"},
    {"slow_start.duration_seconds", "0", Mark::honoured, Form::number, 30, 900},
    {"stickiness.app_cookie.cookie_name", "", Mark::honoured, Form::text},
    {"stickiness.app_cookie.duration_seconds", "86400", Mark::honoured, Form::number, 1, 604'800},
    {"stickiness.enabled", "false", Mark::honoured},
    {"stickiness.lb_cookie.duration_seconds", "86400", Mark::honoured, Form::number, 1, 604'800},
    {"stickiness.type", "lb_cookie", Mark::honoured, Form::choice, 0, 0, "lb_cookie, app_cookie, source_ip"},
    {"target_group_health.dns_failover.minimum_healthy_targets.count", "1", Mark::honoured, Form::number_or_off, 1,
     1000},
    {"target_group_health.dns_failover.minimum_healthy_targets.percentage", "off", Mark::honoured, Form::number_or_off,
     1, 100},
    {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1", Mark::honoured, Form::number, 1,
     1000},
    {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off", Mark::honoured,
     Form::number_or_off, 1, 100},
    // Not AWS's.
    {"utakata.circuit.requests_per_target", "0", Mark::honoured, Form::number, 1, 100'000},
    {"utakata.connect.timeout_seconds", "10", Mark::honoured, Form::number, 1, 10},
    {"utakata.deregistration.propagation_seconds", "0", Mark::honoured, Form::number, 1, 60},
    {"utakata.hold.requests", "100", Mark::honoured, Form::number, 1, 1000},
    {"utakata.hold.seconds", "0", Mark::honoured, Form::number, 1, 300},
    {"utakata.retry.attempts", "0", Mark::honoured, Form::number, 1, 5},
    {"utakata.retry.budget_percent", "20", Mark::honoured, Form::number, 1, 100},
    {"utakata.retry.requests", "unsent", Mark::honoured, Form::choice, 0, 0, "unsent, idempotent"}};

// A function's group has no connections, no delay of deregistration, and one target.
constexpr AttributeRule function_group_rules[] = {
    {"lambda.multi_value_headers.enabled", "false", Mark::honoured},
    {"load_balancing.cross_zone.enabled", "use_load_balancer_configuration", Mark::honoured, Form::choice, 0, 0,
     "true, use_load_balancer_configuration"}};

constexpr AttributeRule network_balancer_rules[] = {
    {"access_logs.s3.enabled", "false", Mark::stored},
    {"access_logs.s3.bucket", "", Mark::stored, Form::text},
    {"access_logs.s3.prefix", "", Mark::stored, Form::text},
    {"deletion_protection.enabled", "false", Mark::honoured},
    {"dns_record.client_routing_policy", "any_availability_zone", Mark::stored, Form::choice, 0, 0,
     "availability_zone_affinity, partial_availability_zone_affinity, any_availability_zone"},
    {"ipv6.deny_all_igw_traffic", "false", Mark::stored},
    {"load_balancing.cross_zone.enabled", "false", Mark::honoured},
    {"secondary_ips.auto_assigned.per_subnet", "0", Mark::stored, Form::number, 0, 7},
    {"zonal_shift.config.enabled", "false", Mark::stored}};

// The client's address is preserved by the PROXY protocol only: targets see the load balancer's.
constexpr AttributeRule flow_group_rules[] = {
    {"deregistration_delay.connection_termination.enabled", "false", Mark::honoured},
    {"deregistration_delay.timeout_seconds", "300", Mark::honoured, Form::number, 0, 3600},
    {"load_balancing.cross_zone.enabled", "use_load_balancer_configuration", Mark::honoured, Form::choice, 0, 0,
     "true, false, use_load_balancer_configuration"},
    {"preserve_client_ip.enabled", "false", Mark::stored},
    {"proxy_protocol_v2.enabled", "false", Mark::honoured},
    {"stickiness.enabled", "false", Mark::honoured},
    {"stickiness.type", "source_ip", Mark::honoured, Form::choice, 0, 0, "lb_cookie, app_cookie, source_ip"},
    {"target_group_health.dns_failover.minimum_healthy_targets.count", "1", Mark::honoured, Form::number_or_off, 1,
     1000},
    {"target_group_health.dns_failover.minimum_healthy_targets.percentage", "off", Mark::honoured, Form::number_or_off,
     1, 100},
    {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1", Mark::honoured, Form::number, 1,
     1000},
    {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off", Mark::honoured,
     Form::number_or_off, 1, 100},
    {"target_health_state.unhealthy.connection_termination.enabled", "true", Mark::honoured},
    {"target_health_state.unhealthy.draining_interval_seconds", "0", Mark::honoured, Form::number, 0, 360'000}};

constexpr AttributeRule flow_listener_rules[] = {
    {"tcp.idle_timeout.seconds", "350", Mark::honoured, Form::number, 60, 6000}};

std::span<const AttributeRule> rules(const LoadBalancerRow& row) {
  if (row.network()) return network_balancer_rules;
  return load_balancer_rules;
}
std::span<const AttributeRule> rules(const TargetGroupRow& row) {
  if (is_flow_protocol(row.protocol)) return flow_group_rules;
  if (of_function(row)) return function_group_rules;
  return target_group_rules;
}
// AWS has no attribute of listeners that carry datagrams only, and lets nobody change how long a connection of TLS may
// be idle. Those of HTTP change headers and are not served.
std::span<const AttributeRule> rules(const ListenerRow& row) {
  if (row.protocol == "TCP" || row.protocol == "TCP_UDP") return flow_listener_rules;
  return {};
}
constexpr std::string_view kind_of(const LoadBalancerRow&) { return "Load balancer"; }
constexpr std::string_view kind_of(const TargetGroupRow&) { return "Target group"; }
constexpr std::string_view kind_of(const ListenerRow&) { return "Listener"; }

// What an attribute is that was never set.
std::string_view otherwise(const AttributeRule& rule, const LoadBalancerRow&) { return rule.otherwise; }
std::string_view otherwise(const AttributeRule& rule, const ListenerRow&) { return rule.otherwise; }
std::string_view otherwise(const AttributeRule& rule, const TargetGroupRow& row) {
  const bool datagrams = carries_datagrams(row.protocol);
  if (rule.key == "preserve_client_ip.enabled") return datagrams || row.target_type == "alb" ? "true" : "false";
  if (rule.key == "deregistration_delay.connection_termination.enabled") return datagrams ? "true" : "false";
  if (rule.key == "target_health_state.unhealthy.connection_termination.enabled") return datagrams ? "false" : "true";
  return rule.otherwise;
}

auto misfit(std::string message) { return refuse("InvalidConfigurationRequest", std::move(message)); }

bool is_choice(std::string_view value, std::string_view choices) {
  return std::ranges::any_of(split(choices, ','), [&](std::string_view each) { return trim(each) == value; });
}

// A folder is named by it: S3's rules allow nothing that leads elsewhere.
bool is_bucket(std::string_view name) {
  constexpr std::size_t least = 3, most = 63;
  const auto letter_or_digit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return name.size() >= least && name.size() <= most && letter_or_digit(name.front()) && letter_or_digit(name.back()) &&
         !name.contains("..") &&
         std::ranges::all_of(name, [&](char c) { return letter_or_digit(c) || c == '-' || c == '.'; });
}

// Folders are named by it, too.
bool is_prefix(std::string_view text) {
  constexpr std::size_t name_max = 255;
  if (text.empty()) return true;
  if (text.size() > prefix_max || text.contains("AWSLogs")) return false;
  return std::ranges::all_of(split(text, '/'), [](std::string_view name) {
    return !name.empty() && name.size() <= name_max && name != "." && name != ".." &&
           std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
  });
}

Outcome<> check_value(const AttributeRule& rule, std::string_view value) {
  const auto number = parse_integer(value);
  const auto one_of = [&](std::string_view choices) -> Outcome<> {
    if (is_choice(value, choices)) return {};
    return invalid(cat("'", rule.key, "' value '", value, "' must be one of '[", choices, "]'"));
  };
  switch (rule.form) {
    case Form::boolean:
      return one_of("true, false");
    case Form::choice:
      return one_of(rule.choices);
    case Form::text:
      if (value.size() > text_max)
        return invalid(cat("'", rule.key, "' value is too long; the limit is '", text_max, "'"));
      return {};
    case Form::bucket:
      if (value.empty() || is_bucket(value)) return {};
      return misfit(cat("'", rule.key, "' value '", value, "' is not the name of a bucket"));
    case Form::prefix:
      if (is_prefix(value)) return {};
      return misfit(cat("'", rule.key, "' value '", value, "' must not include 'AWSLogs', and must be no longer than ",
                        prefix_max, " characters of names with '/' between them"));
    case Form::number_or_off:
      if (value == "off") return {};
      break;
    case Form::number:
      // What is switched off is the default, even where it is out of the range.
      if (value == rule.otherwise) return {};
      break;
  }
  const auto in_range = [&](const std::optional<std::int64_t>& is) {
    return is && *is >= rule.least && *is <= rule.most;
  };
  if (in_range(number)) return {};
  // AWS's texts leave out the value that switches off.
  const bool own = rule.key.starts_with("utakata.");
  const str off = own && !in_range(parse_integer(rule.otherwise)) ? cat("'", rule.otherwise, "', or ") : "";
  return invalid(cat("'", rule.key, "' value '", value, "' must be ", off, "between '", rule.least, "-", rule.most,
                     "' inclusive"));
}

template <class Row>
str value_of(const Row& row, std::string_view key) {
  const auto at = row.attributes.find(str(key));
  if (at != row.attributes.end()) return at->second;
  const auto rule = std::ranges::find(rules(row), key, &AttributeRule::key);
  ensure(rule != rules(row).end(), cat("no such attribute: ", key));
  return str(otherwise(*rule, row));
}

template <class Attribute, class Row>
list<Attribute> listed(const Row& row) {
  list<Attribute> all;
  for (const AttributeRule& rule : rules(row)) all.push_back({.Key = str(rule.key), .Value = value_of(row, rule.key)});
  return all;
}

template <class Attribute, class Row>
Outcome<> take(Tx& tx, Row& row, const list<Attribute>& given) {
  if (given.size() > attributes_max)
    return violates(cat("[", given.size(), " attributes]"), "attributes",
                    cat("Member must have length less than or equal to ", attributes_max));
  for (std::size_t i = 0; i < given.size(); ++i) {
    const Attribute& each = given[i];
    if (!each.Key) return invalid(cat("Attributes.member.", i + 1, ".Key must be specified"));
    const str key = *each.Key;
    const str value = each.Value.value_or("");
    const auto rule = std::ranges::find(rules(row), key, &AttributeRule::key);
    const bool of_headers = kind_of(row) == "Listener" && key.starts_with("routing.http.");  // AWS has those
    if (rule == rules(row).end())
      return invalid(
          cat(kind_of(row), " attribute key '", key, of_headers ? "' is not served" : "' is not recognized"));
    TRY_VOID(check_value(*rule, value));
    row.attributes[key] = value;
    if (rule->mark == Mark::stored && value != otherwise(*rule, row)) tx.note_stored(cat("/Attributes/", key));
  }
  return {};
}

Outcome<> check_logs(const LoadBalancerRow& row) {
  const std::span<const std::string_view> kinds(log_kinds);
  for (const std::string_view kind : row.network() ? kinds.first(1) : kinds)
    if (value_of(row, cat(kind, ".s3.enabled")) == "true" && value_of(row, cat(kind, ".s3.bucket")).empty())
      return misfit(cat("'", kind, ".s3.bucket' must be specified when '", kind, ".s3.enabled' is 'true'"));
  return {};
}

Outcome<> check_stickiness(const TargetGroupRow& row) {
  const str type = value_of(row, "stickiness.type");
  const str cookie = value_of(row, "stickiness.app_cookie.cookie_name");
  if (type == "source_ip")
    return misfit("Stickiness type 'source_ip' is not supported for target groups with the HTTP protocol");
  if (cookie.starts_with("AWSALB"))
    return misfit(cat("'stickiness.app_cookie.cookie_name' value '", cookie,
                      "' must not begin with 'AWSALB', 'AWSALBAPP' or 'AWSALBTG'"));
  if (cookie.find_first_of("=;, \t\"") != str::npos)
    return misfit(cat("'stickiness.app_cookie.cookie_name' value '", cookie, "' is not the name of a cookie"));
  if (type == "app_cookie" && cookie.empty())
    return misfit("You must set an application cookie name to enable stickiness of type 'app_cookie'");
  if (value_of(row, "stickiness.enabled") == "true" && value_of(row, "load_balancing.cross_zone.enabled") == "false")
    return misfit("'stickiness.enabled' must be 'false' when 'load_balancing.cross_zone.enabled' is 'false'");
  return {};
}

// What a group of a network load balancer cannot combine.
Outcome<> check_flows(const TargetGroupRow& row) {
  const auto is_true = [&](std::string_view key) { return value_of(row, key) == "true"; };
  const bool datagrams = carries_datagrams(row.protocol);
  if (value_of(row, "stickiness.type") != "source_ip")
    return misfit(cat("Stickiness type '", value_of(row, "stickiness.type"),
                      "' is not supported for target groups with the ", row.protocol, " protocol"));
  if (datagrams && !is_true("preserve_client_ip.enabled"))
    return misfit(
        cat("'preserve_client_ip.enabled' cannot be 'false' for target groups with the ", row.protocol, " protocol"));
  if (datagrams && is_true("target_health_state.unhealthy.connection_termination.enabled"))
    return misfit(
        cat("'target_health_state.unhealthy.connection_termination.enabled' cannot be 'true' for target "
            "groups with the ",
            row.protocol, " protocol"));
  if (row.target_type == "alb" && is_true("proxy_protocol_v2.enabled"))
    return misfit("'proxy_protocol_v2.enabled' cannot be 'true' for target groups with target type 'alb'");
  if (is_true("target_health_state.unhealthy.connection_termination.enabled") &&
      value_of(row, "target_health_state.unhealthy.draining_interval_seconds") != "0")
    return misfit(
        "'target_health_state.unhealthy.draining_interval_seconds' must be '0' when "
        "'target_health_state.unhealthy.connection_termination.enabled' is 'true'");
  return {};
}

Outcome<> check_algorithm(const TargetGroupRow& row) {
  const str algorithm = value_of(row, "load_balancing.algorithm.type");
  if (value_of(row, "load_balancing.algorithm.anomaly_mitigation") == "on" && algorithm != "weighted_random")
    return misfit(
        "'load_balancing.algorithm.anomaly_mitigation' can only be 'on' when 'load_balancing.algorithm.type' is "
        "'weighted_random'");
  if (value_of(row, "slow_start.duration_seconds") != "0" && algorithm != "round_robin")
    return misfit(
        cat("'slow_start.duration_seconds' must be '0' when 'load_balancing.algorithm.type' is '", algorithm, "'"));
  return {};
}

// The zone leaves DNS before its targets all get requests, not after.
Outcome<> check_health_thresholds(const TargetGroupRow& row) {
  for (const std::string_view unit : {"count", "percentage"}) {
    const str failover = cat("target_group_health.dns_failover.minimum_healthy_targets.", unit);
    const str routing = cat("target_group_health.unhealthy_state_routing.minimum_healthy_targets.", unit);
    const auto leaves = parse_integer(value_of(row, failover));
    const auto opens = parse_integer(value_of(row, routing));
    if (leaves && opens && *leaves < *opens)
      return misfit(cat("'", failover, "' value '", *leaves, "' must be greater than or equal to '", routing,
                        "' value '", *opens, "'"));
  }
  return {};
}

}  // namespace

str attribute(const LoadBalancerRow& row, std::string_view key) { return value_of(row, key); }
str attribute(const TargetGroupRow& row, std::string_view key) { return value_of(row, key); }
i32 number_attribute(const LoadBalancerRow& row, std::string_view key) {
  return static_cast<i32>(parse_integer(value_of(row, key)).value_or(0));
}
i32 number_attribute(const TargetGroupRow& row, std::string_view key) {
  return static_cast<i32>(parse_integer(value_of(row, key)).value_or(0));
}

i32 number_attribute(const ListenerRow& row, std::string_view key) {
  return static_cast<i32>(parse_integer(value_of(row, key)).value_or(0));
}

list<api::LoadBalancerAttribute> attributes_of(const LoadBalancerRow& row) {
  return listed<api::LoadBalancerAttribute>(row);
}
list<api::TargetGroupAttribute> attributes_of(const TargetGroupRow& row) {
  return listed<api::TargetGroupAttribute>(row);
}

Outcome<> take_attributes(Tx& tx, LoadBalancerRow& row, const list<api::LoadBalancerAttribute>& given) {
  TRY_VOID(take(tx, row, given));
  if (!row.network() && value_of(row, "load_balancing.cross_zone.enabled") != "true")
    return misfit("'load_balancing.cross_zone.enabled' cannot be changed for load balancers of type 'application'");
  return check_logs(row);
}

list<api::ListenerAttribute> attributes_of(const ListenerRow& row) { return listed<api::ListenerAttribute>(row); }

Outcome<> take_attributes(Tx& tx, ListenerRow& row, const list<api::ListenerAttribute>& given) {
  return take(tx, row, given);
}

Outcome<> take_attributes(Tx& tx, TargetGroupRow& row, const list<api::TargetGroupAttribute>& given) {
  TRY_VOID(take(tx, row, given));
  if (is_flow_protocol(row.protocol)) {
    TRY_VOID(check_flows(row));
    return check_health_thresholds(row);
  }
  if (of_function(row)) return {};
  TRY_VOID(check_stickiness(row));
  TRY_VOID(check_algorithm(row));
  return check_health_thresholds(row);
}

}  // namespace utakata::elb
