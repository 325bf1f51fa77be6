#pragma once

#include "services/elb/api/listener.hpp"

namespace utakata::elb::api {

struct Matcher {
  opt<str> HttpCode, GrpcCode;
};
struct TargetGroup {
  opt<str> TargetGroupArn, TargetGroupName;
  opt<Protocol> Protocol_;
  opt<i32> Port;
  opt<str> VpcId;
  opt<Protocol> HealthCheckProtocol;
  opt<str> HealthCheckPort;
  opt<bool> HealthCheckEnabled;
  opt<i32> HealthCheckIntervalSeconds, HealthCheckTimeoutSeconds, HealthyThresholdCount, UnhealthyThresholdCount;
  opt<str> HealthCheckPath;
  opt<Matcher> Matcher_;
  opt<list<str>> LoadBalancerArns;
  opt<OneOf<"instance", "ip", "lambda", "alb">> TargetType;
  opt<str> ProtocolVersion;
  opt<OneOf<"ipv4", "ipv6">> IpAddressType;
};
struct CreateTargetGroupInput {
  str Name;
  opt<Protocol> Protocol_;
  opt<str> ProtocolVersion;
  opt<i32> Port;
  opt<str> VpcId;
  opt<Protocol> HealthCheckProtocol;
  opt<str> HealthCheckPort;
  opt<bool> HealthCheckEnabled;
  opt<str> HealthCheckPath;
  opt<i32> HealthCheckIntervalSeconds, HealthCheckTimeoutSeconds, HealthyThresholdCount, UnhealthyThresholdCount;
  opt<Matcher> Matcher_;
  opt<OneOf<"instance", "ip", "lambda", "alb">> TargetType;
  opt<list<Tag>> Tags;
};
struct CreateTargetGroupOutput {
  opt<list<TargetGroup>> TargetGroups;
};
struct ModifyTargetGroupInput {
  str TargetGroupArn;
  opt<Protocol> HealthCheckProtocol;
  opt<str> HealthCheckPort, HealthCheckPath;
  opt<bool> HealthCheckEnabled;
  opt<i32> HealthCheckIntervalSeconds, HealthCheckTimeoutSeconds, HealthyThresholdCount, UnhealthyThresholdCount;
  opt<Matcher> Matcher_;
};
struct ModifyTargetGroupOutput {
  opt<list<TargetGroup>> TargetGroups;
};
struct DescribeTargetGroupsInput {
  opt<str> LoadBalancerArn;
  opt<list<str>> TargetGroupArns, Names;
  opt<str> Marker;
  opt<i32> PageSize;
};
struct DescribeTargetGroupsOutput {
  opt<list<TargetGroup>> TargetGroups;
  opt<str> NextMarker;
};
struct DeleteTargetGroupInput {
  str TargetGroupArn;
};
struct DeleteTargetGroupOutput {};
struct TargetGroupAttribute {
  opt<str> Key, Value;
};
struct ModifyTargetGroupAttributesInput {
  str TargetGroupArn;
  list<TargetGroupAttribute> Attributes;
};
struct ModifyTargetGroupAttributesOutput {
  opt<list<TargetGroupAttribute>> Attributes;
};
struct DescribeTargetGroupAttributesInput {
  str TargetGroupArn;
};
struct DescribeTargetGroupAttributesOutput {
  opt<list<TargetGroupAttribute>> Attributes;
};
struct TargetDescription {
  str Id;
  opt<i32> Port;
  opt<str> AvailabilityZone;
};
struct RegisterTargetsInput {
  str TargetGroupArn;
  list<TargetDescription> Targets;
};
struct RegisterTargetsOutput {};
struct DeregisterTargetsInput {
  str TargetGroupArn;
  list<TargetDescription> Targets;
};
struct DeregisterTargetsOutput {};
struct TargetHealth {
  opt<OneOf<"initial", "healthy", "unhealthy", "unhealthy.draining", "unused", "draining", "unavailable">> State;
  opt<str> Reason, Description;
};
struct AnomalyDetection {
  opt<OneOf<"anomalous", "normal">> Result;
  opt<OneOf<"yes", "no">> MitigationInEffect;
};
struct AdministrativeOverride {
  opt<OneOf<"unknown", "no_override", "zonal_shift_active", "zonal_shift_delegated_to_dns">> State;
  opt<str> Reason, Description;
};
struct TargetHealthDescription {
  opt<TargetDescription> Target;
  opt<str> HealthCheckPort;
  opt<TargetHealth> TargetHealth_;
  opt<AnomalyDetection> AnomalyDetection_;
  opt<AdministrativeOverride> AdministrativeOverride_;
};
struct DescribeTargetHealthInput {
  str TargetGroupArn;
  opt<list<TargetDescription>> Targets;
  opt<list<OneOf<"AnomalyDetection", "All">>> Include;
};
struct DescribeTargetHealthOutput {
  opt<list<TargetHealthDescription>> TargetHealthDescriptions;
};

}  // namespace utakata::elb::api
