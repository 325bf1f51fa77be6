#pragma once

#include "core/tx.hpp"
#include "services/elb/api/target_group.hpp"

// The rows of ELB, keyed by their ARNs below the world: WORLD/lb/ARN, WORLD/listener/ARN, WORLD/rule/ARN, WORLD/tg/ARN
// and WORLD/target/GROUP_ARN ADDRESS:PORT.
namespace utakata::elb {

struct LoadBalancerRow {
  static constexpr std::string_view table_name = "elb.load_balancers";
  str arn, name, dns_name, vpc_id;
  str type = "application";  // or network
  bool internal = false;
  str state = "provisioning", state_reason;
  struct Zone {
    str name, subnet_id, interface_id, address;
    str public_address;           // of a network load balancer that is internet-facing
    str allocation_id;            // of that, if it is an Elastic IP address
    bool address_chosen = false;  // by the caller
  };
  list<Zone> zones;
  list<str> failed_zones;  // that DNS leaves out (zones.hpp)
  list<str> security_groups;
  dict<str> attributes;
  list<api::Tag> tags;
  Instant created_at;

  [[nodiscard]] bool network() const { return type == "network"; }
};
struct ListenerRow {
  static constexpr std::string_view table_name = "elb.listeners";
  static constexpr std::size_t by_balancer = 0;
  str arn, balancer_arn;
  i32 port = 80;
  str protocol = "HTTP";
  list<api::Action> actions;
  dict<str> attributes;
  list<api::Tag> tags;
  str ssl_policy;          // of HTTPS and TLS
  list<str> certificates;  // ARNs, the default first
  str alpn_policy;         // of TLS; empty: never chosen, which is None

  [[nodiscard]] bool uses_tls() const { return protocol == "HTTPS" || protocol == "TLS"; }
};
struct RuleRow {
  static constexpr std::string_view table_name = "elb.rules";
  static constexpr std::size_t by_listener = 0;
  str arn, listener_arn;
  i32 priority = 0;
  list<api::RuleCondition> conditions;  // as Describe shows them
  list<api::Action> actions;
  list<api::Tag> tags;
};
struct TargetGroupRow {
  static constexpr std::string_view table_name = "elb.target_groups";
  str arn, name, vpc_id;
  i32 port = 80;
  str target_type = "ip";  // or alb, or lambda: without VPC, port and protocol
  str protocol = "HTTP", check_protocol = "HTTP";
  str protocol_version = "HTTP1";
  bool check_enabled = true;  // only a function's need not be
  str check_port = "traffic-port", check_path = "/", matcher = "200";
  i32 interval = 30, timeout = 5, healthy = 5, unhealthy = 2;
  dict<str> attributes;
  list<api::Tag> tags;
  i32 requests_held = 0;  // that wait for a healthy target
};
struct TargetRow {
  static constexpr std::string_view table_name = "elb.targets";
  static constexpr std::size_t by_group = 0;
  str group_arn;
  str address;   // of a group of type alb: the load balancer's ARN, of a function: its ARN
  i32 port = 0;  // of a function: 0
  str zone;      // empty: all
  str state = "initial", reason = "Elb.RegistrationInProgress", description = "Target registration is in progress";
  bool idle = false;
  bool anomalous = false, mitigated = false;  // stands out by its failures, and gets a smaller share for it
  Instant draining_until;
  Instant receives_until;  // deregistered, and yet it gets requests: nodes hear of it late
};

void declare_tables(Schema&);
/// Brings what Certificate Manager knows of a load balancer's certificates in line with its listeners.
void note_certificates(Tx&, const World&, const str& balancer_arn);
void target_drained(Tx&, const Key&);
/// The next step of a target's deregistration.
void target_due(Tx&, const Key&);

inline Key balancer_key(const World& w, std::string_view arn) { return w.key("lb/", arn); }
inline Key listener_key(const World& w, std::string_view arn) { return w.key("listener/", arn); }
inline Key rule_key(const World& w, std::string_view arn) { return w.key("rule/", arn); }
inline Key group_key(const World& w, std::string_view arn) { return w.key("tg/", arn); }
inline Key target_key(const World& w, std::string_view group, std::string_view address, i32 port) {
  return w.key("target/", group, " ", address, ":", port);
}

inline bool of_function(const TargetGroupRow& row) { return row.target_type == "lambda"; }

/// The groups that an action forwards to.
list<str> groups_of(const list<api::Action>&);
/// Tells the VPC's resolver the load balancer's name, or that it is gone.
void announce_name(Tx&, const LoadBalancerRow&, bool there);
/// Marks every load balancer that uses this group to be configured anew.
void group_changed(Tx&, const World&, std::string_view group_arn);
void balancer_changed(Tx&, const World&, std::string_view balancer_arn);
/// The load balancers whose listeners or rules forward to this group.
list<str> balancers_of(const Tx&, const World&, std::string_view group_arn);

}  // namespace utakata::elb
