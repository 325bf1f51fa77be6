#include "filter/scanner.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace utakata::filter {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

template <class T>
bool compare(Comparator comparator, const T& left, const T& right) {
  switch (comparator) {
    case Comparator::equal:
      return left == right;
    case Comparator::unequal:
      return left != right;
    case Comparator::greater:
      return left > right;
    case Comparator::less:
      return left < right;
    case Comparator::at_least:
      return left >= right;
    case Comparator::at_most:
      return left <= right;
  }
  return false;
}

}  // namespace

str Scanner::place(std::string_view at) const {
  const std::string_view before = all_.substr(0, all_.size() - at.size());
  // Characters of several bytes count once, by the first of them.
  const auto characters = std::ranges::count_if(before, [](char c) { return (c & '\xc0') != '\x80'; });
  return cat(" (position ", characters + 1, at.empty() ? ", where the pattern ends)" : ")");
}

std::unexpected<Fault> Scanner::bad(std::string_view why, std::string_view at) const {
  return refuse("InvalidParameterException", cat("Invalid filter pattern: ", why, place(at)));
}

std::unexpected<Fault> Scanner::unclosed(char open, char close) {
  return refuse("InvalidParameterException",
                cat("If a filter pattern starts with '", open, "' it must end with '", close, "'"));
}

std::unexpected<Fault> Scanner::bad_characters(std::string_view term, std::string_view at) const {
  return refuse("InvalidParameterException", cat("Invalid character(s) in term '", term, "'", place(at)));
}

bool Scanner::ends_with(char last) const {
  std::size_t end = rest_.size();
  while (end > 0 && is_space(rest_[end - 1])) --end;
  return end > 0 && rest_[end - 1] == last;
}

void Scanner::skip_spaces() {
  while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
}

bool Scanner::take(std::string_view text) {
  if (!rest_.starts_with(text)) return false;
  rest_.remove_prefix(text.size());
  return true;
}

bool Scanner::take_word(std::string_view word) {
  if (!rest_.starts_with(word) || (rest_.size() > word.size() && is_word(rest_[word.size()]))) return false;
  rest_.remove_prefix(word.size());
  return true;
}

std::string_view Scanner::until(std::string_view any) {
  const std::string_view found = rest_.substr(0, rest_.find_first_of(any));
  rest_.remove_prefix(found.size());
  return found;
}

Outcome<str> Scanner::quoted() {
  str text;
  std::size_t at = 1;
  for (; at < rest_.size() && rest_[at] != '"'; ++at) {
    if (rest_[at] == '\\' && at + 1 < rest_.size()) ++at;
    text += rest_[at];
  }
  if (at >= rest_.size()) return bad("a quoted phrase does not end");
  rest_.remove_prefix(at + 1);
  return text;
}

Outcome<RegularExpression> Scanner::expression() {
  std::size_t end = 1;
  while (end < rest_.size() && rest_[end] != '%') {
    // AWS's patterns have no groups.
    if (rest_[end] == '(' || rest_[end] == ')')
      return bad("a regular expression has no parentheses", rest_.substr(end));
    end += rest_[end] == '\\' ? 2 : 1;
  }
  if (end >= rest_.size()) return bad("a regular expression does not end");
  if (++expressions_ > expressions_max) return bad("at most two regular expressions are supported");
  auto expression = RegularExpression::parse(rest_.substr(1, end - 1));
  if (!expression) return bad(cat("the regular expression %", rest_.substr(1, end - 1), "% is not supported"));
  rest_.remove_prefix(end + 1);
  return *expression;
}

std::optional<Comparator> take_comparator(Scanner& in) {
  if (in.take("!=")) return Comparator::unequal;
  if (in.take(">=")) return Comparator::at_least;
  if (in.take("<=")) return Comparator::at_most;
  if (in.take("=")) return Comparator::equal;
  if (in.take(">")) return Comparator::greater;
  if (in.take("<")) return Comparator::less;
  return {};
}

std::optional<double> number_of(std::string_view text) {
  double number = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

bool Operand::compares(Comparator comparator, std::string_view with) const {
  if (comparator != Comparator::equal && comparator != Comparator::unequal) return false;
  const bool equal = expression ? expression->matches(with) : wildcard_match(text, with, {.question_mark = false});
  return equal == (comparator == Comparator::equal);
}

bool Operand::compares(Comparator comparator, double with) const {
  return number && compare(comparator, with, *number);
}

Outcome<Operand> read_operand(Scanner& in, Comparator comparator, std::string_view ends) {
  Operand operand;
  in.skip_spaces();
  const std::string_view begin = in.rest();
  if (in.peek() == '"') {
    operand.text = TRY(in.quoted());
    operand.quoted = true;
  } else if (in.peek() == '%') {
    operand.expression = TRY(in.expression());
  } else {
    operand.text = trim(in.until(ends));
    if (operand.text.empty()) return in.bad("a comparison has no value", begin);
    operand.number = number_of(operand.text);
  }
  const bool by_order = comparator != Comparator::equal && comparator != Comparator::unequal;
  if (by_order && !operand.number) return in.bad("only numbers can be compared with <, >, <= and >=", begin);
  return operand;
}

}  // namespace utakata::filter
