#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace utakata {

namespace text_detail {
inline void append(std::string& out, std::string_view piece) { out += piece; }
inline void append(std::string& out, char piece) { out += piece; }
template <std::integral N>
  requires(!std::same_as<N, char> && !std::same_as<N, bool>)
void append(std::string& out, N number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}
}  // namespace text_detail

/// The pieces (text, characters, whole numbers) one after the other.
template <class... Pieces>
std::string cat(const Pieces&... pieces) {
  std::string out;
  (text_detail::append(out, pieces), ...);
  return out;
}

/// The whole text as a decimal number; nothing if it is anything else or out of range.
std::optional<std::int64_t> parse_integer(std::string_view);

std::vector<std::string_view> split(std::string_view, char separator);
/// What stands between blanks and tabs, without empty ones.
std::vector<std::string_view> split_words(std::string_view line);
std::string join(const std::vector<std::string>&, std::string_view separator);
std::string_view trim(std::string_view);                        // without spaces and tabs at both ends
std::string to_lower(std::string_view);                         // ASCII letters only
bool equals_ignoring_case(std::string_view, std::string_view);  // ASCII letters only
std::string hex(std::string_view bytes);                        // lower case

/// Percent-encodes all but A-Z a-z 0-9 - _ . ~ (and '/' when told), as SigV4 and RFC 3986 do.
std::string percent_encode(std::string_view, bool keep_slash = false);

/// Undoes percent-encoding; '+' becomes a space only when told. Malformed escapes stay as they are.
std::string percent_decode(std::string_view, bool plus_is_space = false);

std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view);  // standard alphabet, padded

/// `*` stands for any run of characters and, where it is a wildcard, `?` for exactly one.
struct WildcardRules {
  bool ignore_case = false;
  bool question_mark = true;
  bool backslash = false;  // takes a wildcard's meaning away, or its own
};
bool wildcard_match(std::string_view pattern, std::string_view text, WildcardRules = {});

}  // namespace utakata
