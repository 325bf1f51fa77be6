#include <algorithm>

#include "base/json_scanner.hpp"
#include "services/logs/limits.hpp"
#include "services/logs/position.hpp"
#include "services/logs/stream_ops.hpp"

namespace utakata::logs {
namespace {

Outcome<> check_events(const list<api::InputLogEvent>& events) {
  if (events.empty() || events.size() > limits::put_events)
    return invalid(
        cat("1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member must "
            "have length between 1 and ",
            limits::put_events));
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].timestamp < 0)
      return invalid(cat("1 validation error detected: Value '", events[i].timestamp, "' at 'logEvents.", i + 1,
                         ".member.timestamp' failed to satisfy constraint: Member must have value greater than or "
                         "equal to 0"));
    if (events[i].message.empty())
      return invalid(cat("1 validation error detected: Value '' at 'logEvents.", i + 1,
                         ".member.message' failed to satisfy constraint: Member must have length greater than or equal "
                         "to 1"));
    if (i > 0 && events[i].timestamp < events[i - 1].timestamp)
      return invalid("Log events in a single PutLogEvents request must be in chronological order.");
    if (events[i].message.size() > limits::event_bytes)
      return invalid(cat("Log event too large: ", events[i].message.size() + limits::event_overhead,
                         " bytes exceeds limit of 1048576"));
    bytes += events[i].message.size() + limits::event_overhead;
  }
  if (bytes > limits::put_bytes)
    return invalid(cat("Upload too large: ", bytes, " bytes exceeds limit of ", limits::put_bytes));
  if (events.back().timestamp - events.front().timestamp > limits::put_span)
    return invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  return {};
}

struct Sorted {
  list<LogEvent> kept;
  opt<api::RejectedLogEventsInfo> rejected;
};

// Events in order of time: the expired and too old come first, the too new last.
Sorted sort_out(const list<api::InputLogEvent>& events, const Group& group, i64 now) {
  Sorted sorted;
  const i64 oldest = now - limits::past_span;
  const i64 expired = group.retention_days != 0 ? now - i64{group.retention_days} * 24 * 3'600'000 : 0;
  const i64 newest = now + limits::future_span;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const i64 at = events[i].timestamp;
    const auto index = static_cast<i32>(i);
    if (at < oldest)
      sorted.rejected.ensure_value().tooOldLogEventEndIndex = index + 1;
    else if (at < expired)
      sorted.rejected.ensure_value().expiredLogEventEndIndex = index + 1;
    else if (at <= newest)
      sorted.kept.push_back({.at = at, .ingested = now, .text = events[i].message});
    else if (!sorted.rejected.ensure_value().tooNewLogEventStartIndex)
      sorted.rejected->tooNewLogEventStartIndex = index;
  }
  return sorted;
}

Outcome<LogPlace> place_of(std::string_view digits) {
  const auto position = position_of(digits);
  if (!position) return invalid("The specified nextToken is invalid.");
  return LogPlace{.at = position->at, .stream = {}, .segment = position->segment, .offset = position->offset};
}

str token_of(char direction, const LogPlace& place) {
  return cat(direction, "/", digits_of({.at = place.at, .segment = place.segment, .offset = place.offset}), "/s");
}

// Which page is meant: after or before the place of a token, else at one of the ends.
Outcome<LogQuery> query_of(const Tx& tx, const api::GetLogEventsRequest& request) {
  const Key group = TRY(find_group(tx, request.logGroupName, request.logGroupIdentifier));
  const Key stream = TRY(find_stream(tx, group, request.logStreamName));
  const i32 limit = request.limit.value_or(limits::page_events);
  if (limit < 1 || limit > limits::page_events)
    return invalid(cat("1 validation error detected: Value '", limit,
                       "' at 'limit' failed to satisfy constraint: Member must have value between 1 and 10000"));
  LogQuery query{.streams = {tx.find<Stream>(stream)->id},
                 .start = std::max(request.startTime.value_or(0), kept_from(tx, group)),
                 .end = request.endTime.value_or(INT64_MAX),
                 .newest = !request.startFromHead.value_or(false),
                 .events = limit,
                 .bytes = limits::page_bytes};
  if (!request.nextToken) return query;
  const std::string_view token = *request.nextToken;
  const bool forward = token.starts_with("f/");
  const bool well_formed = (forward || token.starts_with("b/")) && token.ends_with("/s") && token.size() > 4;
  LogPlace place = TRY(place_of(well_formed ? token.substr(2, token.size() - 4) : ""));
  place.stream = query.streams.front();
  (forward ? query.after : query.before) = std::move(place);
  query.newest = !forward;
  return query;
}

}  // namespace

Outcome<api::PutLogEventsResponse> put_log_events(Tx& tx, const api::PutLogEventsRequest& request) {
  const Key group = TRY(find_group(tx, request.logGroupName));
  const Key stream = TRY(find_stream(tx, group, request.logStreamName));
  TRY_VOID(check_events(request.logEvents));
  Sorted sorted = sort_out(request.logEvents, *tx.find<Group>(group), milliseconds_of(tx.now()));
  api::PutLogEventsResponse response{.nextSequenceToken = digits_of({.at = milliseconds_of(tx.now())}),
                                     .rejectedLogEventsInfo = sorted.rejected};
  if (!sorted.kept.empty() && tx.answer<LogAppended>() == nullptr)
    tx.ask(LogAppend{.stream = tx.find<Stream>(stream)->id, .events = std::move(sorted.kept)});
  else
    count_events(tx, stream, sorted.kept);
  return response;
}

Outcome<api::GetLogEventsResponse> get_log_events(Tx& tx, const api::GetLogEventsRequest& request) {
  LogQuery query = TRY(query_of(tx, request));
  api::GetLogEventsResponse response{.events = list<api::OutputLogEvent>{}};
  const auto* page = tx.answer<LogPage>();
  if (page == nullptr) {
    tx.ask(std::move(query));
    return response;
  }
  for (const auto& one : page->events)
    response.events->push_back({.timestamp = one.event.at,
                                .message = json::repaired_utf8(one.event.text),
                                .ingestionTime = one.event.ingested});
  // With nothing more, both tokens stand where the request's stood.
  const LogPlace rest = query.after ? *query.after : query.before ? *query.before : LogPlace{};
  response.nextForwardToken = token_of('f', page->events.empty() ? rest : page->events.back().place);
  response.nextBackwardToken = token_of('b', page->events.empty() ? rest : page->events.front().place);
  return response;
}

}  // namespace utakata::logs
