#pragma once

#include "base/json.hpp"
#include "base/types.hpp"

namespace utakata::events {

/// A path from the root of an event to one value: "$", "$.detail.items[0]", "$['detail-type']".
class JsonPath {
 public:
  /// Nothing for what is no such path; wildcards, slices and filters are not.
  static std::optional<JsonPath> parse(std::string_view text);

  /// The value; null pointer if the event has none there.
  [[nodiscard]] const Json* find(const Json& root) const;

 private:
  struct Step {
    str name = {};
    std::size_t index = 0;
    bool is_index = false;
  };
  list<Step> steps_;
};

}  // namespace utakata::events
