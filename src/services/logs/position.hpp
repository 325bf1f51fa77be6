#pragma once

#include <compare>
#include <optional>

#include "services/logs/state.hpp"

namespace utakata::logs {

/// Where an event stands in the order of a stream: by its time, then as it came.
struct Position {
  i64 at = 0;
  i64 segment = 0;
  i64 offset = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

/// 56 digits, as in AWS's tokens.
str digits_of(const Position&);
std::optional<Position> position_of(std::string_view digits);

}  // namespace utakata::logs
