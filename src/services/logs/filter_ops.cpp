#include <algorithm>

#include "base/hash.hpp"
#include "base/json_scanner.hpp"
#include "services/logs/limits.hpp"
#include "services/logs/position.hpp"
#include "services/logs/stream_ops.hpp"

namespace utakata::logs {
namespace {

Outcome<list<str>> chosen_streams(const Tx& tx, const Key& group, const api::FilterLogEventsRequest& request) {
  if (request.logStreamNames && request.logStreamNamePrefix)
    return invalid("logStreamNamePrefix and logStreamNames cannot be used together.");
  list<str> ids;
  if (!request.logStreamNames) {
    tx.each<Stream>(cat(group, ":", *request.logStreamNamePrefix), [&](const Key&, const Stream& stream) {
      ids.push_back(stream.id);
      return ids.size() < limits::streams_searched;
    });
    return ids;
  }
  if (request.logStreamNames->empty() || request.logStreamNames->size() > limits::streams_filtered)
    return invalid(
        "1 validation error detected: Value at 'logStreamNames' failed to satisfy constraint: Member must have length "
        "between 1 and 100");
  for (const str& name : *request.logStreamNames) ids.push_back(tx.find<Stream>(TRY(find_stream(tx, group, name)))->id);
  return ids;
}

str token_of(const LogPlace& place) {
  return base64_encode(cat(place.at, " ", place.segment, " ", place.offset, " ", place.stream));
}

Outcome<LogPlace> place_of(const str& token) {
  const auto text = base64_decode(token);
  const auto parts = split(text ? std::string_view(*text) : "", ' ');
  if (parts.size() != 4) return invalid("The specified nextToken is invalid.");
  const auto at = parse_integer(parts[0]);
  const auto segment = parse_integer(parts[1]);
  const auto offset = parse_integer(parts[2]);
  if (!at || !segment || !offset) return invalid("The specified nextToken is invalid.");
  return LogPlace{.at = *at, .stream = str(parts[3]), .segment = *segment, .offset = *offset};
}

// 56 digits; the stream and the segment in the middle, so that no two events of a group have the same id.
str event_id(const LogPlace& place) {
  str id = digits_of({.at = place.at, .segment = 0, .offset = place.offset});
  const str middle =
      cat(1'000'000'000'000'000'00 + hash64(cat(place.stream, ":", place.segment)) % 100'000'000'000'000'000);
  return id.replace(20, 18, middle.substr(0, 18));
}

Outcome<LogQuery> query_of(const Tx& tx, const api::FilterLogEventsRequest& request) {
  const Key group = TRY(find_group(tx, request.logGroupName, request.logGroupIdentifier));
  const i32 limit = request.limit.value_or(limits::page_events);
  if (limit < 1 || limit > limits::page_events)
    return invalid(cat("1 validation error detected: Value '", limit,
                       "' at 'limit' failed to satisfy constraint: Member must have value between 1 and 10000"));
  TRY_VOID(pattern_of("filterPattern", *request.filterPattern));
  const i64 end = request.endTime.value_or(INT64_MAX);
  LogQuery query {
    .streams = TRY(chosen_streams(tx, group, request))
    , .start = std::max(request.startTime.value_or(0), kept_from(tx, group)),
        .end = end == INT64_MAX ? end : end + 1,  // the last millisecond that is looked at
        .events = limit, .bytes = limits::page_bytes, .pattern = *request.filterPattern
  };
  if (request.nextToken) query.from = TRY(place_of(*request.nextToken));
  return query;
}

}  // namespace

Outcome<api::FilterLogEventsResponse> filter_log_events(Tx& tx, const api::FilterLogEventsRequest& request) {
  LogQuery query = TRY(query_of(tx, request));
  api::FilterLogEventsResponse response{.events = list<api::FilteredLogEvent>{},
                                        .searchedLogStreams = list<api::SearchedLogStream>{}};
  const auto* page = tx.answer<LogPage>();
  if (page == nullptr) {
    tx.ask(std::move(query));
    return response;
  }
  for (const auto& [place, event] : page->events) {
    const auto keys = tx.where<Stream>(Stream::by_id, place.stream);
    if (keys.empty()) continue;  // deleted meanwhile
    response.events->push_back({.logStreamName = tx.find<Stream>(keys.front())->name,
                                .timestamp = event.at,
                                .message = json::repaired_utf8(event.text),
                                .ingestionTime = event.ingested,
                                .eventId = event_id(place)});
  }
  if (page->next) response.nextToken = token_of(*page->next);
  return response;
}

}  // namespace utakata::logs
