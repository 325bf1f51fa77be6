#include "services/logs/live_tail_ops.hpp"

#include <algorithm>

#include "base/json_scanner.hpp"
#include "services/logs/limits.hpp"
#include "services/logs/state.hpp"

namespace utakata::logs {
namespace {

Outcome<> check_list(const opt<list<str>>& names, std::string_view member, std::size_t most) {
  if (!names || (!names->empty() && names->size() <= most)) return {};
  return invalid(cat("1 validation error detected: Value at '", member,
                     "' failed to satisfy constraint: Member must have length between 1 and ", most));
}

Outcome<> check_live_tail(const api::StartLiveTailRequest& request) {
  TRY_VOID(check_list(request.logGroupIdentifiers, "logGroupIdentifiers", limits::live_tail_groups));
  TRY_VOID(check_list(request.logStreamNames, "logStreamNames", limits::streams_filtered));
  TRY_VOID(check_list(request.logStreamNamePrefixes, "logStreamNamePrefixes", limits::streams_filtered));
  if (request.logStreamNames && request.logStreamNamePrefixes)
    return invalid("logStreamNamePrefixes and logStreamNames cannot be used together.");
  if ((request.logStreamNames || request.logStreamNamePrefixes) && request.logGroupIdentifiers.size() > 1)
    return invalid("logStreamNames and logStreamNamePrefixes can only be used with one log group.");
  TRY_VOID(pattern_of("logEventFilterPattern", *request.logEventFilterPattern));
  return {};
}

bool is_chosen(const api::LiveTailSessionStart& session, const str& stream) {
  if (session.logStreamNames)
    return std::ranges::find(*session.logStreamNames, stream) != session.logStreamNames->end();
  if (!session.logStreamNamePrefixes) return true;
  return std::ranges::any_of(*session.logStreamNamePrefixes,
                             [&](const str& prefix) { return stream.starts_with(prefix); });
}

struct Source {
  str group;  // as the caller named it
  str stream;
};

/// By the streams' ids.
dict<Source> sources_of(const Tx& tx, const api::LiveTailSessionStart& session) {
  dict<Source> sources;
  for (const str& identifier : *session.logGroupIdentifiers) {
    const auto group = find_group(tx, identifier);
    if (!group) continue;
    tx.each<Stream>(cat(*group, ":"), [&](const Key&, const Stream& stream) {
      if (is_chosen(session, stream.name)) sources[stream.id] = {.group = identifier, .stream = stream.name};
      return sources.size() < limits::streams_searched;
    });
  }
  return sources;
}

}  // namespace

Outcome<api::StartLiveTailResponse> start_live_tail(Tx& tx, const api::StartLiveTailRequest& request) {
  TRY_VOID(check_live_tail(request));
  for (const str& identifier : request.logGroupIdentifiers) TRY_VOID(find_group(tx, identifier));
  const auto id = [&] {
    const str digits = tx.random_hex(32);
    return cat(digits.substr(0, 8), "-", digits.substr(8, 4), "-", digits.substr(12, 4), "-", digits.substr(16, 4), "-",
               digits.substr(20));
  };
  return api::StartLiveTailResponse{
      .responseStream = api::StartLiveTailResponseStream{
          .sessionStart = api::LiveTailSessionStart{.requestId = id(),
                                                    .sessionId = id(),
                                                    .logGroupIdentifiers = request.logGroupIdentifiers,
                                                    .logStreamNames = request.logStreamNames,
                                                    .logStreamNamePrefixes = request.logStreamNamePrefixes,
                                                    .logEventFilterPattern = request.logEventFilterPattern}}};
}

Outcome<LiveTailPage> live_tail_page(Tx& tx, const LiveTailRequest& request) {
  const dict<Source> sources = sources_of(tx, request.session);
  const auto* page = tx.answer<LogPage>();
  if (sources.empty()) return LiveTailPage{};
  if (page == nullptr) {
    LogQuery query{.start = request.from, .newest = true, .events = limits::page_events, .bytes = limits::page_bytes};
    query.pattern = *request.session.logEventFilterPattern;
    for (const auto& [id, source] : sources) query.streams.push_back(id);
    tx.ask(std::move(query));
    return LiveTailPage{};
  }
  LiveTailPage result{.events = {}, .more = page->next || page->events.size() >= std::size_t{limits::page_events}};
  for (const auto& [place, event] : page->events) {
    const auto source = sources.find(place.stream);
    if (source == sources.end()) continue;
    result.events.push_back({.place = place,
                             .event = {.logStreamName = source->second.stream,
                                       .logGroupIdentifier = source->second.group,
                                       .message = json::repaired_utf8(event.text),
                                       .timestamp = event.at,
                                       .ingestionTime = event.ingested}});
  }
  return result;
}

}  // namespace utakata::logs
