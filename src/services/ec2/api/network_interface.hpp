#pragma once

#include "services/ec2/api/tag.hpp"

namespace utakata::ec2::api {

struct GroupIdentifier {
  opt<str> GroupId, GroupName;
};
struct NetworkInterfaceAssociation {
  opt<str> IpOwnerId, PublicDnsName, PublicIp;
};
struct NetworkInterfacePrivateIpAddress {
  opt<NetworkInterfaceAssociation> Association;
  opt<bool> Primary;
  opt<str> PrivateDnsName, PrivateIpAddress;
};
struct NetworkInterface {
  opt<NetworkInterfaceAssociation> Association;
  opt<str> AvailabilityZone, Description;
  as<"groupSet", list<GroupIdentifier>> Groups;
  opt<str> InterfaceType, MacAddress, NetworkInterfaceId, OwnerId, PrivateDnsName, PrivateIpAddress;
  as<"privateIpAddressesSet", list<NetworkInterfacePrivateIpAddress>> PrivateIpAddresses;
  opt<bool> RequesterManaged, SourceDestCheck;
  opt<str> Status, SubnetId;
  opt<list<Tag>> TagSet;
  opt<str> VpcId;
};
struct DescribeNetworkInterfacesRequest {
  opt<str> NextToken;
  opt<i32> MaxResults;
  opt<bool> DryRun;
  as<"NetworkInterfaceId", list<str>> NetworkInterfaceIds;
  as<"filter", list<Filter>> Filters;
};
struct DescribeNetworkInterfacesResult {
  as<"networkInterfaceSet", list<NetworkInterface>> NetworkInterfaces;
  opt<str> NextToken;
};

}  // namespace utakata::ec2::api
