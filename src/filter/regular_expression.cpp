#include "filter/regular_expression.hpp"

#include <regex.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "base/types.hpp"

namespace utakata::filter {
namespace {

constexpr std::size_t expression_bytes_max = 4'000;
constexpr int repetitions_max = 255;  // a{1,255}: more would make the compiled expression large
// Of an expression whose repetitions are written out. Memory and time grow with the square of its choices.
constexpr i64 expanded_parts_max = 10'000;
constexpr i64 expanded_choices_max = 500;

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

// How often what stands before it may come.
struct Repetition {
  std::string_view text;
  i64 least = 0;
  std::optional<i64> most;
};

// {m}, {m,} or {m,n} with both small.
std::optional<Repetition> bounds(std::string_view rest) {
  const std::size_t end = rest.find('}');
  if (end == std::string_view::npos) return {};
  const auto parts = split(rest.substr(1, end - 1), ',');
  if (parts.size() > 2) return {};
  for (const std::string_view part : parts)
    if (!part.empty() && parse_integer(part).value_or(repetitions_max + 1) > repetitions_max) return {};
  Repetition repetition{.text = rest.substr(0, end + 1), .least = parse_integer(parts.front()).value_or(0)};
  if (parts.size() == 1)
    repetition.most = repetition.least;
  else
    repetition.most = parse_integer(parts.back());
  return repetition;
}

std::optional<Repetition> repetition(std::string_view rest) {
  switch (rest.front()) {
    case '*':
      return Repetition{.text = rest.substr(0, 1)};
    case '+':
      return Repetition{.text = rest.substr(0, 1), .least = 1};
    case '?':
      return Repetition{.text = rest.substr(0, 1), .most = 1};
    default:
      return bounds(rest);
  }
}

// The C library writes repetitions out, those within repetitions as often as both say. Followed while the expression is
// translated, so that what would take it gigabytes is refused before it is asked.
class Expansion {
 public:
  void take_one() {
    groups_.back().all += groups_.back().last;
    groups_.back().last = {.parts = 1};
    repeated_ = false;
  }
  void alternative() {
    take_one();
    groups_.back().last.choices = 1;
    repeated_ = false;
  }
  void begin_group() {
    take_one();
    groups_.emplace_back();
  }
  void end_group() {
    repeated_ = false;
    if (groups_.size() == 1) return;  // the C library refuses it
    const Size group = groups_.back().whole();
    groups_.pop_back();
    groups_.back().last += group;
  }
  // Whether that is no repetition of a repetition.
  bool repeat(const Repetition& repetition) {
    const i64 copies = std::max<i64>(repetition.most.value_or(repetition.least + 1), 1);
    Size& last = groups_.back().last;
    last.parts *= copies;
    last.choices = last.choices * copies + (repetition.most ? *repetition.most - repetition.least : 1);
    return !std::exchange(repeated_, true);
  }
  [[nodiscard]] bool is_whole() const { return groups_.size() == 1; }
  // Of the group that is being read.
  [[nodiscard]] bool is_small() const {
    const Size group = groups_.back().whole();
    return group.parts <= expanded_parts_max && group.choices <= expanded_choices_max;
  }

 private:
  struct Size {
    i64 parts = 0;
    i64 choices = 0;
    Size& operator+=(const Size& other) {
      parts += other.parts;
      choices += other.choices;
      return *this;
    }
  };
  struct Group {
    Size all, last;
    [[nodiscard]] Size whole() const { return Size(all) += last; }
  };
  std::vector<Group> groups_{1};
  bool repeated_ = false;
};

}  // namespace

std::optional<std::string> extended_expression(std::string_view pattern) {
  std::string out;
  Expansion expansion;
  for (std::string_view rest = pattern; !rest.empty();) {
    if (!expansion.is_small()) return {};
    const char c = rest.front();
    if (c == '[') {
      const auto set = brackets(rest);
      if (!set) return {};
      out += *set;
      expansion.take_one();
      continue;
    }
    if (c == '\\') {
      if (rest.size() < 2) return {};
      expansion.take_one();
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
    if (c == '*' || c == '+' || c == '?' || c == '{') {
      const auto repeated = repetition(rest);
      if (!repeated || !expansion.repeat(*repeated)) return {};
      out += repeated->text;
      rest.remove_prefix(repeated->text.size());
      // Only whether a line matches is asked, so a lazy repetition is as good as a greedy one.
      if (rest.starts_with('?')) rest.remove_prefix(1);
      continue;
    }
    if (c == '(') {
      const bool unnamed = rest.starts_with("(?:");
      if (!unnamed && rest.starts_with("(?")) return {};
      expansion.begin_group();
      out += '(';
      rest.remove_prefix(unnamed ? 3 : 1);
      continue;
    }
    if (c == ')')
      expansion.end_group();
    else if (c == '|')
      expansion.alternative();
    else
      expansion.take_one();
    rest.remove_prefix(1);
    out += c;
  }
  if (!expansion.is_whole() || !expansion.is_small() || out.size() > expression_bytes_max) return {};
  if (out.contains('\n') || out.contains('\0') || !compiles(out)) return {};
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
