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
  i32 group_stickiness_seconds = 0;  // forward: how long a client stays with its group; 0: not at all
  i32 status = 503;                  // fixed-response, redirect
  str content_type;
  str body;
  // redirect, with AWS's placeholders
  str redirect_protocol = "#{protocol}", redirect_host = "#{host}", redirect_port = "#{port}";
  str redirect_path = "/#{path}", redirect_query = "#{query}";
};

struct QueryPair {
  opt<str> key;  // absent: any
  str value;
};

/// Holds when any of what it lists matches.
struct BalancerCondition {
  OneOf<"host-header", "path-pattern", "http-header", "http-request-method", "query-string", "source-ip"> field;
  str header_name;        // http-header
  list<str> values;       // patterns with wildcards; methods; blocks of addresses
  list<str> expressions;  // regular ones, of hosts, paths and headers
  list<QueryPair> query;
};

struct BalancerRule {
  str arn;
  i32 priority = 0;                    // 0 = the default rule, tried last
  list<BalancerCondition> conditions;  // all must hold
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
  list<BalancerListener> listeners;
  list<BalancerTargetGroup> target_groups;
};

}  // namespace utakata
