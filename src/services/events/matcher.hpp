#pragma once

#include "base/json.hpp"
#include "base/types.hpp"
#include "services/events/cidr.hpp"

namespace utakata::events {

/// One alternative of a field in an event pattern.
struct Matcher {
  enum class Kind : std::uint8_t {
    exact,
    prefix,
    suffix,
    equals_ignore_case,
    wildcard,
    numeric,
    cidr,
    exists,
    anything_but  // present, and none of `others` matches
  };
  enum class Compare : std::uint8_t { none, less, less_or_equal, equal, greater, greater_or_equal };

  Kind kind = Kind::exact;
  Json value = {};           // exact
  str text = {};             // prefix, suffix, equals_ignore_case, wildcard
  bool ignore_case = false;  // prefix, suffix
  bool present = true;       // exists
  Compare first_compare = Compare::none, second_compare = Compare::none;
  double first = 0, second = 0;
  CidrRange range = {};
  list<Matcher> others = {};

  /// Whether it matches a field of the event that is there.
  [[nodiscard]] bool matches(const Json& field) const;
  /// Whether it matches a field that the event does not have.
  [[nodiscard]] bool matches_absent() const { return kind == Kind::exists && !present; }
};

}  // namespace utakata::events
