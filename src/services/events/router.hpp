#pragma once

#include "base/json.hpp"
#include "services/events/state.hpp"

namespace utakata::events {

/// True if a rule of the bus is enabled: without one no event needs to be made.
bool has_enabled_rules(const Tx&, const Key& bus);

/// What happened, before it is an event.
struct Happening {
  str source;
  str detail_type;
  list<str> resources = {};
  Json detail = Json::object();
  Instant at = {};
  str id = {};
};

/// Gives the event to the targets of every rule of the bus that matches it.
void route(Tx&, const Key& bus, const Happening&);

/// Hears facts::event: an event of one of our own services, for the default bus of its world.
void hear_event(Tx&, const Fact&);

}  // namespace utakata::events
