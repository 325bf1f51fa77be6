#pragma once

#include "base/outcome.hpp"
#include "services/events/matcher.hpp"

namespace utakata::events {

/// One item of a field's array in a pattern. Fault InvalidEventPatternException with AWS's reason.
Outcome<Matcher> read_matcher(const Json& item);

/// "Event pattern is not valid. Reason: ..."
std::unexpected<Fault> pattern_fault(std::string_view reason);

}  // namespace utakata::events
