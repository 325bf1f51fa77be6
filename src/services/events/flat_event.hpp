#pragma once

#include <utility>

#include "base/json.hpp"
#include "base/types.hpp"

namespace utakata::events {

/// An event as patterns see it: values by their path ("detail.state.status"), which is the same for nested keys and for
/// keys with dots. Each element of an array is a value of the array's path; values below one element remember it, since
/// conditions on objects in one array must hold on the same object.
class FlatEvent {
 public:
  /// Which element of which array; arrays are numbered through the event.
  using Membership = std::vector<std::pair<std::size_t, std::size_t>>;
  struct Value {
    const Json* json;
    Membership in;
  };

  /// The event must outlive it.
  explicit FlatEvent(const Json& event);

  [[nodiscard]] const std::vector<Value>& at(const str& path) const;

 private:
  void add(const str& path, const Json& json, Membership& in);
  void add_items(const str& path, const Json& array, Membership& in);

  dict<std::vector<Value>> values_;
  std::size_t arrays_ = 0;
};

}  // namespace utakata::events
