#include <algorithm>

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
  list<Event> kept;
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

struct Found {
  Position position;
  const Event* event = nullptr;
};

/// The bounds of a page: positions strictly between `after` and `before`, times from `start` to before `end`.
struct Range {
  std::optional<Position> after, before;
  i64 start = 0;
  i64 end = INT64_MAX;

  [[nodiscard]] bool may_hold(const Chunk& chunk) const {
    return chunk.last >= start && chunk.first < end && (!after || chunk.last >= after->at) &&
           (!before || chunk.first <= before->at);
  }
  [[nodiscard]] bool holds(const Position& position) const {
    return position.at >= start && position.at < end && (!after || position > *after) &&
           (!before || position < *before);
  }
};

list<Found> events_in(const Tx& tx, const Key& stream, const Range& range) {
  list<Found> found;
  tx.each<Chunk>(cat(stream, ":"), [&](const Key&, const Chunk& chunk) {
    if (!range.may_hold(chunk)) return;
    for (std::size_t i = 0; i < chunk.events.size(); ++i) {
      const Position position{.at = chunk.events[i].at, .chunk = chunk.number, .index = static_cast<i64>(i)};
      if (range.holds(position)) found.push_back({.position = position, .event = &chunk.events[i]});
    }
  });
  std::ranges::sort(found, {}, &Found::position);
  return found;
}

/// Keeps the first events of a page, or the last when it is read from its end.
void cut(list<Found>& found, std::size_t most, bool from_head) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  while (count < found.size() && count < most) {
    const Found& next = from_head ? found[count] : found[found.size() - 1 - count];
    bytes += next.event->text.size() + limits::event_overhead;
    if (count > 0 && bytes > limits::page_bytes) break;
    ++count;
  }
  if (from_head)
    found.resize(count);
  else
    found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(count));
}

}  // namespace

Outcome<api::PutLogEventsResponse> put_log_events(Tx& tx, const api::PutLogEventsRequest& request) {
  const Key group = TRY(find_group(tx, request.logGroupName));
  const Key stream = TRY(find_stream(tx, group, request.logStreamName));
  TRY_VOID(check_events(request.logEvents));
  Sorted sorted = sort_out(request.logEvents, *tx.find<Group>(group), milliseconds_of(tx.now()));
  append_events(tx, group, stream, std::move(sorted.kept));
  return api::PutLogEventsResponse{.nextSequenceToken = digits_of({.at = milliseconds_of(tx.now())}),
                                   .rejectedLogEventsInfo = sorted.rejected};
}

Outcome<api::GetLogEventsResponse> get_log_events(Tx& tx, const api::GetLogEventsRequest& request) {
  const Key group = TRY(find_group(tx, request.logGroupName, request.logGroupIdentifier));
  const Key stream = TRY(find_stream(tx, group, request.logStreamName));
  const i32 limit = request.limit.value_or(limits::page_events);
  if (limit < 1 || limit > limits::page_events)
    return invalid(cat("1 validation error detected: Value '", limit,
                       "' at 'limit' failed to satisfy constraint: Member must have value between 1 and 10000"));
  Range range{.start = request.startTime.value_or(0), .end = request.endTime.value_or(INT64_MAX)};
  bool from_head = request.startFromHead.value_or(false);
  Position rest;  // where both tokens stand when there is nothing more
  if (request.nextToken) {
    const std::string_view token = *request.nextToken;
    const bool forward = token.starts_with("f/");
    const bool well_formed = (forward || token.starts_with("b/")) && token.ends_with("/s") && token.size() > 4;
    const auto position = position_of(well_formed ? token.substr(2, token.size() - 4) : "");
    if (!position) return invalid("The specified nextToken is invalid.");
    (forward ? range.after : range.before) = rest = *position;
    from_head = forward;
  }
  list<Found> found = events_in(tx, stream, range);
  cut(found, static_cast<std::size_t>(limit), from_head);
  api::GetLogEventsResponse response{.events = list<api::OutputLogEvent>{}};
  for (const Found& one : found)
    response.events->push_back(
        {.timestamp = one.event->at, .message = one.event->text, .ingestionTime = one.event->ingested});
  response.nextForwardToken = cat("f/", digits_of(found.empty() ? rest : found.back().position), "/s");
  response.nextBackwardToken = cat("b/", digits_of(found.empty() ? rest : found.front().position), "/s");
  return response;
}

}  // namespace utakata::logs
