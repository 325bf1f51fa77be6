#pragma once

#include "services/ec2/api/tag.hpp"

namespace utakata::ec2::api {

struct IpRange {
  opt<str> Description, CidrIp;
};
struct Ipv6Range {
  opt<str> Description, CidrIpv6;
};
struct UserIdGroupPair {
  opt<str> Description, UserId, GroupName, GroupId;
};
struct IpPermission {
  opt<str> IpProtocol;
  opt<i32> FromPort, ToPort;
  as<"groups", list<UserIdGroupPair>> UserIdGroupPairs;
  opt<list<IpRange>> IpRanges;
  opt<list<Ipv6Range>> Ipv6Ranges;
};
struct SecurityGroup {
  opt<str> GroupId;
  opt<list<IpPermission>> IpPermissionsEgress;
  as<"tagSet", list<Tag>> Tags;
  opt<str> VpcId, SecurityGroupArn, OwnerId, GroupName;
  as<"groupDescription", str> Description;
  opt<list<IpPermission>> IpPermissions;
};
struct DescribeSecurityGroupsRequest {
  as<"GroupId", list<str>> GroupIds;
  as<"GroupName", list<str>> GroupNames;
  opt<str> NextToken;
  opt<i32> MaxResults;
  opt<bool> DryRun;
  as<"Filter", list<Filter>> Filters;
};
struct DescribeSecurityGroupsResult {
  opt<str> NextToken;
  as<"securityGroupInfo", list<SecurityGroup>> SecurityGroups;
};
struct CreateSecurityGroupRequest {
  required_as<"GroupDescription", str> Description;
  str GroupName;
  opt<str> VpcId;
  as<"TagSpecification", list<TagSpecification>> TagSpecifications;
  opt<bool> DryRun;
};
struct CreateSecurityGroupResult {
  opt<str> GroupId;
  as<"tagSet", list<Tag>> Tags;
  opt<str> SecurityGroupArn;
};
struct DeleteSecurityGroupRequest {
  opt<str> GroupId, GroupName;
  opt<bool> DryRun;
};
struct DeleteSecurityGroupResult {
  opt<bool> Return;
  opt<str> GroupId;
};

}  // namespace utakata::ec2::api
