#include "services/events/bus_ops.hpp"

#include "services/events/limits.hpp"
#include "services/events/tag_ops.hpp"

namespace utakata::events {
namespace {

api::EventBus shown(const Tx& tx, const Key& key) {
  api::EventBus view{.Name = str(local_part(key)), .Arn = bus_arn(key)};
  const Bus* bus = tx.find<Bus>(key);
  if (bus == nullptr) return view;
  view.Description = bus->description;
  view.CreationTime = view.LastModifiedTime = bus->created_at;
  return view;
}

/// "default" and the custom buses, in the order of their names.
std::vector<Key> all_buses(const Tx& tx) {
  std::vector<Key> keys;
  const Key own = bus_key(tx.world(), "default");
  bool placed = false;
  tx.each<Bus>(tx.world().prefix(), [&](const Key& key, const Bus&) {
    if (!placed && own < key) keys.push_back(own);
    placed = placed || own < key;
    keys.push_back(key);
  });
  if (!placed) keys.push_back(own);
  return keys;
}

}  // namespace

Outcome<api::CreateEventBusResponse> create_event_bus(Tx& tx, const api::CreateEventBusRequest& request) {
  if (request.EventSourceName) return invalid("EventSourceName: partner event sources are not supported.");
  if (!is_name(request.Name, limits::bus_name_characters))
    return invalid(cat("1 validation error detected: Value '", request.Name.substr(0, 300),
                       "' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: "
                       "[\\.\\-_A-Za-z0-9]+, with 1 to 256 characters"));
  const Key key = bus_key(tx.world(), request.Name);
  if (bus_exists(tx, key))
    return refuse("ResourceAlreadyExistsException", cat("Event bus ", request.Name, " already exists."));
  if (all_buses(tx).size() >= limits::buses) return too_many();
  tx.put(
      key, Bus {
        .name = request.Name, .description = request.Description, .kms_key_identifier = request.KmsKeyIdentifier,
        .tags = TRY(tags_of(*request.Tags))
        , .created_at = tx.now()
      });
  return api::CreateEventBusResponse{
      .EventBusArn = bus_arn(key), .Description = request.Description, .KmsKeyIdentifier = request.KmsKeyIdentifier};
}

// AWS: a bus with rules cannot be deleted; one that does not exist is no error.
Outcome<api::Empty> delete_event_bus(Tx& tx, const api::DeleteEventBusRequest& request) {
  if (request.Name == "default") return invalid("Cannot delete event bus default.");
  const auto key = find_bus(tx, request.Name);
  if (!key) return api::Empty{};
  if (!rule_keys(tx, *key).empty()) return invalid("Cannot delete an event bus with associated rules.");
  tx.erase<Bus>(*key);
  return api::Empty{};
}

Outcome<api::DescribeEventBusResponse> describe_event_bus(Tx& tx, const api::DescribeEventBusRequest& request) {
  const Key key = TRY(find_bus(tx, request.Name));
  const api::EventBus view = shown(tx, key);
  const Bus* bus = tx.find<Bus>(key);
  return api::DescribeEventBusResponse{.Name = view.Name,
                                       .Arn = view.Arn,
                                       .Description = view.Description,
                                       .KmsKeyIdentifier = bus != nullptr ? bus->kms_key_identifier : opt<str>(),
                                       .CreationTime = view.CreationTime,
                                       .LastModifiedTime = view.LastModifiedTime};
}

Outcome<api::ListEventBusesResponse> list_event_buses(Tx& tx, const api::ListEventBusesRequest& request) {
  const PageBounds bounds = TRY(page_bounds(request.NextToken, request.Limit));
  api::ListEventBusesResponse response{.EventBuses = list<api::EventBus>{}};
  for (const Key& key : all_buses(tx)) {
    const std::string_view name = local_part(key);
    if (name < bounds.from || !name.starts_with(*request.NamePrefix)) continue;
    if (response.EventBuses->size() == bounds.most) {
      response.NextToken = page_token(name);
      break;
    }
    response.EventBuses->push_back(shown(tx, key));
  }
  return response;
}

}  // namespace utakata::events
