#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace utakata::filter {

/// A regular expression as AWS and Go write them (\d \s \w \xhh, (?:...), lazy repetition) as POSIX's extended one,
/// which the C library knows; nothing if it says what that cannot.
std::optional<std::string> extended_expression(std::string_view pattern);

/// A compiled one. Copies share it; matching may be done by any thread.
class RegularExpression {
 public:
  static std::optional<RegularExpression> parse(std::string_view pattern);
  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace utakata::filter
