#pragma once

#include "base/types.hpp"

namespace utakata::logs::api {

struct CreateLogStreamRequest {
  str logGroupName;
  str logStreamName;
};
struct DeleteLogStreamRequest {
  str logGroupName;
  str logStreamName;
};

struct DescribeLogStreamsRequest {
  opt<str> logGroupName;
  opt<str> logGroupIdentifier;
  opt<str> logStreamNamePrefix;
  opt<OneOf<"LogStreamName", "LastEventTime">> orderBy;
  opt<bool> descending;
  opt<str> nextToken;
  opt<i32> limit;
};
struct LogStream {
  opt<str> logStreamName;
  opt<i64> creationTime;
  opt<i64> firstEventTimestamp;
  opt<i64> lastEventTimestamp;
  opt<i64> lastIngestionTime;
  opt<str> uploadSequenceToken;
  opt<str> arn;
  opt<i64> storedBytes;
};
struct DescribeLogStreamsResponse {
  opt<list<LogStream>> logStreams;
  opt<str> nextToken;
};

struct InputLogEvent {
  i64 timestamp = 0;  // milliseconds since 1970
  str message;
};
struct Entity {
  opt<dict<str>> keyAttributes;
  opt<dict<str>> attributes;
};
struct PutLogEventsRequest {
  str logGroupName;
  str logStreamName;
  list<InputLogEvent> logEvents;
  opt<str> sequenceToken;  // AWS: ignored
  stored<Entity> entity;
};
struct RejectedLogEventsInfo {
  opt<i32> tooNewLogEventStartIndex;
  opt<i32> tooOldLogEventEndIndex;
  opt<i32> expiredLogEventEndIndex;
};
struct PutLogEventsResponse {
  opt<str> nextSequenceToken;
  opt<RejectedLogEventsInfo> rejectedLogEventsInfo;
};

struct GetLogEventsRequest {
  opt<str> logGroupName;
  opt<str> logGroupIdentifier;
  str logStreamName;
  opt<i64> startTime;
  opt<i64> endTime;
  opt<str> nextToken;
  opt<i32> limit;
  opt<bool> startFromHead;
  stored<bool> unmask;
};
struct OutputLogEvent {
  opt<i64> timestamp;
  opt<str> message;
  opt<i64> ingestionTime;
};
struct GetLogEventsResponse {
  opt<list<OutputLogEvent>> events;
  opt<str> nextForwardToken;
  opt<str> nextBackwardToken;
};

struct FilterLogEventsRequest {
  opt<str> logGroupName;
  opt<str> logGroupIdentifier;
  opt<list<str>> logStreamNames;
  opt<str> logStreamNamePrefix;
  opt<i64> startTime;
  opt<i64> endTime;
  opt<str> filterPattern;
  opt<str> nextToken;
  opt<i32> limit;
  opt<bool> interleaved;  // AWS: ignored, events of all streams are always interleaved
  stored<bool> unmask;
};
struct FilteredLogEvent {
  opt<str> logStreamName;
  opt<i64> timestamp;
  opt<str> message;
  opt<i64> ingestionTime;
  opt<str> eventId;
};
struct SearchedLogStream {
  opt<str> logStreamName;
  opt<bool> searchedCompletely;
};
struct FilterLogEventsResponse {
  opt<list<FilteredLogEvent>> events;
  opt<list<SearchedLogStream>> searchedLogStreams;
  opt<str> nextToken;
};

}  // namespace utakata::logs::api
