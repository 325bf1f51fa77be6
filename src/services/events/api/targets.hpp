#pragma once

#include "base/types.hpp"

namespace utakata::events::api {

struct InputTransformer {
  opt<dict<str>> InputPathsMap;
  str InputTemplate;
};
struct SqsParameters {
  opt<str> MessageGroupId;
};
struct DeadLetterConfig {
  opt<str> Arn;
};
struct RetryPolicy {
  opt<i32> MaximumRetryAttempts;
  opt<i32> MaximumEventAgeInSeconds;
};
struct Target {
  str Id;
  str Arn;
  stored<str> RoleArn;
  opt<str> Input;
  opt<str> InputPath;
  opt<api::InputTransformer> InputTransformer;
  opt<api::SqsParameters> SqsParameters;
  opt<api::DeadLetterConfig> DeadLetterConfig;
  stored<api::RetryPolicy> RetryPolicy;  // a delivery succeeds at once or never
};

struct PutTargetsRequest {
  str Rule;
  opt<str> EventBusName;
  list<Target> Targets;
};
struct PutTargetsResultEntry {
  opt<str> TargetId;
  opt<str> ErrorCode;
  opt<str> ErrorMessage;
};
struct PutTargetsResponse {
  opt<i32> FailedEntryCount;
  opt<list<PutTargetsResultEntry>> FailedEntries;
};

struct RemoveTargetsRequest {
  str Rule;
  opt<str> EventBusName;
  list<str> Ids;
  opt<bool> Force;  // of rules that AWS services manage; there are none
};
struct RemoveTargetsResultEntry {
  opt<str> TargetId;
  opt<str> ErrorCode;
  opt<str> ErrorMessage;
};
struct RemoveTargetsResponse {
  opt<i32> FailedEntryCount;
  opt<list<RemoveTargetsResultEntry>> FailedEntries;
};

struct ListTargetsByRuleRequest {
  str Rule;
  opt<str> EventBusName;
  opt<str> NextToken;
  opt<i32> Limit;
};
struct ListTargetsByRuleResponse {
  opt<list<Target>> Targets;
  opt<str> NextToken;
};

}  // namespace utakata::events::api
