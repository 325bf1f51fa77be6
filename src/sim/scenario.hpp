#pragma once

#include <string>
#include <string_view>

#include "base/outcome.hpp"
#include "base/types.hpp"
#include "sim/control_plane.hpp"

namespace utakata::sim {

/// What a dialogue led to.
struct ScenarioResult {
  str trace;     // what happened
  str expected;  // what the file says after "----"
  list<str> failures;

  [[nodiscard]] bool as_expected() const { return failures.empty() && trace == expected; }
};

/// Runs a dialogue (README.md lists the commands). A command that cannot be understood is a fault naming its line; a
/// command that the platform refuses is part of the trace.
Outcome<ScenarioResult> run_scenario(Program, std::string_view text);

/// The dialogue with its trace after "----" replaced.
std::string with_trace(std::string_view scenario, std::string_view trace);

}  // namespace utakata::sim
