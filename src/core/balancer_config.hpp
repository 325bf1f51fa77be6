#pragma once

#include "base/types.hpp"

// One load balancer as its data path must run it: a complete picture, replaced as a whole whenever it changes.
namespace utakata {

struct BalancerTarget {
  str address;
  i32 port = 0;
  bool draining = false;  // no new requests; those in flight go on until the target is taken out of the picture
  str zone = {};          // where it stands; empty: everywhere
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

struct StickinessRule {
  OneOf<"none", "lb_cookie", "app_cookie"> kind;
  i32 duration_seconds = 86'400;
  str cookie_name;  // app_cookie: the target's own
};

struct BalancerTargetGroup {
  str arn;
  HealthCheckRule health_check;
  OneOf<"round_robin", "least_outstanding_requests", "weighted_random"> algorithm;
  list<BalancerTarget> targets;
  bool anomaly_mitigation = false;  // weighted_random
  i32 slow_start_seconds = 0;       // 0: a new target has its full share at once
  StickinessRule stickiness;
  bool cross_zone = true;     // false: a target gets requests of its own zone only
  i32 healthy_count_min = 1;  // with fewer healthy targets all get requests
  i32 healthy_percent_min = 0;
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

/// Where the lines about its requests go: files laid out as AWS's are in S3.
struct AccessLogRule {
  bool enabled = false;
  str bucket, prefix;
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
  OneOf<"append", "preserve", "remove"> forwarded_for;
  bool forwarded_for_client_port = false;
  bool tls_version_and_cipher_headers = false;
  bool http2 = true;
  AccessLogRule access_log;
  list<BalancerListener> listeners;
  list<BalancerTargetGroup> target_groups;
};

}  // namespace utakata
