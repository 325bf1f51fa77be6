#include "services/logs/filter_pattern.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace utakata::logs {
namespace {

std::unexpected<Fault> bad(str message) { return refuse("InvalidParameterException", std::move(message)); }

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// What stands outside of quotes is letters and digits; AWS asks for quotes around everything else.
bool is_plain(std::string_view term) {
  return std::ranges::all_of(term, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

struct Term {
  char sign = ' ';  // '?', '-' or none
  str text;
};

/// Reads one term and takes it off the front of `rest`.
Outcome<Term> next_term(std::string_view& rest) {
  Term term;
  if (rest.front() == '?' || rest.front() == '-') {
    term.sign = rest.front();
    rest.remove_prefix(1);
  }
  if (rest.starts_with('%')) return bad("Invalid filter pattern: regular expressions (%...%) are not supported.");
  if (!rest.starts_with('"')) {
    const auto end = std::ranges::find_if(rest, is_space);
    term.text.assign(rest.begin(), end);
    if (term.text.empty() || !is_plain(term.text)) return bad(cat("Invalid character(s) in term '", term.text, "'"));
    rest.remove_prefix(term.text.size());
    return term;
  }
  std::size_t at = 1;
  for (; at < rest.size() && rest[at] != '"'; ++at) {
    if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
    term.text += rest[at];
  }
  if (at >= rest.size()) return bad("Invalid filter pattern: a quoted phrase does not end.");
  rest.remove_prefix(at + 1);
  return term;
}

}  // namespace

Outcome<FilterPattern> FilterPattern::parse(std::string_view text) {
  FilterPattern pattern;
  std::string_view rest = text;
  const auto skip = [&rest] {
    while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  };
  skip();
  if (rest.starts_with('{')) return bad("Invalid filter pattern: JSON patterns ({ ... }) are not supported.");
  if (rest.starts_with('['))
    return bad("Invalid filter pattern: space-delimited patterns ([ ... ]) are not supported.");
  for (; !rest.empty(); skip()) {
    Term term = TRY(next_term(rest));
    list<str>& terms = term.sign == '?' ? pattern.any_ : term.sign == '-' ? pattern.none_ : pattern.all_;
    terms.push_back(std::move(term.text));
  }
  // A pattern of a single space in quotes matches everything.
  if (text == "\" \"") return FilterPattern{};
  // AWS: ?terms beside others are ignored (facts: platform.md §C5).
  if (!pattern.all_.empty() || !pattern.none_.empty()) pattern.any_.clear();
  return pattern;
}

bool FilterPattern::matches(std::string_view message) const {
  const auto found = [message](const str& term) { return message.find(term) != std::string_view::npos; };
  return std::ranges::all_of(all_, found) && std::ranges::none_of(none_, found) &&
         (any_.empty() || std::ranges::any_of(any_, found));
}

}  // namespace utakata::logs
