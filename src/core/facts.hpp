#pragma once

#include <string_view>

// Kinds of facts that more than two modules speak of; the others are named in their publisher's public.hpp.
namespace utakata::facts {

/// An event for the default event bus of the key's world. Body: a JSON object with "source", "detail-type", "resources"
/// and "detail"; the events service adds version, id, account, time and region.
inline constexpr std::string_view event = "event";

/// See services/elb/public.hpp.
inline constexpr std::string_view target_health = "target_health";

}  // namespace utakata::facts
