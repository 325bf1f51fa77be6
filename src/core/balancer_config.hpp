#pragma once

#include "base/types.hpp"

// One load balancer as its data path must run it: a complete picture, replaced as a whole whenever it changes.
namespace utakata {

struct BalancerTarget {
  str address;  // of a function's group: its ARN
  i32 port = 0;
  bool draining = false;  // no new requests; those in flight go on until the target is taken out of the picture
  str zone = {};          // where it stands; empty: everywhere
};

struct HealthCheckRule {
  bool enabled = true;  // false: a target counts as healthy without being asked
  OneOf<"HTTP", "HTTPS", "TCP"> protocol;
  opt<i32> port;  // absent: traffic-port
  str path = "/";
  str matcher = "200";  // "200", "200,202", "200-299"
  i32 interval_seconds = 30;
  i32 timeout_seconds = 5;
  i32 healthy_threshold = 5;
  i32 unhealthy_threshold = 2;
  bool all_initial_checks = false;  // a new target has to pass healthy_threshold checks too
};

struct StickinessRule {
  OneOf<"none", "lb_cookie", "app_cookie", "source_ip"> kind;
  i32 duration_seconds = 86'400;
  str cookie_name;  // app_cookie: the target's own
};

/// A certificate with its key, as PEM texts. The key is for the data path only: no report and no line shows it.
struct BalancerCertificate {
  str arn;
  str certificate, private_key;
  str chain;  // may be empty
  friend bool operator==(const BalancerCertificate&, const BalancerCertificate&) = default;
};

/// How a listener of TLS speaks it.
struct BalancerTls {
  list<str> versions;                      // OpenSSL's names, "TLSv1.2"
  list<str> ciphers;                       // OpenSSL's names, the preferred first
  list<BalancerCertificate> certificates;  // the default first
  list<str> alpn = {};                     // TLS: the protocols to agree upon, the preferred first; HTTPS has its own
  friend bool operator==(const BalancerTls&, const BalancerTls&) = default;
};

/// How a network load balancer carries flows to the targets of a group: connections, or the datagrams between two ends.
struct FlowRule {
  bool proxy_protocol = false;         // version 2: a header with the client's address before its first byte
  bool end_when_deregistered = false;  // at the end of the delay; false: flows go on until they end by themselves
  bool end_when_unhealthy = true;      // also flows that were there before
  i32 unhealthy_draining_seconds = 0;  // before a target is "unhealthy" it is "unhealthy.draining" for so long
};

// What follows goes beyond AWS, and is off unless somebody asks for it.

/// Further tries of a request on other targets of its group.
struct RetryRule {
  i32 attempts = 0;         // of one request, besides the first; 0: off
  bool idempotent = false;  // also what a target may have seen, if its method may be repeated
  i32 budget_percent = 20;  // retries in proportion to the group's requests
};

/// Requests wait for a target while the group has no healthy one.
struct HoldRule {
  i32 seconds = 0;     // at most so long; 0: off
  i32 requests = 100;  // at most so many at a time
};

struct BalancerTargetGroup {
  str arn;
  OneOf<"HTTP1", "HTTP2", "GRPC"> protocol_version;  // GRPC: the health check's matcher is of gRPC's codes
  HealthCheckRule health_check;
  OneOf<"round_robin", "least_outstanding_requests", "weighted_random"> algorithm;
  list<BalancerTarget> targets;
  bool anomaly_mitigation = false;  // weighted_random
  i32 slow_start_seconds = 0;       // 0: a new target has its full share at once
  StickinessRule stickiness;
  bool cross_zone = true;     // false: a target gets requests of its own zone only
  i32 healthy_count_min = 1;  // with fewer healthy targets all get requests
  i32 healthy_percent_min = 0;
  bool function = false;             // its target is a Lambda function, called rather than connected to
  bool multi_value_headers = false;  // function: names with every value that they have
  RetryRule retry;
  HoldRule hold;
  i32 requests_of_target_max = 0;    // in flight at a time; 0: no limit
  i32 connect_timeout_seconds = 10;  // of requests; AWS's
  FlowRule flows;                    // of a network load balancer
  bool tls = false;                  // the targets are spoken to by TLS; whatever certificate they show is believed
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
  OneOf<"HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP"> protocol;
  i32 port = 80;
  list<BalancerRule> rules;            // by priority, the default last
  i32 tcp_idle_timeout_seconds = 350;  // TCP, TCP_UDP, TLS
  BalancerTls tls;                     // HTTPS, TLS
};

/// Where the lines about its requests go: files laid out as AWS's are in S3.
struct AccessLogRule {
  bool enabled = false;
  str bucket, prefix;
};

struct BalancerConfig {
  str arn;
  str name;
  str dns_name;  // NAME-ID.REGION.elb.localhost, NAME-ID.elb.REGION.localhost
  str vpc_id;
  list<str> addresses;     // its own addresses in the VPC, where tasks reach it
  list<str> zones;         // where those stand, in their order; empty: nowhere in particular
  list<str> failed_zones;  // those that DNS leaves out, as too few targets are healthy there
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
  bool target_header = false;  // beyond AWS: answers say which target they are of
  bool network = false;        // carries flows, by listeners of TCP, TLS and UDP only
  Instant created_at;
  list<str> public_addresses;  // of the host's loopback, where the internet reaches a network load balancer
  list<BalancerListener> listeners;
  list<BalancerTargetGroup> target_groups;
};

}  // namespace utakata
