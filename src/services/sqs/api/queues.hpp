#pragma once

#include "base/types.hpp"

namespace utakata::sqs::api {

struct Empty {};

struct CreateQueueRequest {
  str QueueName;
  opt<dict<str>> Attributes;
  opt<dict<str>> tags;
};
struct CreateQueueResult {
  str QueueUrl;
};

struct GetQueueUrlRequest {
  str QueueName;
  opt<str> QueueOwnerAWSAccountId;
};
struct GetQueueUrlResult {
  str QueueUrl;
};

struct ListQueuesRequest {
  opt<str> QueueNamePrefix;
  opt<str> NextToken;
  opt<i32> MaxResults;
};
struct ListQueuesResult {
  opt<list<str>> QueueUrls;
  opt<str> NextToken;
};

struct ListDeadLetterSourceQueuesRequest {
  str QueueUrl;
  opt<str> NextToken;
  opt<i32> MaxResults;
};
struct ListDeadLetterSourceQueuesResult {
  list<str> queueUrls;
  opt<str> NextToken;
};

struct DeleteQueueRequest {
  str QueueUrl;
};

struct GetQueueAttributesRequest {
  str QueueUrl;
  opt<list<str>> AttributeNames;
};
struct GetQueueAttributesResult {
  opt<dict<str>> Attributes;
};

struct SetQueueAttributesRequest {
  str QueueUrl;
  dict<str> Attributes;
};

struct PurgeQueueRequest {
  str QueueUrl;
};

struct TagQueueRequest {
  str QueueUrl;
  dict<str> Tags;
};

struct UntagQueueRequest {
  str QueueUrl;
  list<str> TagKeys;
};

struct ListQueueTagsRequest {
  str QueueUrl;
};
struct ListQueueTagsResult {
  opt<dict<str>> Tags;
};

}  // namespace utakata::sqs::api
