#pragma once

#include <string_view>

#include "base/types.hpp"

namespace utakata {

/// The value of an enumeration (OneOf) that has this name; absent if none has.
template <class Enumeration>
constexpr opt<Enumeration> named(std::string_view name) {
  Enumeration value;
  for (value.index = 0; value.index < std::size(Enumeration::names); ++value.index)
    if (value.name() == name) return value;
  return {};
}

}  // namespace utakata
