#pragma once

#include "base/types.hpp"

namespace utakata::events::api {

struct PutEventsRequestEntry {
  opt<Instant> Time;
  opt<str> Source;
  opt<list<str>> Resources;
  opt<str> DetailType;
  opt<str> Detail;
  opt<str> EventBusName;
  stored<str> TraceHeader;
};
struct PutEventsRequest {
  list<PutEventsRequestEntry> Entries;
  stored<str> EndpointId;
};
struct PutEventsResultEntry {
  opt<str> EventId;
  opt<str> ErrorCode;
  opt<str> ErrorMessage;
};
struct PutEventsResponse {
  opt<i32> FailedEntryCount;
  opt<list<PutEventsResultEntry>> Entries;
};

struct TestEventPatternRequest {
  str EventPattern;
  str Event;
};
struct TestEventPatternResponse {
  opt<bool> Result;
};

}  // namespace utakata::events::api
