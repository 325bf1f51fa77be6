#pragma once

#include "base/types.hpp"

// One load balancer as its data path must run it: a complete picture, replaced as a whole whenever it changes.
namespace utakata {

struct BalancerTarget {
  str address;
  i32 port = 0;
  bool draining = false;  // no new requests; those in flight go on until the target is taken out of the picture
};

struct HealthCheckRule {
  OneOf<"HTTP", "HTTPS", "TCP"> protocol;
  opt<i32> port;  // absent: traffic-port
  str path = "/";
  str matcher = "200";  // "200", "200,202", "200-299"
  i32 interval_seconds = 30;
  i32 timeout_seconds = 5;
  i32 healthy_threshold = 5;
  i32 unhealthy_threshold = 2;
};

struct BalancerTargetGroup {
  str arn;
  HealthCheckRule health_check;
  OneOf<"round_robin", "least_outstanding_requests"> algorithm;
  list<BalancerTarget> targets;
};

struct WeightedGroup {
  str target_group_arn;
  i32 weight = 1;
};

struct BalancerAction {
  OneOf<"forward", "fixed-response", "redirect"> type;
  list<WeightedGroup> forward;
  i32 status = 503;  // fixed-response, redirect
  str content_type;
  str body;
  str redirect_protocol, redirect_host, redirect_port, redirect_path, redirect_query;  // with AWS's #{placeholders}
};

struct BalancerRule {
  str arn;
  i32 priority = 0;  // 0 = the default rule, tried last
  list<str> hosts;   // wildcards; empty = any
  list<str> paths;
  BalancerAction action;
};

struct BalancerListener {
  str arn;
  OneOf<"HTTP", "HTTPS", "TCP"> protocol;
  i32 port = 80;
  list<BalancerRule> rules;  // by priority, the default last
};

struct BalancerConfig {
  str arn;
  str name;
  str dns_name;  // NAME-ID.REGION.elb.localhost
  str vpc_id;
  list<str> addresses;  // its own addresses in the VPC, where tasks reach it
  i32 idle_timeout_seconds = 60;
  i32 client_keep_alive_seconds = 3600;
  bool preserve_host_header = false;
  OneOf<"defensive", "monitor", "strictest"> desync_mitigation_mode;
  bool drop_invalid_header_fields = false;
  list<BalancerListener> listeners;
  list<BalancerTargetGroup> target_groups;
};

}  // namespace utakata
