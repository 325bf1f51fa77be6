#pragma once

#include "base/json.hpp"
#include "base/outcome.hpp"
#include "services/events/api/targets.hpp"

// What a target gets: the event, a constant, a part of the event, or a template (facts: platform.md §D4).
namespace utakata::events {

struct Occasion {
  const Json& event;      // the whole envelope
  const str& event_text;  // the same, written
  str rule_name;
  str rule_arn;
  Instant now;
};

/// Checks the input members of a target. Fault ValidationException.
Outcome<> check_input(const api::Target&);

/// The text for the target. Fault INVALID_JSON when a template yields what is no JSON.
Outcome<str> input_for(const api::Target&, const Occasion&);

}  // namespace utakata::events
