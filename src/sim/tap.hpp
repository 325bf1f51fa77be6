#pragma once

#include <optional>
#include <string>

#include "core/schema.hpp"

namespace utakata {
struct Step;
}

namespace utakata::sim {

/// The events of the latest instant, kept as a row like everything else, so that a simulation sees what a customer's
/// event bus would see without any way around the core.
struct TappedEvents {
  static constexpr std::string_view table_name = "sim_tapped_events";
  Instant at;
  list<str> bodies;
};

/// A module of the simulated program: listens to facts::event.
void declare_tap(Schema&);

/// The events of that instant so far, if the step had any.
std::optional<TappedEvents> tapped(const Step&);

}  // namespace utakata::sim
