#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// The words of JSON (RFC 8259), read from left to right. The DOM and the reader of described values share them.
namespace utakata::json {

/// Reads one token at a time. After a call that returned false, `problem` says why and `position` where.
class Scanner {
 public:
  explicit Scanner(std::string_view text, int max_depth = 64)
      : at_(text.data()), begin_(text.data()), end_(text.data() + text.size()), depth_left_(max_depth) {}

  /// The next character that is not white space, not consumed; 0 at the end.
  char peek() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
    return at_ != end_ ? *at_ : '\0';
  }
  /// Nothing but white space is left.
  bool at_end() { return peek() == '\0' && at_ == end_; }
  /// Consumes `expected` if it is next.
  bool take(char expected) {
    if (peek() != expected || at_ == end_) return false;
    ++at_;
    return true;
  }

  /// A string's value; it lies in the text itself, or in `scratch` when it was written with escapes.
  bool string(std::string_view& value, std::string& scratch);
  bool string(std::string& value);
  bool number(std::string_view& source);
  bool literal(std::string_view word);  // true, false, null

  /// Any value, checked for its form; `source` is its text.
  bool skip(std::string_view& source);

  /// Entering and leaving an array or object, for the limit of nesting. `open` says so when it is too deep.
  bool open(char bracket);
  void closed() { ++depth_left_; }

  bool fail(const char* why) {
    if (problem_ == nullptr) problem_ = why;
    return false;
  }
  [[nodiscard]] const char* problem() const { return problem_; }
  [[nodiscard]] std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }

 private:
  bool skip_value();
  bool skip_members(bool named, char close);
  bool plain(std::string_view& run);
  bool escape(std::string& out);
  bool code_point(std::string& out);
  bool four_hex(unsigned& unit);
  bool digits();

  const char* at_;
  const char* begin_;
  const char* end_;
  const char* problem_ = nullptr;
  int depth_left_;
};

/// Well-formed UTF-8: no overlong forms, no surrogates.
bool valid_utf8(std::string_view);
/// The text with U+FFFD in place of each byte that is no part of well-formed UTF-8.
std::string repaired_utf8(std::string_view);

/// The text as a JSON string, in quotes.
void append_quoted(std::string& out, std::string_view text);

}  // namespace utakata::json
