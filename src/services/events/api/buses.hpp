#pragma once

#include "services/events/api/rules.hpp"

namespace utakata::events::api {

struct CreateEventBusRequest {
  str Name;
  opt<str> EventSourceName;
  opt<str> Description;
  stored<str> KmsKeyIdentifier;
  opt<list<Tag>> Tags;
};
struct CreateEventBusResponse {
  opt<str> EventBusArn;
  opt<str> Description;
  opt<str> KmsKeyIdentifier;
};

struct DeleteEventBusRequest {
  str Name;
};

struct DescribeEventBusRequest {
  opt<str> Name;
};
struct DescribeEventBusResponse {
  opt<str> Name;
  opt<str> Arn;
  opt<str> Description;
  opt<str> KmsKeyIdentifier;
  opt<Instant> CreationTime;
  opt<Instant> LastModifiedTime;
};

struct ListEventBusesRequest {
  opt<str> NamePrefix;
  opt<str> NextToken;
  opt<i32> Limit;
};
struct EventBus {
  opt<str> Name;
  opt<str> Arn;
  opt<str> Description;
  opt<Instant> CreationTime;
  opt<Instant> LastModifiedTime;
};
struct ListEventBusesResponse {
  opt<list<EventBus>> EventBuses;
  opt<str> NextToken;
};

}  // namespace utakata::events::api
