#pragma once

#include "services/ec2/api/vpc.hpp"

// What changes VPCs and subnets.
namespace utakata::ec2::api {

struct AttributeBooleanValue {
  opt<bool> Value;
};
struct CreateVpcRequest {
  opt<str> CidrBlock;
  as<"TagSpecification", list<TagSpecification>> TagSpecifications;
  opt<bool> DryRun;
  opt<OneOf<"default", "dedicated", "host">> InstanceTenancy;
  refused<bool> AmazonProvidedIpv6CidrBlock;
};
struct CreateVpcResult {
  opt<api::Vpc> Vpc;
};
struct DeleteVpcRequest {
  str VpcId;
  opt<bool> DryRun;
};
struct DeleteVpcResult {};
struct ModifyVpcAttributeRequest {
  opt<AttributeBooleanValue> EnableDnsHostnames, EnableDnsSupport;
  str VpcId;
};
struct ModifyVpcAttributeResult {};
struct DescribeVpcAttributeRequest {
  str Attribute;
  str VpcId;
  opt<bool> DryRun;
};
struct DescribeVpcAttributeResult {
  opt<AttributeBooleanValue> EnableDnsHostnames, EnableDnsSupport, EnableNetworkAddressUsageMetrics;
  opt<str> VpcId;
};
struct CreateSubnetRequest {
  as<"TagSpecification", list<TagSpecification>> TagSpecifications;
  opt<str> AvailabilityZone, AvailabilityZoneId, CidrBlock;
  str VpcId;
  opt<bool> DryRun;
};
struct CreateSubnetResult {
  opt<api::Subnet> Subnet;
};
struct DeleteSubnetRequest {
  str SubnetId;
  opt<bool> DryRun;
};
struct DeleteSubnetResult {};
struct ModifySubnetAttributeRequest {
  opt<AttributeBooleanValue> MapPublicIpOnLaunch;
  str SubnetId;
};
struct ModifySubnetAttributeResult {};

}  // namespace utakata::ec2::api
