#pragma once

#include "base/types.hpp"

namespace utakata::events::api {

struct Empty {};

struct Tag {
  str Key;
  str Value;
};

using RuleState = OneOf<"ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS">;

struct PutRuleRequest {
  str Name;
  opt<str> ScheduleExpression;
  opt<str> EventPattern;
  opt<RuleState> State;
  opt<str> Description;
  stored<str> RoleArn;
  opt<list<Tag>> Tags;
  opt<str> EventBusName;
};
struct PutRuleResponse {
  opt<str> RuleArn;
};

struct DescribeRuleRequest {
  str Name;
  opt<str> EventBusName;
};
struct DescribeRuleResponse {
  opt<str> Name;
  opt<str> Arn;
  opt<str> EventPattern;
  opt<str> ScheduleExpression;
  opt<RuleState> State;
  opt<str> Description;
  opt<str> RoleArn;
  opt<str> EventBusName;
  opt<str> CreatedBy;
};

struct ListRulesRequest {
  opt<str> NamePrefix;
  opt<str> EventBusName;
  opt<str> NextToken;
  opt<i32> Limit;
};
struct Rule {
  opt<str> Name;
  opt<str> Arn;
  opt<str> EventPattern;
  opt<RuleState> State;
  opt<str> Description;
  opt<str> ScheduleExpression;
  opt<str> RoleArn;
  opt<str> EventBusName;
};
struct ListRulesResponse {
  opt<list<Rule>> Rules;
  opt<str> NextToken;
};

struct DeleteRuleRequest {
  str Name;
  opt<str> EventBusName;
  opt<bool> Force;  // of rules that AWS services manage; there are none
};
struct EnableRuleRequest {
  str Name;
  opt<str> EventBusName;
};
struct DisableRuleRequest {
  str Name;
  opt<str> EventBusName;
};

struct ListRuleNamesByTargetRequest {
  str TargetArn;
  opt<str> EventBusName;
  opt<str> NextToken;
  opt<i32> Limit;
};
struct ListRuleNamesByTargetResponse {
  opt<list<str>> RuleNames;
  opt<str> NextToken;
};

struct TagResourceRequest {
  str ResourceARN;
  list<Tag> Tags;
};
struct UntagResourceRequest {
  str ResourceARN;
  list<str> TagKeys;
};
struct ListTagsForResourceRequest {
  str ResourceARN;
};
struct ListTagsForResourceResponse {
  opt<list<Tag>> Tags;
};

}  // namespace utakata::events::api
