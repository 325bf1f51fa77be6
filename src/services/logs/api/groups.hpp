#pragma once

#include "base/types.hpp"

namespace utakata::logs::api {

struct Empty {};

using LogGroupClass = OneOf<"STANDARD", "INFREQUENT_ACCESS", "DELIVERY">;

struct CreateLogGroupRequest {
  str logGroupName;
  stored<str> kmsKeyId;
  opt<dict<str>> tags;
  stored<LogGroupClass> logGroupClass;
  refused<bool> deletionProtectionEnabled;
};

struct DeleteLogGroupRequest {
  str logGroupName;
};

struct DescribeLogGroupsRequest {
  stored<list<str>> accountIdentifiers;
  opt<str> logGroupNamePrefix;
  opt<str> logGroupNamePattern;
  opt<str> nextToken;
  opt<i32> limit;
  stored<bool> includeLinkedAccounts;
  opt<LogGroupClass> logGroupClass;
  opt<list<str>> logGroupIdentifiers;
};
struct LogGroup {
  opt<str> logGroupName;
  opt<i64> creationTime;
  opt<i32> retentionInDays;
  opt<i32> metricFilterCount;
  opt<str> arn;
  opt<i64> storedBytes;
  opt<str> kmsKeyId;
  opt<LogGroupClass> logGroupClass;
  opt<str> logGroupArn;
};
struct DescribeLogGroupsResponse {
  opt<list<LogGroup>> logGroups;
  opt<str> nextToken;
};

struct PutRetentionPolicyRequest {
  str logGroupName;
  i32 retentionInDays = 0;
};
struct DeleteRetentionPolicyRequest {
  str logGroupName;
};

struct TagResourceRequest {
  str resourceArn;
  dict<str> tags;
};
struct UntagResourceRequest {
  str resourceArn;
  list<str> tagKeys;
};
struct ListTagsForResourceRequest {
  str resourceArn;
};
struct ListTagsForResourceResponse {
  opt<dict<str>> tags;
};

}  // namespace utakata::logs::api
