#include "services/events/tag_ops.hpp"

#include "services/events/limits.hpp"

namespace utakata::events {
namespace {

Outcome<> check(const dict<str>& tags) {
  if (tags.size() > limits::tags) return invalid(cat("A resource has at most ", limits::tags, " tags."));
  for (const auto& [name, text] : tags)
    if (name.empty() || name.size() > 128 * 4 || text.size() > 256 * 4)
      return invalid(cat("The tag '", name, "' is not valid: keys have 1 to 128 characters, values at most 256."));
  return {};
}

/// The key of the rule or custom bus that an ARN names in the caller's world.
Outcome<Key> find_tagged(const Tx& tx, const str& arn) {
  const World& world = tx.world();
  const str own = cat("arn:aws:events:", world.region, ":", world.account, ":");
  const std::string_view name = arn.starts_with(own) ? std::string_view(arn).substr(own.size()) : "";
  if (name.starts_with("rule/")) {
    const std::string_view local = name.substr(5);
    Key key = local.contains('/') ? world.key(local) : rule_key(bus_key(world, "default"), local);
    if (tx.find<Rule>(key) != nullptr) return key;
    return not_found(cat("Rule ", local, " does not exist on EventBus default."));
  }
  if (name.starts_with("event-bus/")) {
    Key key = bus_key(world, name.substr(10));
    if (tx.find<Bus>(key) != nullptr) return key;
    if (bus_exists(tx, key)) return invalid("The event bus default cannot be tagged.");
    return not_found(cat("Event bus ", name.substr(10), " does not exist."));
  }
  return not_found(cat("Resource ", arn, " does not exist."));
}

dict<str> tags_at(const Tx& tx, const Key& key) {
  const Rule* rule = tx.find<Rule>(key);
  return rule != nullptr ? rule->tags : tx.find<Bus>(key)->tags;
}

void set_tags(Tx& tx, const Key& key, const dict<str>& tags) {
  if (!tx.update<Rule>(key, [&](Rule& rule) { rule.tags = tags; }))
    tx.update<Bus>(key, [&](Bus& bus) { bus.tags = tags; });
}

}  // namespace

Outcome<dict<str>> tags_of(const list<api::Tag>& given) {
  dict<str> tags;
  for (const api::Tag& tag : given) tags[tag.Key] = tag.Value;
  TRY_VOID(check(tags));
  return tags;
}

Outcome<api::Empty> tag_resource(Tx& tx, const api::TagResourceRequest& request) {
  const Key key = TRY(find_tagged(tx, request.ResourceARN));
  dict<str> tags = tags_at(tx, key);
  for (const api::Tag& tag : request.Tags) tags[tag.Key] = tag.Value;
  TRY_VOID(check(tags));
  set_tags(tx, key, tags);
  return api::Empty{};
}

Outcome<api::Empty> untag_resource(Tx& tx, const api::UntagResourceRequest& request) {
  const Key key = TRY(find_tagged(tx, request.ResourceARN));
  dict<str> tags = tags_at(tx, key);
  for (const str& name : request.TagKeys) tags.erase(name);
  set_tags(tx, key, tags);
  return api::Empty{};
}

Outcome<api::ListTagsForResourceResponse> list_tags_for_resource(Tx& tx,
                                                                 const api::ListTagsForResourceRequest& request) {
  const Key key = TRY(find_tagged(tx, request.ResourceARN));
  api::ListTagsForResourceResponse response{.Tags = list<api::Tag>{}};
  for (const auto& [name, text] : tags_at(tx, key)) response.Tags->push_back({.Key = name, .Value = text});
  return response;
}

}  // namespace utakata::events
