#include "services/events/state.hpp"

#include <algorithm>

#include "services/events/limits.hpp"

namespace utakata::events {
namespace {

constexpr std::string_view default_bus = "default";

template <class Row>
std::vector<Key> keys_below(const Tx& tx, const Key& prefix) {
  std::vector<Key> keys;
  tx.each<Row>(prefix, [&](const Key& key, const Row&) { keys.push_back(key); });
  return keys;
}

}  // namespace

void declare_tables(Schema& schema) {
  schema.table<Bus>();
  schema.table<Rule>();
  schema.table<Target>();
}

Key bus_key(const World& world, std::string_view bus) { return world.key(bus); }
Key rule_key(const Key& bus, std::string_view rule) { return cat(bus, "/", rule); }
Key target_key(const Key& rule, std::string_view id) { return cat(rule, "/", id); }

str bus_arn(const Key& bus) {
  const World world = world_of(bus);
  return cat("arn:aws:events:", world.region, ":", world.account, ":event-bus/", local_part(bus));
}

str rule_arn(const Key& rule) {
  const World world = world_of(rule);
  std::string_view local = local_part(rule);
  if (local.starts_with("default/")) local.remove_prefix(default_bus.size() + 1);
  return cat("arn:aws:events:", world.region, ":", world.account, ":rule/", local);
}

bool is_name(std::string_view name, std::size_t most) {
  return !name.empty() && name.size() <= most && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  });
}

bool bus_exists(const Tx& tx, const Key& bus) { return local_part(bus) == default_bus || tx.find<Bus>(bus) != nullptr; }

Outcome<Key> find_bus(const Tx& tx, const opt<str>& name_or_arn) {
  std::string_view name = name_or_arn ? std::string_view(*name_or_arn) : default_bus;
  const str own = bus_arn(bus_key(tx.world(), ""));
  if (name.starts_with(own)) name.remove_prefix(own.size());
  Key key = bus_key(tx.world(), name);
  if (!is_name(name, limits::bus_name_characters) || !bus_exists(tx, key))
    return not_found(cat("Event bus ", name, " does not exist."));
  return key;
}

Outcome<Key> find_rule(const Tx& tx, std::string_view rule, const opt<str>& bus) {
  const Key in = TRY(find_bus(tx, bus));
  Key key = rule_key(in, rule);
  if (!is_name(rule, limits::name_characters) || tx.find<Rule>(key) == nullptr)
    return not_found(cat("Rule ", rule, " does not exist on EventBus ", local_part(in), "."));
  return key;
}

std::vector<Key> rule_keys(const Tx& tx, const Key& bus, std::string_view name_prefix) {
  return keys_below<Rule>(tx, rule_key(bus, name_prefix));
}

std::vector<Key> target_keys(const Tx& tx, const Key& rule) { return keys_below<Target>(tx, target_key(rule, "")); }

std::unexpected<Fault> invalid(str message) { return refuse("ValidationException", std::move(message)); }
std::unexpected<Fault> not_found(str message) { return refuse("ResourceNotFoundException", std::move(message)); }
std::unexpected<Fault> too_many() {
  return refuse("LimitExceededException", "The requested resource exceeds the maximum number allowed.");
}

Outcome<PageBounds> page_bounds(const opt<str>& token, const opt<i32>& limit) {
  const i32 most = limit.value_or(limits::list_results);
  if (most < 1 || most > limits::list_results)
    return invalid(cat("1 validation error detected: Value '", most,
                       "' at 'limit' failed to satisfy constraint: Member must have value between 1 and 100"));
  const auto from = token ? base64_decode(*token) : std::optional<std::string>("");
  if (!from) return invalid("Parameter NextToken is not valid.");
  return PageBounds{.from = *from, .most = static_cast<std::size_t>(most)};
}

str page_token(std::string_view name) { return base64_encode(name); }

}  // namespace utakata::events
