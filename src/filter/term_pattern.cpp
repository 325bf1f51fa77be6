#include <algorithm>

#include "base/text.hpp"
#include "filter/pattern.hpp"
#include "filter/scanner.hpp"

namespace utakata::filter {
namespace {

// What stands outside of quotes is letters and digits; AWS asks for quotes around everything else.
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

struct Term {
  str text;
  std::optional<RegularExpression> expression;

  [[nodiscard]] bool is_in(std::string_view message) const {
    return expression ? expression->matches(message) : message.contains(text);
  }
};

class Terms final : public Matcher {
 public:
  [[nodiscard]] bool matches(std::string_view message) const override {
    const auto found = [message](const Term& term) { return term.is_in(message); };
    return std::ranges::all_of(all, found) && std::ranges::none_of(none, found) &&
           (any.empty() || std::ranges::any_of(any, found));
  }
  list<Term> all, any, none;
};

Outcome<Term> next_term(Scanner& in) {
  if (in.peek() == '%') return Term {
      .text = {}, .expression = TRY(in.expression())
    };
  if (in.peek() == '"') return Term {
      .text = TRY(in.quoted())
      , .expression = {}
    };
  const std::string_view begin = in.rest();
  const std::string_view text = in.until(" \t\r\n");
  if (text.empty()) return in.bad("a term is missing", begin);
  // As AWS does, the characters that are wrong are named rather than the whole term.
  const auto* const wrong = std::ranges::find_if_not(text, is_plain);
  if (wrong == text.end()) return Term{.text = str(text), .expression = {}};
  const auto before = static_cast<std::size_t>(wrong - text.begin());
  const auto* const end = std::find_if(wrong, text.end(), is_plain);
  return in.bad_characters(text.substr(before, static_cast<std::size_t>(end - wrong)), begin.substr(before));
}

}  // namespace

MatcherOutcome parse_terms(std::string_view pattern) {
  auto terms = std::make_unique<Terms>();
  Scanner in(pattern);
  for (in.skip_spaces(); !in.at_end(); in.skip_spaces()) {
    list<Term>& into = in.take("?") ? terms->any : in.take("-") ? terms->none : terms->all;
    into.push_back(TRY(next_term(in)));
  }
  // AWS: ?terms beside others are ignored (facts: platform.md §C5).
  if (!terms->all.empty() || !terms->none.empty()) terms->any.clear();
  return terms;
}

}  // namespace utakata::filter
