#pragma once

#include <string_view>

#include "base/outcome.hpp"
#include "base/types.hpp"
#include "filter/regular_expression.hpp"

// What the three kinds of patterns are read with.
namespace utakata::filter {

inline constexpr int expressions_max = 2;  // regular expressions in one pattern

class Scanner {
 public:
  explicit Scanner(std::string_view text) : all_(text), rest_(text) {}

  /// What is wrong, and the character of the pattern, counted from 1, at which it is: `at` is what then remained.
  [[nodiscard]] std::unexpected<Fault> bad(std::string_view why, std::string_view at) const;
  [[nodiscard]] std::unexpected<Fault> bad(std::string_view why) const { return bad(why, rest_); }
  /// AWS's words for a pattern whose first bracket the last character does not close.
  [[nodiscard]] static std::unexpected<Fault> unclosed(char open, char close);
  /// AWS's words for characters that only quotes may hold.
  [[nodiscard]] std::unexpected<Fault> bad_characters(std::string_view term, std::string_view at) const;

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  /// Its last character but spaces is this one.
  [[nodiscard]] bool ends_with(char) const;
  void skip_spaces();
  void drop(std::size_t count) { rest_.remove_prefix(count); }
  /// Takes the text if it stands there.
  bool take(std::string_view text);
  /// The same of a word, that nothing alphanumeric follows.
  bool take_word(std::string_view word);
  /// Everything until one of these characters.
  std::string_view until(std::string_view any);
  /// "quoted", with \" and \\ .
  Outcome<str> quoted();
  /// %regular expression%
  Outcome<RegularExpression> expression();

 private:
  [[nodiscard]] str place(std::string_view at) const;

  std::string_view all_, rest_;
  int expressions_ = 0;
};

enum class Comparator : std::uint8_t { equal, unequal, greater, less, at_least, at_most };
/// Takes a comparator if one stands there.
std::optional<Comparator> take_comparator(Scanner&);

/// The right side of a comparison.
struct Operand {
  str text;  // with * for any run of characters
  bool quoted = false;
  std::optional<double> number;
  std::optional<RegularExpression> expression;

  /// As text; only equal and unequal.
  [[nodiscard]] bool compares(Comparator, std::string_view text) const;
  [[nodiscard]] bool compares(Comparator, double number) const;
};
/// Refuses what is none, and what cannot be compared so.
Outcome<Operand> read_operand(Scanner&, Comparator, std::string_view ends);

std::optional<double> number_of(std::string_view text);

}  // namespace utakata::filter
