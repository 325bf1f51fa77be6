#pragma once

#include "base/types.hpp"
#include "core/outside.hpp"

namespace utakata::logs::api {

struct StartLiveTailRequest {
  list<str> logGroupIdentifiers;
  opt<list<str>> logStreamNames, logStreamNamePrefixes;
  opt<str> logEventFilterPattern;
};
struct LiveTailSessionStart {
  opt<str> requestId, sessionId;
  opt<list<str>> logGroupIdentifiers, logStreamNames, logStreamNamePrefixes;
  opt<str> logEventFilterPattern;
};
struct LiveTailSessionMetadata {
  opt<bool> sampled;
};
struct LiveTailSessionLogEvent {
  opt<str> logStreamName, logGroupIdentifier, message;
  opt<i64> timestamp, ingestionTime;
};
struct LiveTailSessionUpdate {
  opt<LiveTailSessionMetadata> sessionMetadata;
  opt<list<LiveTailSessionLogEvent>> sessionResults;
};
struct SessionTimeoutException {
  opt<str> message;
};
struct SessionStreamingException {
  opt<str> message;
};
struct StartLiveTailResponseStream {
  opt<LiveTailSessionStart> sessionStart;
  opt<LiveTailSessionUpdate> sessionUpdate;
  opt<api::SessionTimeoutException> SessionTimeoutException;
  opt<api::SessionStreamingException> SessionStreamingException;
};
struct StartLiveTailResponse {
  opt<StartLiveTailResponseStream> responseStream;
};

}  // namespace utakata::logs::api

namespace utakata::logs {

/// What a session asks for again and again: events of this time and later.
struct LiveTailRequest {
  api::LiveTailSessionStart session;
  i64 from = 0;  // milliseconds since 1970
};
struct LiveTailEvent {
  LogPlace place;  // no two have the same
  api::LiveTailSessionLogEvent event;
};
struct LiveTailPage {
  list<LiveTailEvent> events;
  bool more = false;  // than a page holds: the newest are here
};

}  // namespace utakata::logs
