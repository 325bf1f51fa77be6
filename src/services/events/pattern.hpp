#pragma once

#include "services/events/flat_event.hpp"
#include "services/events/matcher.hpp"

namespace utakata::events {

/// An event pattern: conditions that must all hold (facts: platform.md §D3; the language is that of aws/event-ruler).
class EventPattern {
 public:
  struct Condition {
    str path = {};
    list<Matcher> matchers = {};              // alternatives for the value at the path...
    list<list<Condition>> alternatives = {};  // ...or, of a "$or", lists of conditions
  };

  /// Fault InvalidEventPatternException with AWS's reason.
  static Outcome<EventPattern> parse(std::string_view text);

  [[nodiscard]] bool matches(const FlatEvent&) const;

  /// The sources that it can match at all, when they are told apart by exact values; nothing: any.
  [[nodiscard]] list<str> exact_sources() const;

 private:
  list<Condition> conditions_;
};

}  // namespace utakata::events
