#include "services/events/event_ops.hpp"

#include <algorithm>
#include <array>

#include "services/events/limits.hpp"
#include "services/events/pattern.hpp"
#include "services/events/router.hpp"

namespace utakata::events {
namespace {

std::unexpected<Fault> missing(std::string_view parameter) {
  return refuse("InvalidArgument",
                cat("Parameter ", parameter, " is not valid. Reason: ", parameter, " is a required argument."));
}

// As AWS counts it (facts: platform.md §D1).
std::size_t bytes_of(const api::PutEventsRequestEntry& entry) {
  std::size_t bytes = (entry.Time ? 14U : 0U) + entry.Source->size() + entry.DetailType->size() + entry.Detail->size();
  for (const str& resource : *entry.Resources) bytes += resource.size();
  return bytes;
}

Outcome<> check(const api::PutEventsRequest& request) {
  if (request.Entries.empty() || request.Entries.size() > limits::put_entries)
    return invalid(cat("1 validation error detected: Value of ", request.Entries.size(),
                       " entries at 'entries' failed to satisfy constraint: Member must have length ",
                       request.Entries.empty() ? "greater than or equal to 1" : "less than or equal to 10"));
  std::size_t bytes = 0;
  for (const auto& entry : request.Entries) bytes += bytes_of(entry);
  if (bytes > limits::put_bytes) return invalid("Total size of the entries in the request is over the limit.");
  return {};
}

/// Routes one entry; the id of its event.
Outcome<str> put(Tx& tx, const api::PutEventsRequestEntry& entry) {
  if (entry.Source->empty()) return missing("Source");
  if (entry.DetailType->empty()) return missing("DetailType");
  if (entry.Detail->empty()) return missing("Detail");
  auto detail = Json::parse(*entry.Detail, {.depth = limits::detail_depth});
  if (!detail || !detail->is_object()) return refuse("MalformedDetail", "Detail is malformed.");
  if (entry.Source->starts_with("aws.")) return refuse("NotAuthorizedForSource", "Not authorized for the source.");
  Happening happening{.source = *entry.Source,
                      .detail_type = *entry.DetailType,
                      .resources = *entry.Resources,
                      .detail = *std::move(detail),
                      .at = entry.Time ? *entry.Time : tx.now(),
                      .id = tx.uuid()};
  // AWS: an event for a bus that does not exist gets its id, and is gone.
  const auto bus = find_bus(tx, entry.EventBusName);
  if (bus) route(tx, *bus, happening);
  return happening.id;
}

bool is_event(const Json& event) {
  constexpr std::array<std::string_view, 7> required{"id",     "account",   "source",     "time",
                                                     "region", "resources", "detail-type"};
  return event.is_object() &&
         std::ranges::all_of(required, [&](std::string_view name) { return event.find(name) != nullptr; });
}

}  // namespace

Outcome<api::PutEventsResponse> put_events(Tx& tx, const api::PutEventsRequest& request) {
  TRY_VOID(check(request));
  api::PutEventsResponse response{.FailedEntryCount = 0, .Entries = list<api::PutEventsResultEntry>{}};
  for (const auto& entry : request.Entries) {
    if (auto id = put(tx, entry)) {
      response.Entries->push_back({.EventId = *std::move(id)});
    } else {
      response.Entries->push_back({.ErrorCode = id.error().code, .ErrorMessage = id.error().message});
      ++*response.FailedEntryCount;
    }
  }
  return response;
}

Outcome<api::TestEventPatternResponse> test_event_pattern(Tx&, const api::TestEventPatternRequest& request) {
  const EventPattern pattern = TRY(EventPattern::parse(request.EventPattern));
  const auto event = Json::parse(request.Event, {.depth = limits::detail_depth});
  if (!event || !is_event(*event)) return invalid("Parameter Event is not valid.");
  return api::TestEventPatternResponse{.Result = pattern.matches(FlatEvent(*event))};
}

}  // namespace utakata::events
