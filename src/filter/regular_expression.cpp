#include "filter/regular_expression.hpp"

#include <regex.h>

#include <charconv>

#include "base/text.hpp"

namespace utakata::filter {
namespace {

constexpr std::size_t expression_bytes_max = 4'000;
constexpr int repetitions_max = 255;  // a{1,255}: more would make the compiled expression large

// What a backslash and a letter stand for outside of brackets; empty: not known.
std::string_view escape(char letter) {
  switch (letter) {
    case 'd':
      return "[0-9]";
    case 'D':
      return "[^0-9]";
    case 's':
      return "[[:space:]]";
    case 'S':
      return "[^[:space:]]";
    case 'w':
      return "[0-9A-Za-z_]";
    case 'W':
      return "[^0-9A-Za-z_]";
    case 't':
      return "\t";
    default:
      return "";
  }
}

std::string_view escape_in_brackets(char letter) {
  switch (letter) {
    case 'd':
      return "0-9";
    case 's':
      return "[:space:]";
    case 'w':
      return "0-9A-Za-z_";
    case 't':
      return "\t";
    default:
      return "";
  }
}

// A bracket expression, whose backslashes are escapes for Go and plain characters for POSIX.
std::optional<std::string> brackets(std::string_view& rest) {
  std::string set;
  std::string last;  // ']' must be first and '-' last
  rest.remove_prefix(1);
  const bool negated = rest.starts_with('^');
  if (negated) rest.remove_prefix(1);
  bool first = true;
  for (; !rest.empty() && (rest.front() != ']' || first); first = false) {
    char c = rest.front();
    rest.remove_prefix(1);
    if (c == '[' && rest.starts_with(':')) {
      const std::size_t end = rest.find(":]");
      if (end == std::string_view::npos) return {};
      set += cat("[", rest.substr(0, end + 2));
      rest.remove_prefix(end + 2);
      continue;
    }
    if (c == '\\') {
      if (rest.empty()) return {};
      c = rest.front();
      rest.remove_prefix(1);
      if (const auto known = escape_in_brackets(c); !known.empty()) {
        set += known;
        continue;
      }
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return {};
      if (c == '-') {
        last = "-";
        continue;
      }
    }
    if (c == ']')
      set.insert(0, "]");
    else
      set += c;
  }
  if (rest.empty()) return {};
  rest.remove_prefix(1);
  return cat(negated ? "[^" : "[", set, last, "]");
}

bool compiles(const std::string& expression) {
  regex_t compiled{};
  if (regcomp(&compiled, expression.c_str(), REG_EXTENDED | REG_NOSUB) != 0) return false;
  regfree(&compiled);
  return true;
}

// Two hexadecimal digits. What would mean something of its own within brackets is refused.
std::optional<char> byte_of(std::string_view digits) {
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (digits.size() != 2 || end != digits.data() + 2 || error != std::errc() || number == 0 || number == '^') return {};
  return static_cast<char>(number);
}

// {m,n} with both small.
bool is_small_repetition(std::string_view rest) {
  const std::size_t end = rest.find('}');
  if (end == std::string_view::npos) return false;
  for (const std::string_view part : split(rest.substr(1, end - 1), ','))
    if (!part.empty() && parse_integer(part).value_or(repetitions_max + 1) > repetitions_max) return false;
  return true;
}

}  // namespace

std::optional<std::string> extended_expression(std::string_view pattern) {
  std::string out;
  for (std::string_view rest = pattern; !rest.empty();) {
    const char c = rest.front();
    if (c == '[') {
      const auto set = brackets(rest);
      if (!set) return {};
      out += *set;
      continue;
    }
    if (c == '\\') {
      if (rest.size() < 2) return {};
      const char letter = rest[1];
      const bool alphanumeric =
          (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
      if (letter == 'x') {
        const auto byte = byte_of(rest.substr(2, 2));
        if (!byte) return {};
        out += cat("[", *byte, "]");
        rest.remove_prefix(4);
        continue;
      }
      const std::string_view known = escape(letter);
      if (alphanumeric && known.empty() && letter != 'b') return {};
      out += known.empty() ? cat("\\", letter) : std::string(known);
      rest.remove_prefix(2);
      continue;
    }
    if (rest.starts_with("(?:")) {
      out += '(';
      rest.remove_prefix(3);
      continue;
    }
    if (rest.starts_with("(?") || (c == '{' && !is_small_repetition(rest))) return {};
    rest.remove_prefix(1);
    out += c;
    // Only whether a line matches is asked, so a lazy repetition is as good as a greedy one.
    if ((c == '*' || c == '+' || c == '?' || c == '}') && rest.starts_with('?')) rest.remove_prefix(1);
  }
  if (out.contains('\n') || out.contains('\0') || out.size() > expression_bytes_max || !compiles(out)) return {};
  return out;
}

struct RegularExpression::Compiled {
  regex_t expression{};
  Compiled() = default;
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  ~Compiled() { regfree(&expression); }
};

std::optional<RegularExpression> RegularExpression::parse(std::string_view pattern) {
  const auto extended = extended_expression(pattern);
  if (!extended) return {};
  auto compiled = std::make_shared<Compiled>();
  if (regcomp(&compiled->expression, extended->c_str(), REG_EXTENDED | REG_NOSUB) != 0) return {};
  RegularExpression expression;
  expression.compiled_ = std::move(compiled);
  return expression;
}

bool RegularExpression::matches(std::string_view text) const {
  regmatch_t range{.rm_so = 0, .rm_eo = static_cast<regoff_t>(text.size())};
  return regexec(&compiled_->expression, text.data(), 1, &range, REG_STARTEND) == 0;
}

}  // namespace utakata::filter
