#include "services/events/matcher.hpp"

namespace utakata::events {
namespace {

bool same_value(const Json& wanted, const Json& field) {
  if (wanted.kind() != field.kind()) return false;
  switch (wanted.kind()) {
    case Json::Kind::number:
      return wanted.number() == field.number();  // 300 is 300.0
    case Json::Kind::text:
      return wanted.text() == field.text();
    case Json::Kind::boolean:
      return wanted.boolean() == field.boolean();
    case Json::Kind::null:
      return true;
    case Json::Kind::array:
    case Json::Kind::object:
      break;
  }
  return false;
}

bool has_end(std::string_view text, std::string_view end, bool at_front, bool ignore_case) {
  if (text.size() < end.size()) return false;
  const std::string_view piece = at_front ? text.substr(0, end.size()) : text.substr(text.size() - end.size());
  return ignore_case ? equals_ignoring_case(piece, end) : piece == end;
}

/// `*` is any run of characters; a backslash makes the next character an ordinary one.
bool matches_wildcard(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size() || p < pattern.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_text = t;
      continue;
    }
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    if (p < pattern.size() && t < text.size() && pattern[p + (escaped ? 1 : 0)] == text[t]) {
      p += escaped ? 2 : 1;
      ++t;
      continue;
    }
    if (star == std::string_view::npos || star_text >= text.size()) return false;
    p = star;
    t = ++star_text;
  }
  return true;
}

bool holds(Matcher::Compare compare, double value, double bound) {
  switch (compare) {
    case Matcher::Compare::none:
      return true;
    case Matcher::Compare::less:
      return value < bound;
    case Matcher::Compare::less_or_equal:
      return value <= bound;
    case Matcher::Compare::equal:
      return value == bound;
    case Matcher::Compare::greater:
      return value > bound;
    case Matcher::Compare::greater_or_equal:
      return value >= bound;
  }
  return false;
}

}  // namespace

bool Matcher::matches(const Json& field) const {
  switch (kind) {
    case Kind::exact:
      return same_value(value, field);
    case Kind::prefix:
      return field.is_text() && has_end(field.text(), text, true, ignore_case);
    case Kind::suffix:
      return field.is_text() && has_end(field.text(), text, false, ignore_case);
    case Kind::equals_ignore_case:
      return field.is_text() && equals_ignoring_case(field.text(), text);
    case Kind::wildcard:
      return field.is_text() && matches_wildcard(text, field.text());
    case Kind::numeric: {
      const auto number = field.number();
      return number && holds(first_compare, *number, first) && holds(second_compare, *number, second);
    }
    case Kind::cidr:
      return field.is_text() && range.holds(field.text());
    case Kind::exists:
      return present;
    case Kind::anything_but:
      for (const Matcher& other : others)
        if (other.matches(field)) return false;
      return true;
  }
  return false;
}

}  // namespace utakata::events
