#include "sim/tap.hpp"

#include "core/facts.hpp"
#include "core/machine.hpp"

namespace utakata::sim {
namespace {

const Key tap_key = "sim/events";

void hear(Tx& tx, const Fact& fact) {
  const TappedEvents* known = tx.find<TappedEvents>(tap_key);
  TappedEvents events = known != nullptr && known->at == tx.now() ? *known : TappedEvents{.at = tx.now(), .bodies = {}};
  events.bodies.push_back(fact.body);
  tx.put(tap_key, std::move(events));
}

}  // namespace

void declare_tap(Schema& schema) {
  schema.table<TappedEvents>();
  schema.listen(facts::event, hear);
}

std::optional<TappedEvents> tapped(const Step& step) {
  for (const Change& change : step.changes) {
    if (change.table != TappedEvents::table_name || !change.row) continue;
    if (auto events = cbor::read<TappedEvents>(*change.row)) return *std::move(events);
  }
  return {};
}

}  // namespace utakata::sim
