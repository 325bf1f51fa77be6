#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace utakata {

struct RegexOptions {
  bool ignore_case = false;  // ASCII letters only
};

/// A regular expression whose matching takes time in proportion to the text, whatever the expression, and no memory of
/// the heap: for text that strangers send. It has no back references and no look-around, as load balancers' have none.
///
/// Known: . [] [^] () (?:) | * + ? {m} {m,} {m,n} and their lazy forms, ^ $ \b \B, \d \D \w \W \s \S \t \n \r \f \v
/// \xhh,
/// [:alpha:] and its like in brackets, and (?i) in front. Characters are bytes.
class LinearRegex {
 public:
  static constexpr std::size_t states_max = 512;  // repetitions written out

  /// Nothing if the expression is malformed, too large, or says what is not known.
  static std::optional<LinearRegex> parse(std::string_view pattern, RegexOptions = {});

  /// Whether some part of the text matches; ^ and $ stand for its ends.
  [[nodiscard]] bool found_in(std::string_view text) const;

 private:
  friend class LinearRegexParser;
  enum class Op : std::uint8_t { bytes, split, jump, text_begin, text_end, word_boundary, no_word_boundary, match };
  struct Instruction {
    Op op{};
    std::uint16_t to = 0;     // split, jump; bytes: index of its set
    std::uint16_t or_to = 0;  // split
  };
  struct Threads;
  void add(Threads&, std::uint16_t at, std::string_view text, std::size_t position) const;

  std::vector<Instruction> program_;
  std::vector<std::bitset<256>> sets_;
};

}  // namespace utakata
