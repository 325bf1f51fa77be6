#include "filter/pattern.hpp"

#include "filter/scanner.hpp"

namespace utakata::filter {

Outcome<Pattern> Pattern::parse(std::string_view text) {
  Scanner in(text);
  in.skip_spaces();
  Pattern pattern;
  if (in.at_end() || text == "\" \"") return pattern;  // a single space in quotes matches everything, too
  auto matcher = in.peek() == '{' ? parse_json(text) : in.peek() == '[' ? parse_fields(text) : parse_terms(text);
  pattern.matcher_ = TRY(std::move(matcher));
  return pattern;
}

}  // namespace utakata::filter
