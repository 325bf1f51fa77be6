#pragma once

#include "base/types.hpp"

// Shapes of EC2, as AWS spells them; where the EC2 protocol says another name, it stands beside the member.
namespace utakata::ec2::api {

struct Filter {
  opt<str> Name;
  as<"Value", list<str>> Values;
};
struct Tag {
  opt<str> Key, Value;
};
struct Vpc {
  opt<str> OwnerId, InstanceTenancy;
  opt<bool> IsDefault;
  as<"tagSet", list<Tag>> Tags;
  opt<str> VpcId, State, CidrBlock, DhcpOptionsId;
};
struct DescribeVpcsRequest {
  as<"Filter", list<Filter>> Filters;
  as<"VpcId", list<str>> VpcIds;
  opt<str> NextToken;
  opt<i32> MaxResults;
  stored<bool> DryRun;
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
  stored<bool> DryRun;
};
struct DescribeSubnetsResult {
  opt<str> NextToken;
  as<"subnetSet", list<Subnet>> Subnets;
};
struct GroupIdentifier {
  opt<str> GroupId, GroupName;
};
struct NetworkInterface {
  opt<str> AvailabilityZone, Description;
  as<"groupSet", list<GroupIdentifier>> Groups;
  opt<str> InterfaceType, MacAddress, NetworkInterfaceId, OwnerId, PrivateDnsName, PrivateIpAddress;
  opt<bool> RequesterManaged, SourceDestCheck;
  opt<str> Status, SubnetId;
  opt<str> VpcId;
};
struct DescribeNetworkInterfacesRequest {
  opt<str> NextToken;
  opt<i32> MaxResults;
  stored<bool> DryRun;
  as<"NetworkInterfaceId", list<str>> NetworkInterfaceIds;
  as<"Filter", list<Filter>> Filters;
};
struct DescribeNetworkInterfacesResult {
  as<"networkInterfaceSet", list<NetworkInterface>> NetworkInterfaces;
  opt<str> NextToken;
};
struct AvailabilityZone {
  opt<str> OptInStatus, RegionName, ZoneName, ZoneId, GroupName, NetworkBorderGroup, ZoneType;
  as<"zoneState", str> State;
};
struct DescribeAvailabilityZonesRequest {
  as<"ZoneName", list<str>> ZoneNames;
  stored<bool> AllAvailabilityZones, DryRun;
  as<"Filter", list<Filter>> Filters;
};
struct DescribeAvailabilityZonesResult {
  as<"availabilityZoneInfo", list<AvailabilityZone>> AvailabilityZones;
};

}  // namespace utakata::ec2::api
