#pragma once

#include <memory>
#include <string_view>

#include "base/outcome.hpp"
#include "base/types.hpp"

namespace utakata::filter {

/// What tells whether one message matches; may be asked by any thread.
class Matcher {
 public:
  Matcher() = default;
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;
  virtual ~Matcher() = default;
  [[nodiscard]] virtual bool matches(std::string_view message) const = 0;
  /// Of a message that matches: what the pattern's selectors ("$.a.b") and fields ("$status", without a name "$1") have
  /// found in it.
  [[nodiscard]] virtual dict<str> extracted(std::string_view) const { return {}; }
};
using MatcherOutcome = Outcome<std::unique_ptr<Matcher>>;

MatcherOutcome parse_terms(std::string_view pattern);   // ERROR "a phrase" -not ?either ?or %regex%
MatcherOutcome parse_json(std::string_view pattern);    // { $.a.b = "x*" && $.c[0] > 3 }
MatcherOutcome parse_fields(std::string_view pattern);  // [ip, user, ..., status = 4*, bytes > 1000]

/// A filter pattern of CloudWatch Logs, of any of its three kinds. A term matches inside of longer words, too.
class Pattern {
 public:
  /// Fault InvalidParameterException names what is wrong with it.
  static Outcome<Pattern> parse(std::string_view text);

  [[nodiscard]] bool matches(std::string_view message) const { return !matcher_ || matcher_->matches(message); }

  [[nodiscard]] dict<str> extracted(std::string_view message) const {
    return matcher_ ? matcher_->extracted(message) : dict<str>();
  }

 private:
  std::shared_ptr<const Matcher> matcher_;  // nullptr: everything matches
};

}  // namespace utakata::filter
