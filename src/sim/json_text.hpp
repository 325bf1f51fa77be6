#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

#include "base/json.hpp"

namespace utakata::sim {

/// object({{"cluster", "dev"}, {"desiredCount", 2}})
inline Json object(std::initializer_list<std::pair<std::string_view, Json>> members) {
  Json made = Json::object();
  for (const auto& [name, value] : members) made.set(name, value);
  return made;
}
inline Json array(const std::vector<Json>& items) {
  Json made = Json::array();
  for (const Json& item : items) made.push(item);
  return made;
}
/// The items of a member that is a list; none if it is absent.
inline const std::vector<Json>& items_at(const Json& value, std::string_view name) {
  static const std::vector<Json> none;
  const Json* member = value.find(name);
  return member == nullptr ? none : member->items();
}

}  // namespace utakata::sim
