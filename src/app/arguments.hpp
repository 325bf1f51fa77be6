#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/outcome.hpp"

namespace utakata::app {

/// One option of a command: "--count N", or a flag when `value` is empty.
struct OptionRule {
  std::string_view name;   // without the dashes
  std::string_view value;  // what stands for its value in the help; empty = a flag
  std::string_view help;
  std::string_view otherwise = {};  // the value when it is not given
  std::string_view brief = {};      // another way to write a flag, with its dash: "-it"
};

struct CommandRule {
  std::string_view name;     // "spot reclaim"
  std::string_view summary;  // one line
  std::span<const OptionRule> options;
  std::string_view positional = {};  // e.g. "[TASK...]"; empty = none allowed
  std::string_view examples = {};    // lines of the help, as they are
  bool passes_on = false;            // options end at the first positional word: the rest is another program's
};

/// The words of a command line, held against a command's rules. "--" ends the options.
class Arguments {
 public:
  /// Faults name the option: unknown, without its value, given twice, or a word too many.
  static Outcome<Arguments> parse(const CommandRule&, std::span<const std::string_view> words);

  [[nodiscard]] bool flag(std::string_view name) const { return values_.contains(name); }
  [[nodiscard]] bool given(std::string_view name) const { return values_.contains(name); }
  [[nodiscard]] std::string text(std::string_view name) const;
  /// Fault names the option when its value is no whole number from `least` to `most`.
  [[nodiscard]] Outcome<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most) const;
  [[nodiscard]] const std::vector<std::string>& positional() const { return positional_; }

 private:
  const CommandRule* rule_ = nullptr;
  std::map<std::string, std::string, std::less<>> values_;
  std::vector<std::string> positional_;
};

std::string help_of(const CommandRule&);

}  // namespace utakata::app
