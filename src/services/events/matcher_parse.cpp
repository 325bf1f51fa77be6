#include "services/events/matcher_parse.hpp"

#include <array>

namespace utakata::events {
namespace {

using Kind = Matcher::Kind;
using Compare = Matcher::Compare;

// How often the same character may follow a wildcard; AWS refuses what its machine would need too many states for.
constexpr int same_followers_max = 4;

bool is_match_value(const Json& item) { return !item.is_array() && !item.is_object(); }

Outcome<> check_wildcard(std::string_view text) {
  std::array<int, 256> followers{};
  for (std::size_t i = 0; i < text.size(); ++i) {
    // Positions count the quote that the pattern's text begins with.
    if (text[i] == '\\') {
      if (i + 1 >= text.size() || (text[i + 1] != '*' && text[i + 1] != '\\'))
        return pattern_fault(cat("Invalid escape character at pos ", i + 1));
      ++i;
    } else if (text[i] == '*' && i + 1 < text.size()) {
      if (text[i + 1] == '*') return pattern_fault(cat("Consecutive wildcard characters at pos ", i + 1));
      if (++followers[static_cast<unsigned char>(text[i + 1])] > same_followers_max)
        return pattern_fault(
            "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a "
            "wildcard character");
    }
  }
  return {};
}

Outcome<Matcher> text_matcher(Kind kind, std::string_view name, const Json& value) {
  if (!value.is_text()) return pattern_fault(cat(name, " match pattern must be a string"));
  if (kind == Kind::wildcard) TRY_VOID(check_wildcard(value.text()));
  return Matcher{.kind = kind, .text = value.text()};
}

/// {"prefix": "x"} or {"prefix": {"equals-ignore-case": "x"}}
Outcome<Matcher> end_matcher(Kind kind, std::string_view name, const Json& value) {
  if (!value.is_object()) return text_matcher(kind, name, value);
  if (value.size() != 1) return pattern_fault("Only one key allowed in match expression");
  if (value.names()[0] != "equals-ignore-case")
    return pattern_fault(cat("Unsupported anything-but pattern: ", value.names()[0]));
  Matcher matcher = TRY(text_matcher(kind, "equals-ignore-case", value.items()[0]));
  matcher.ignore_case = true;
  return matcher;
}

Compare comparison(std::string_view sign) {
  if (sign == "<") return Compare::less;
  if (sign == "<=") return Compare::less_or_equal;
  if (sign == "=") return Compare::equal;
  if (sign == ">") return Compare::greater;
  if (sign == ">=") return Compare::greater_or_equal;
  return Compare::none;
}

Outcome<double> bound(const Json& array, std::size_t position, std::string_view sign) {
  if (position >= array.size() || !array.items()[position].is_number())
    return pattern_fault(cat("Value of ", sign == "=" ? "equals" : sign, " must be numeric"));
  return *array.items()[position].number();
}

Outcome<Matcher> numeric_matcher(const Json& array) {
  if (!array.is_array()) return pattern_fault("Value of numeric must be an array.");
  if (array.size() == 0 || !array.items()[0].is_text())
    return pattern_fault(cat("Invalid member in numeric match: ", array.size() == 0 ? "]" : array.items()[0].write()));
  const str& sign = array.items()[0].text();
  Matcher matcher{.kind = Kind::numeric, .first_compare = comparison(sign)};
  if (matcher.first_compare == Compare::none) return pattern_fault(cat("Unrecognized numeric range operator: ", sign));
  matcher.first = TRY(bound(array, 1, sign));
  if (array.size() == 2) return matcher;
  if (matcher.first_compare == Compare::equal) return pattern_fault("Too many elements in numeric expression");
  if (!array.items()[2].is_text()) return pattern_fault(cat("Bad value in numeric range: ", array.items()[2].write()));
  const str& top = array.items()[2].text();
  if (!sign.starts_with('>')) return pattern_fault(cat("Bad numeric range operator: ", sign));
  if (!top.starts_with('<') || comparison(top) == Compare::none)
    return pattern_fault(cat("Bad numeric range operator: ", top));
  matcher.second_compare = comparison(top);
  matcher.second = TRY(bound(array, 3, top));
  if (array.size() > 4) return pattern_fault("Too many terms in numeric range expression");
  if (matcher.first >= matcher.second) return pattern_fault("Bottom must be less than top");
  return matcher;
}

Outcome<Matcher> cidr_matcher(const Json& value) {
  // AWS says "prefix" here, too.
  if (!value.is_text()) return pattern_fault("prefix match pattern must be a string");
  auto range = CidrRange::parse(value.text());
  if (!range) return pattern_fault(range.error().message);
  return Matcher{.kind = Kind::cidr, .range = *range};
}

Outcome<Matcher> one_but(Kind kind, std::string_view name, const Json& value) {
  if (kind == Kind::equals_ignore_case && !value.is_text())
    return pattern_fault("Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.");
  if (kind != Kind::prefix && kind != Kind::suffix) return text_matcher(kind, name, value);
  if (value.is_object()) return pattern_fault("Value of anything-but must be an array or single string/number value.");
  if (!value.is_text()) return pattern_fault("prefix/suffix match pattern must be a string");
  if (value.text().empty()) return pattern_fault("Null prefix/suffix not allowed");
  return Matcher{.kind = kind, .text = value.text()};
}

std::optional<Kind> kind_within_but(std::string_view name) {
  if (name == "prefix") return Kind::prefix;
  if (name == "suffix") return Kind::suffix;
  if (name == "equals-ignore-case") return Kind::equals_ignore_case;
  if (name == "wildcard") return Kind::wildcard;
  return {};
}

/// {"anything-but": {"prefix": "x"}}, also with a list of strings.
Outcome<Matcher> anything_but_of(const Json& object) {
  if (object.size() != 1) return pattern_fault("Only one key allowed in match expression");
  const str& name = object.names()[0];
  const Json& value = object.items()[0];
  const auto kind = kind_within_but(name);
  if (!kind) return pattern_fault(cat("Unsupported anything-but pattern: ", name));
  Matcher matcher{.kind = Kind::anything_but};
  if (!value.is_array()) {
    matcher.others.push_back(TRY(one_but(*kind, name, value)));
    return matcher;
  }
  if (value.size() == 0) return pattern_fault("Empty arrays are not allowed");
  for (const Json& item : value.items()) matcher.others.push_back(TRY(one_but(*kind, name, item)));
  return matcher;
}

Outcome<Matcher> anything_but(const Json& value) {
  if (value.is_object()) return anything_but_of(value);
  Matcher matcher{.kind = Kind::anything_but};
  if (value.is_text() || value.is_number()) {
    matcher.others.push_back({.value = value});
    return matcher;
  }
  if (!value.is_array()) return pattern_fault("Value of anything-but must be an array or single string/number value.");
  if (value.size() == 0) return pattern_fault("Empty arrays are not allowed");
  for (const Json& item : value.items()) {
    if (!item.is_text() && !item.is_number())
      return pattern_fault("Inside anything but list, start|null|boolean is not supported.");
    if (item.kind() != value.items()[0].kind())
      return pattern_fault(
          "Inside anything but list, either all values are number or string, mixed type is not supported");
    matcher.others.push_back({.value = item});
  }
  return matcher;
}

Outcome<Matcher> exists_matcher(const Json& value) {
  if (!value.is(Json::Kind::boolean)) return pattern_fault("exists match pattern must be either true or false.");
  return Matcher{.kind = Kind::exists, .present = value.boolean()};
}

Outcome<Matcher> expression(std::string_view name, const Json& value) {
  if (name == "exactly") {
    if (!value.is_text()) return pattern_fault("exactly match pattern must be a string");
    return Matcher{.value = value};
  }
  if (name == "prefix") return end_matcher(Kind::prefix, name, value);
  if (name == "suffix") return end_matcher(Kind::suffix, name, value);
  if (name == "equals-ignore-case") return text_matcher(Kind::equals_ignore_case, name, value);
  if (name == "wildcard") return text_matcher(Kind::wildcard, name, value);
  if (name == "numeric") return numeric_matcher(value);
  if (name == "cidr") return cidr_matcher(value);
  if (name == "exists") return exists_matcher(value);
  if (name == "anything-but") return anything_but(value);
  return pattern_fault(cat("Unrecognized match type ", name));
}

}  // namespace

Outcome<Matcher> read_matcher(const Json& item) {
  if (item.is_object()) {
    if (item.size() == 0) return pattern_fault("Match expression name not found");
    Matcher matcher = TRY(expression(item.names()[0], item.items()[0]));
    if (item.size() > 1) return pattern_fault("Only one key allowed in match expression");
    return matcher;
  }
  if (!is_match_value(item)) return pattern_fault("Match value must be String, number, true, false, or null");
  return Matcher{.value = item};
}

}  // namespace utakata::events
