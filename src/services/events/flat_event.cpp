#include "services/events/flat_event.hpp"

namespace utakata::events {

FlatEvent::FlatEvent(const Json& event) {
  Membership none;
  add("", event, none);
}

const std::vector<FlatEvent::Value>& FlatEvent::at(const str& path) const {
  static const std::vector<Value> nothing;
  const auto found = values_.find(path);
  return found == values_.end() ? nothing : found->second;
}

void FlatEvent::add(const str& path, const Json& json, Membership& in) {
  if (json.is_array()) return add_items(path, json, in);
  if (!json.is_object()) {
    values_[path].push_back({.json = &json, .in = in});
    return;
  }
  for (std::size_t i = 0; i < json.size(); ++i)
    add(path.empty() ? json.names()[i] : cat(path, ".", json.names()[i]), json.items()[i], in);
}

void FlatEvent::add_items(const str& path, const Json& array, Membership& in) {
  const std::size_t number = arrays_++;
  for (std::size_t i = 0; i < array.size(); ++i) {
    in.emplace_back(number, i);
    add(path, array.items()[i], in);
    in.pop_back();
  }
}

}  // namespace utakata::events
