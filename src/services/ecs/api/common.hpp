#pragma once

#include "base/types.hpp"

// Shapes of ECS that several nouns share, as AWS spells them.
namespace utakata::ecs::api {

using LaunchType = OneOf<"EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES">;
using PropagateTags = OneOf<"TASK_DEFINITION", "SERVICE", "NONE">;

struct Tag {
  opt<str> key, value;
};
struct KeyValuePair {
  opt<str> name, value;
};
struct Failure {
  opt<str> arn, reason, detail;
};
struct CapacityProviderStrategyItem {
  str capacityProvider;
  opt<i32> weight, base;
};
struct AwsVpcConfiguration {
  list<str> subnets;
  opt<list<str>> securityGroups;
  opt<OneOf<"ENABLED", "DISABLED">> assignPublicIp;
};
struct NetworkConfiguration {
  opt<AwsVpcConfiguration> awsvpcConfiguration;
};
struct Attachment {
  opt<str> id, type, status;
  opt<list<KeyValuePair>> details;
};
struct EphemeralStorage {
  i32 sizeInGiB = 0;
};

struct TagResourceRequest {
  str resourceArn;
  list<Tag> tags;
};
struct TagResourceResponse {};
struct UntagResourceRequest {
  str resourceArn;
  list<str> tagKeys;
};
struct UntagResourceResponse {};
struct ListTagsForResourceRequest {
  str resourceArn;
};
struct ListTagsForResourceResponse {
  opt<list<Tag>> tags;
};

}  // namespace utakata::ecs::api
