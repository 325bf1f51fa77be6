#include "services/events/router.hpp"

#include <algorithm>

#include "services/events/deliver.hpp"
#include "services/events/pattern.hpp"

namespace utakata::events {
namespace {

Json envelope(const Happening& happening, const World& world) {
  Json event = Json::object();
  event.set("version", "0");
  event.set("id", happening.id);
  event.set("detail-type", happening.detail_type);
  event.set("source", happening.source);
  event.set("account", world.account);
  event.set("time", iso8601(happening.at));
  event.set("region", world.region);
  Json& resources = event.set("resources", Json::array());
  for (const str& resource : happening.resources) resources.push(resource);
  event.set("detail", happening.detail);
  return event;
}

bool may_match(const Rule& rule, const str& source) {
  if (rule.state == "DISABLED" || rule.pattern.empty()) return false;
  return rule.sources.empty() || std::ranges::find(rule.sources, source) != rule.sources.end();
}

}  // namespace

bool has_enabled_rules(const Tx& tx, const Key& bus) {
  bool any = false;
  tx.each<Rule>(rule_key(bus, ""), [&](const Key&, const Rule& rule) {
    any = rule.state != "DISABLED";
    return !any;
  });
  return any;
}

void route(Tx& tx, const Key& bus, const Happening& happening) {
  std::vector<Key> candidates;
  tx.each<Rule>(rule_key(bus, ""), [&](const Key& key, const Rule& rule) {
    if (may_match(rule, happening.source)) candidates.push_back(key);
  });
  if (candidates.empty()) return;
  const Json event = envelope(happening, world_of(bus));
  const FlatEvent flat(event);
  const str text = event.write();
  for (const Key& key : candidates) {
    const Rule& rule = *tx.find<Rule>(key);
    const auto pattern = EventPattern::parse(rule.pattern);
    if (!pattern || !pattern->matches(flat)) continue;
    const Occasion occasion{
        .event = event, .event_text = text, .rule_name = rule.name, .rule_arn = rule_arn(key), .now = tx.now()};
    for (const Key& target : target_keys(tx, key)) deliver(tx, tx.find<Target>(target)->target, occasion, happening.at);
  }
}

void hear_event(Tx& tx, const Fact& fact) {
  const World world = world_of(fact.key);
  const Key bus = bus_key(world, "default");
  if (!has_enabled_rules(tx, bus)) return;
  const auto body = Json::parse(fact.body, {.depth = 1'000});
  ensure(body.has_value() && body->is_object(), "a fact of the kind event carries no JSON object");
  Happening happening{.source = str(body->text_at({"source"})),
                      .detail_type = str(body->text_at({"detail-type"})),
                      .at = tx.now(),
                      .id = tx.uuid()};
  if (const Json* resources = body->find("resources"))
    for (const Json& resource : resources->items()) happening.resources.push_back(resource.text());
  if (const Json* detail = body->find("detail")) happening.detail = *detail;
  route(tx, bus, happening);
}

}  // namespace utakata::events
