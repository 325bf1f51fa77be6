#pragma once

#include "services/ec2/api/tag.hpp"

namespace utakata::ec2::api {

struct VpcCidrBlockState {
  opt<str> State;
};
struct VpcCidrBlockAssociation {
  opt<str> AssociationId, CidrBlock;
  opt<VpcCidrBlockState> CidrBlockState;
};
struct Vpc {
  opt<str> OwnerId, InstanceTenancy;
  opt<list<VpcCidrBlockAssociation>> CidrBlockAssociationSet;
  opt<bool> IsDefault;
  as<"tagSet", list<Tag>> Tags;
  opt<str> VpcId, State, CidrBlock, DhcpOptionsId;
};
struct DescribeVpcsRequest {
  as<"Filter", list<Filter>> Filters;
  as<"VpcId", list<str>> VpcIds;
  opt<str> NextToken;
  opt<i32> MaxResults;
  opt<bool> DryRun;
};
struct DescribeVpcsResult {
  opt<str> NextToken;
  as<"vpcSet", list<Vpc>> Vpcs;
};
struct Subnet {
  opt<str> AvailabilityZoneId, OwnerId;
  opt<bool> AssignIpv6AddressOnCreation;
  as<"tagSet", list<Tag>> Tags;
  opt<str> SubnetArn, SubnetId, State, VpcId, CidrBlock;
  opt<i32> AvailableIpAddressCount;
  opt<str> AvailabilityZone;
  opt<bool> DefaultForAz, MapPublicIpOnLaunch;
};
struct DescribeSubnetsRequest {
  as<"Filter", list<Filter>> Filters;
  as<"SubnetId", list<str>> SubnetIds;
  opt<str> NextToken;
  opt<i32> MaxResults;
  opt<bool> DryRun;
};
struct DescribeSubnetsResult {
  opt<str> NextToken;
  as<"subnetSet", list<Subnet>> Subnets;
};

}  // namespace utakata::ec2::api
