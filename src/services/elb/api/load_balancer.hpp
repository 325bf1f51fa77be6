#pragma once

#include "base/types.hpp"

// Shapes of Elastic Load Balancing v2, as AWS spells them.
namespace utakata::elb::api {

struct Tag {
  str Key;
  opt<str> Value;
};
struct LoadBalancerState {
  opt<OneOf<"active", "provisioning", "active_impaired", "failed">> Code;
  opt<str> Reason;
};
struct LoadBalancerAddress {
  opt<str> IpAddress, AllocationId, PrivateIPv4Address;
};
struct AvailabilityZone {
  opt<str> ZoneName, SubnetId;
  opt<list<LoadBalancerAddress>> LoadBalancerAddresses;
};
struct SubnetMapping {
  opt<str> SubnetId, AllocationId, PrivateIPv4Address;
};
struct LoadBalancer {
  opt<str> LoadBalancerArn, DNSName, CanonicalHostedZoneId;
  opt<Instant> CreatedTime;
  opt<str> LoadBalancerName;
  opt<OneOf<"internet-facing", "internal">> Scheme;
  opt<str> VpcId;
  opt<LoadBalancerState> State;
  opt<OneOf<"application", "network", "gateway">> Type;
  opt<list<AvailabilityZone>> AvailabilityZones;
  opt<list<str>> SecurityGroups;
  opt<OneOf<"ipv4", "dualstack", "dualstack-without-public-ipv4">> IpAddressType;
};
struct CreateLoadBalancerInput {
  str Name;
  opt<list<str>> Subnets;
  opt<list<SubnetMapping>> SubnetMappings;
  opt<list<str>> SecurityGroups;
  opt<OneOf<"internet-facing", "internal">> Scheme;
  opt<list<Tag>> Tags;
  opt<OneOf<"application", "network", "gateway">> Type;
  opt<OneOf<"ipv4", "dualstack", "dualstack-without-public-ipv4">> IpAddressType;
};
struct SetSecurityGroupsInput {
  str LoadBalancerArn;
  list<str> SecurityGroups;
};
struct SetSecurityGroupsOutput {
  opt<list<str>> SecurityGroupIds;
};
struct CreateLoadBalancerOutput {
  opt<list<LoadBalancer>> LoadBalancers;
};
struct DescribeLoadBalancersInput {
  opt<list<str>> LoadBalancerArns, Names;
  opt<str> Marker;
  opt<i32> PageSize;
};
struct DescribeLoadBalancersOutput {
  opt<list<LoadBalancer>> LoadBalancers;
  opt<str> NextMarker;
};
struct DeleteLoadBalancerInput {
  str LoadBalancerArn;
};
struct DeleteLoadBalancerOutput {};
struct LoadBalancerAttribute {
  opt<str> Key, Value;
};
struct ModifyLoadBalancerAttributesInput {
  str LoadBalancerArn;
  list<LoadBalancerAttribute> Attributes;
};
struct ModifyLoadBalancerAttributesOutput {
  opt<list<LoadBalancerAttribute>> Attributes;
};
struct DescribeLoadBalancerAttributesInput {
  str LoadBalancerArn;
};
struct DescribeLoadBalancerAttributesOutput {
  opt<list<LoadBalancerAttribute>> Attributes;
};
struct Limit {
  opt<str> Name, Max;
};
struct DescribeAccountLimitsInput {
  opt<str> Marker;
  opt<i32> PageSize;
};
struct DescribeAccountLimitsOutput {
  opt<list<Limit>> Limits;
  opt<str> NextMarker;
};
struct AddTagsInput {
  list<str> ResourceArns;
  list<Tag> Tags;
};
struct AddTagsOutput {};
struct RemoveTagsInput {
  list<str> ResourceArns, TagKeys;
};
struct RemoveTagsOutput {};
struct TagDescription {
  opt<str> ResourceArn;
  opt<list<Tag>> Tags;
};
struct DescribeTagsInput {
  list<str> ResourceArns;
};
struct DescribeTagsOutput {
  opt<list<TagDescription>> TagDescriptions;
};

}  // namespace utakata::elb::api
