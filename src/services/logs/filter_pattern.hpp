#pragma once

#include "base/outcome.hpp"
#include "base/types.hpp"

namespace utakata::logs {

/// A filter pattern of terms: all of `all` and none of `none`, or, when it is made of ?terms, one of `any`.
/// A term matches inside of longer words, too.
class FilterPattern {
 public:
  /// Fault InvalidParameterException for what is no pattern, and for JSON, space-delimited and %regex% patterns.
  static Outcome<FilterPattern> parse(std::string_view text);

  [[nodiscard]] bool matches(std::string_view message) const;

 private:
  list<str> all_, any_, none_;
};

}  // namespace utakata::logs
