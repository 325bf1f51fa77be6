#include <algorithm>

#include "base/hash.hpp"
#include "services/logs/filter_pattern.hpp"
#include "services/logs/limits.hpp"
#include "services/logs/position.hpp"
#include "services/logs/stream_ops.hpp"

namespace utakata::logs {
namespace {

/// The place of an event among those of all streams of a group.
struct Place {
  i64 at = 0;
  Key stream;
  i64 chunk = 0;
  i64 index = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

struct Match {
  Place place;
  const Event* event = nullptr;
};

struct Search {
  Key group;
  FilterPattern pattern;
  i64 start = 0;
  i64 end = INT64_MAX;  // the last millisecond that is looked at
  Place from;           // the first place that is looked at
  std::size_t limit = 0;
  std::size_t scan_bytes = limits::scan_bytes;
};

struct Candidate {
  i64 first = 0;
  Key key;
  friend auto operator<=>(const Candidate&, const Candidate&) = default;
};

Outcome<std::vector<Key>> chosen_streams(const Tx& tx, const Key& group, const api::FilterLogEventsRequest& request) {
  if (request.logStreamNames && request.logStreamNamePrefix)
    return invalid("logStreamNamePrefix and logStreamNames cannot be used together.");
  std::vector<Key> streams;
  if (!request.logStreamNames) {
    tx.each<Stream>(cat(group, ":", *request.logStreamNamePrefix),
                    [&](const Key& key, const Stream&) { streams.push_back(key); });
    return streams;
  }
  if (request.logStreamNames->empty() || request.logStreamNames->size() > limits::streams_filtered)
    return invalid(
        "1 validation error detected: Value at 'logStreamNames' failed to satisfy constraint: Member must have length "
        "between 1 and 100");
  for (const str& name : *request.logStreamNames) streams.push_back(TRY(find_stream(tx, group, name)));
  return streams;
}

std::vector<Candidate> candidates(const Tx& tx, const std::vector<Key>& streams, const Search& search) {
  std::vector<Candidate> all;
  for (const Key& stream : streams)
    tx.each<Chunk>(cat(stream, ":"), [&](const Key& key, const Chunk& chunk) {
      if (chunk.last >= search.start && chunk.first <= search.end && chunk.last >= search.from.at)
        all.push_back({.first = chunk.first, .key = key});
    });
  std::ranges::sort(all);
  return all;
}

void match_chunk(const Tx& tx, const Key& key, const Search& search, std::vector<Match>& matches) {
  const Chunk& chunk = *tx.find<Chunk>(key);
  const Key stream = key.substr(0, key.rfind(':'));
  for (std::size_t i = 0; i < chunk.events.size(); ++i) {
    const Event& event = chunk.events[i];
    if (event.at < search.start || event.at > search.end) continue;
    Place place{.at = event.at, .stream = stream, .chunk = chunk.number, .index = static_cast<i64>(i)};
    if (place < search.from || !search.pattern.matches(event.text)) continue;
    matches.push_back({.place = std::move(place), .event = &event});
  }
}

struct Result {
  std::vector<Match> matches;
  std::optional<Place> next;
};

// Chunks in the order of their first event, until enough has been looked through: what is before the first event of the
// next chunk is then complete.
Result run(const Tx& tx, const std::vector<Key>& streams, const Search& search) {
  Result result;
  std::size_t scanned = 0;
  for (const Candidate& candidate : candidates(tx, streams, search)) {
    if (scanned >= search.scan_bytes && candidate.first > search.from.at) {
      result.next = Place{.at = candidate.first};
      break;
    }
    match_chunk(tx, candidate.key, search, result.matches);
    scanned += static_cast<std::size_t>(tx.find<Chunk>(candidate.key)->bytes);
  }
  std::ranges::sort(result.matches, {}, &Match::place);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < result.matches.size(); ++i) {
    const Match& match = result.matches[i];
    bytes += match.event->text.size() + limits::event_overhead;
    const bool complete = !result.next || match.place < *result.next;
    if (complete && i < search.limit && (i == 0 || bytes <= limits::page_bytes)) continue;
    result.next = complete ? match.place : *result.next;
    result.matches.resize(i);
    break;
  }
  return result;
}

str token_of(const Place& place) {
  return base64_encode(cat(place.at, " ", place.chunk, " ", place.index, " ", place.stream));
}

Outcome<Place> place_of(const str& token) {
  const auto text = base64_decode(token);
  const auto parts = split(text ? std::string_view(*text) : "", ' ');
  if (parts.size() < 4) return invalid("The specified nextToken is invalid.");
  const auto at = parse_integer(parts[0]);
  const auto chunk = parse_integer(parts[1]);
  const auto index = parse_integer(parts[2]);
  if (!at || !chunk || !index) return invalid("The specified nextToken is invalid.");
  const std::size_t before_stream = parts[0].size() + parts[1].size() + parts[2].size() + 3;
  return Place{.at = *at, .stream = text->substr(before_stream), .chunk = *chunk, .index = *index};
}

str event_id(const Place& place) {
  str id = digits_of({.at = place.at, .chunk = 0, .index = place.index});
  // The stream and the chunk in the middle, so that no two events of a group have the same id.
  const str middle =
      cat(1'000'000'000'000'000'00 + hash64(cat(place.stream, ":", place.chunk)) % 100'000'000'000'000'000);
  return id.replace(20, 18, middle.substr(0, 18));
}

api::FilteredLogEvent shown(const Tx& tx, const Match& match) {
  return {.logStreamName = tx.find<Stream>(match.place.stream)->name,
          .timestamp = match.event->at,
          .message = match.event->text,
          .ingestionTime = match.event->ingested,
          .eventId = event_id(match.place)};
}

}  // namespace

Outcome<api::FilterLogEventsResponse> filter_log_events(Tx& tx, const api::FilterLogEventsRequest& request) {
  const Key group = TRY(find_group(tx, request.logGroupName, request.logGroupIdentifier));
  const std::vector<Key> streams = TRY(chosen_streams(tx, group, request));
  const i32 limit = request.limit.value_or(limits::page_events);
  if (limit < 1 || limit > limits::page_events)
    return invalid(cat("1 validation error detected: Value '", limit,
                       "' at 'limit' failed to satisfy constraint: Member must have value between 1 and 10000"));
  Search search {
    .group = group, .pattern = TRY(FilterPattern::parse(*request.filterPattern))
    , .start = request.startTime.value_or(0), .end = request.endTime.value_or(INT64_MAX),
        .limit = static_cast<std::size_t>(limit)
  };
  if (request.nextToken) search.from = TRY(place_of(*request.nextToken));
  const Result result = run(tx, streams, search);
  api::FilterLogEventsResponse response{.events = list<api::FilteredLogEvent>{},
                                        .searchedLogStreams = list<api::SearchedLogStream>{}};
  for (const Match& match : result.matches) response.events->push_back(shown(tx, match));
  if (result.next) response.nextToken = token_of(*result.next);
  return response;
}

}  // namespace utakata::logs
