#include "services/events/pattern.hpp"

#include <algorithm>
#include <map>

namespace utakata::events {
namespace {

using Condition = EventPattern::Condition;

/// What is left to be checked, as a chain: conditions [at, end) of one list, then the rest of an outer one.
struct Pending {
  const Condition* at;
  const Condition* end;
  const Pending* then;
};

/// Which element was chosen of each array so far.
using Chosen = std::map<std::size_t, std::size_t>;

/// Adds the value's elements to those chosen; false if another element of one of its arrays is chosen.
bool agree(const Chosen& chosen, const FlatEvent::Membership& in) {
  return std::ranges::all_of(in, [&](const auto& element) {
    const auto at = chosen.find(element.first);
    return at == chosen.end() || at->second == element.second;
  });
}

class Search {
 public:
  explicit Search(const FlatEvent& event) : event_(event) {}

  bool holds(const Pending& pending, const Chosen& chosen) {
    if (pending.at == pending.end) return pending.then == nullptr || holds(*pending.then, chosen);
    const Condition& condition = *pending.at;
    const Pending rest{.at = pending.at + 1, .end = pending.end, .then = pending.then};
    if (condition.alternatives.empty()) return value_holds(condition, rest, chosen);
    return std::ranges::any_of(condition.alternatives, [&](const list<Condition>& conditions) {
      return holds({.at = conditions.data(), .end = conditions.data() + conditions.size(), .then = &rest}, chosen);
    });
  }

 private:
  bool value_holds(const Condition& condition, const Pending& rest, const Chosen& chosen) {
    const auto& values = event_.at(condition.path);
    if (values.empty()) return std::ranges::any_of(condition.matchers, &Matcher::matches_absent) && holds(rest, chosen);
    return std::ranges::any_of(values, [&](const FlatEvent::Value& value) {
      if (!agree(chosen, value.in)) return false;
      if (!std::ranges::any_of(condition.matchers, [&](const Matcher& m) { return m.matches(*value.json); }))
        return false;
      if (value.in.empty()) return holds(rest, chosen);
      Chosen with = chosen;
      with.insert(value.in.begin(), value.in.end());
      return holds(rest, with);
    });
  }

  const FlatEvent& event_;
};

}  // namespace

bool EventPattern::matches(const FlatEvent& event) const {
  return Search(event).holds(
      {.at = conditions_.data(), .end = conditions_.data() + conditions_.size(), .then = nullptr}, {});
}

list<str> EventPattern::exact_sources() const {
  for (const Condition& condition : conditions_) {
    if (condition.path != "source" || !condition.alternatives.empty()) continue;
    list<str> sources;
    for (const Matcher& matcher : condition.matchers) {
      if (matcher.kind != Matcher::Kind::exact || !matcher.value.is_text()) return {};
      sources.push_back(matcher.value.text());
    }
    return sources;
  }
  return {};
}

}  // namespace utakata::events
