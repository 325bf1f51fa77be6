#pragma once

#include "services/ec2/api/vpc.hpp"

namespace utakata::ec2::api {

struct IpRange {
  opt<str> Description, CidrIp;
};
struct UserIdGroupPair {
  opt<str> Description, UserId, GroupId;
};
struct IpPermission {
  opt<str> IpProtocol;
  opt<i32> FromPort, ToPort;
  as<"groups", list<UserIdGroupPair>> UserIdGroupPairs;
  opt<list<IpRange>> IpRanges;
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
  stored<bool> DryRun;
  as<"Filter", list<Filter>> Filters;
};
struct DescribeSecurityGroupsResult {
  opt<str> NextToken;
  as<"securityGroupInfo", list<SecurityGroup>> SecurityGroups;
};
struct TagSpecification {
  opt<str> ResourceType;
  as<"Tag", list<Tag>> Tags;
};
struct CreateSecurityGroupRequest {
  required_as<"GroupDescription", str> Description;
  str GroupName;
  opt<str> VpcId;
  as<"TagSpecification", list<TagSpecification>> TagSpecifications;
  stored<bool> DryRun;
};
struct CreateSecurityGroupResult {
  opt<str> GroupId;
  as<"tagSet", list<Tag>> Tags;
  opt<str> SecurityGroupArn;
};
struct DeleteSecurityGroupRequest {
  opt<str> GroupId, GroupName;
  stored<bool> DryRun;
};
struct DeleteSecurityGroupResult {
  opt<bool> Return;
  opt<str> GroupId;
};
struct AuthorizeSecurityGroupIngressRequest {
  opt<str> CidrIp;
  opt<i32> FromPort;
  opt<str> GroupId, GroupName;
  opt<list<IpPermission>> IpPermissions;
  opt<str> IpProtocol;
  opt<i32> ToPort;
  stored<bool> DryRun;
};
struct AuthorizeSecurityGroupIngressResult {
  opt<bool> Return;
};
struct RevokeSecurityGroupIngressRequest {
  opt<str> CidrIp;
  opt<i32> FromPort;
  opt<str> GroupId, GroupName;
  opt<list<IpPermission>> IpPermissions;
  opt<str> IpProtocol;
  opt<i32> ToPort;
  stored<bool> DryRun;
};
struct RevokeSecurityGroupIngressResult {
  opt<bool> Return;
};
struct AuthorizeSecurityGroupEgressRequest {
  stored<bool> DryRun;
  str GroupId;
  opt<list<IpPermission>> IpPermissions;
};
struct AuthorizeSecurityGroupEgressResult {
  opt<bool> Return;
};
struct RevokeSecurityGroupEgressRequest {
  stored<bool> DryRun;
  str GroupId;
  opt<list<IpPermission>> IpPermissions;
};
struct RevokeSecurityGroupEgressResult {
  opt<bool> Return;
};

}  // namespace utakata::ec2::api
