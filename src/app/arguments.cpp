#include "app/arguments.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace utakata::app {
namespace {

std::unexpected<Fault> misused(std::string_view command, const std::string& message) {
  return refuse("Usage", cat("utakata ", command, ": ", message, " (see utakata help ", command, ")"));
}

}  // namespace

Outcome<Arguments> Arguments::parse(const CommandRule& rule, std::span<const std::string_view> words) {
  Arguments arguments;
  arguments.rule_ = &rule;
  bool ended = false;   // "--" has ended the options
  bool parted = false;  // "--" has stood between the first positional word and the rest
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    const bool passed_on = rule.passes_on && !arguments.positional_.empty();
    if (passed_on && word == "--" && arguments.positional_.size() == 1 && !std::exchange(parted, true)) continue;
    if (word == "--" && !ended && !passed_on) {
      ended = true;
      continue;
    }
    const bool positional = passed_on || ended;
    const auto brief = std::ranges::find(rule.options, word, &OptionRule::brief);
    if (!positional && !word.empty() && brief != rule.options.end()) {
      if (!arguments.values_.emplace(brief->name, "").second) return misused(rule.name, cat(word, " is given twice"));
      continue;
    }
    if (positional || !word.starts_with("--")) {
      if (rule.positional.empty()) return misused(rule.name, cat("does not take '", word, "'"));
      arguments.positional_.emplace_back(word);
      continue;
    }
    word.remove_prefix(2);
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const auto option = std::ranges::find(rule.options, name, &OptionRule::name);
    if (option == rule.options.end()) return misused(rule.name, cat("unknown option --", name));
    std::string value;
    if (equals != std::string_view::npos) {
      value = word.substr(equals + 1);
    } else if (!option->value.empty()) {
      if (i + 1 == words.size()) return misused(rule.name, cat("--", name, " needs a value: ", option->value));
      value = words[++i];
    }
    if (!arguments.values_.emplace(name, value).second) return misused(rule.name, cat("--", name, " is given twice"));
  }
  return arguments;
}

std::string Arguments::text(std::string_view name) const {
  if (const auto at = values_.find(name); at != values_.end()) return at->second;
  const auto option = std::ranges::find(rule_->options, name, &OptionRule::name);
  ensure(option != rule_->options.end(), cat("no such option in the rules: ", name));
  return std::string(option->otherwise);
}

Outcome<std::int64_t> Arguments::integer(std::string_view name, std::int64_t least, std::int64_t most) const {
  const auto number = parse_integer(text(name));
  if (number && *number >= least && *number <= most) return *number;
  return misused(rule_->name,
                 cat("--", name, " must be a whole number from ", least, " to ", most, ", not '", text(name), "'"));
}

std::string help_of(const CommandRule& rule) {
  std::string out = cat(rule.summary, "\n\nusage: utakata ", rule.name);
  if (!rule.options.empty()) out += " [options]";
  if (!rule.positional.empty()) out += cat(" ", rule.positional);
  out += "\n";
  std::size_t width = 0;
  for (const OptionRule& option : rule.options)
    width = std::max(
        width, option.name.size() + option.value.size() + 3 + (option.brief.empty() ? 0 : option.brief.size() + 2));
  if (!rule.options.empty()) out += "\noptions:\n";
  for (const OptionRule& option : rule.options) {
    std::string left = cat(option.brief, option.brief.empty() ? "" : ", ", "--", option.name);
    if (!option.value.empty()) left += cat(" ", option.value);
    left.resize(width, ' ');
    out += cat("  ", left, "  ", option.help);
    if (!option.otherwise.empty()) out += cat(" (", option.otherwise, ")");
    out += "\n";
  }
  if (!rule.examples.empty()) out += cat("\nexamples:\n", rule.examples);
  return out;
}

}  // namespace utakata::app
