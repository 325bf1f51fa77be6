#pragma once

#include "services/ec2/api/security_group.hpp"

namespace utakata::ec2::api {

struct ReferencedSecurityGroup {
  opt<str> GroupId, UserId;
};
struct SecurityGroupRule {
  opt<str> SecurityGroupRuleId, GroupId, GroupOwnerId;
  opt<bool> IsEgress;
  opt<str> IpProtocol;
  opt<i32> FromPort, ToPort;
  opt<str> CidrIpv4, CidrIpv6;
  opt<ReferencedSecurityGroup> ReferencedGroupInfo;
  opt<str> Description;
  as<"tagSet", list<Tag>> Tags;
  opt<str> SecurityGroupRuleArn;
};
struct RevokedSecurityGroupRule {
  opt<str> SecurityGroupRuleId, GroupId;
  opt<bool> IsEgress;
  opt<str> IpProtocol;
  opt<i32> FromPort, ToPort;
  opt<str> CidrIpv4, CidrIpv6, ReferencedGroupId, Description;
};
struct DescribeSecurityGroupRulesRequest {
  as<"Filter", list<Filter>> Filters;
  as<"SecurityGroupRuleId", list<str>> SecurityGroupRuleIds;
  opt<bool> DryRun;
  opt<str> NextToken;
  opt<i32> MaxResults;
};
struct DescribeSecurityGroupRulesResult {
  as<"securityGroupRuleSet", list<SecurityGroupRule>> SecurityGroupRules;
  opt<str> NextToken;
};
struct AuthorizeSecurityGroupIngressRequest {
  opt<str> CidrIp;
  opt<i32> FromPort;
  opt<str> GroupId, GroupName;
  opt<list<IpPermission>> IpPermissions;
  opt<str> IpProtocol;
  opt<i32> ToPort;
  as<"TagSpecification", list<TagSpecification>> TagSpecifications;
  opt<bool> DryRun;
};
struct AuthorizeSecurityGroupIngressResult {
  opt<bool> Return;
  as<"securityGroupRuleSet", list<SecurityGroupRule>> SecurityGroupRules;
};
struct AuthorizeSecurityGroupEgressRequest {
  as<"TagSpecification", list<TagSpecification>> TagSpecifications;
  opt<bool> DryRun;
  str GroupId;
  opt<list<IpPermission>> IpPermissions;
};
struct AuthorizeSecurityGroupEgressResult {
  opt<bool> Return;
  as<"securityGroupRuleSet", list<SecurityGroupRule>> SecurityGroupRules;
};
struct RevokeSecurityGroupIngressRequest {
  opt<str> CidrIp;
  opt<i32> FromPort;
  opt<str> GroupId, GroupName;
  opt<list<IpPermission>> IpPermissions;
  opt<str> IpProtocol;
  opt<i32> ToPort;
  as<"SecurityGroupRuleId", list<str>> SecurityGroupRuleIds;
  opt<bool> DryRun;
};
struct RevokeSecurityGroupIngressResult {
  opt<bool> Return;
  as<"unknownIpPermissionSet", list<IpPermission>> UnknownIpPermissions;
  as<"revokedSecurityGroupRuleSet", list<RevokedSecurityGroupRule>> RevokedSecurityGroupRules;
};
struct RevokeSecurityGroupEgressRequest {
  as<"SecurityGroupRuleId", list<str>> SecurityGroupRuleIds;
  opt<bool> DryRun;
  str GroupId;
  opt<list<IpPermission>> IpPermissions;
};
struct RevokeSecurityGroupEgressResult {
  opt<bool> Return;
  as<"unknownIpPermissionSet", list<IpPermission>> UnknownIpPermissions;
  as<"revokedSecurityGroupRuleSet", list<RevokedSecurityGroupRule>> RevokedSecurityGroupRules;
};

}  // namespace utakata::ec2::api
