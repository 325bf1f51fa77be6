#include "base/json_scanner.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/text.hpp"

namespace utakata::json {
namespace {

constexpr unsigned char byte(char c) { return static_cast<unsigned char>(c); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_plain(char c) { return byte(c) >= 0x20 && byte(c) < 0x80 && c != '"' && c != '\\'; }

// The same of eight characters at once: how many of them are plain before the first that is not.
int plain_of_eight(const char* eight) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  std::uint64_t x = 0;
  std::memcpy(&x, eight, sizeof x);
  if constexpr (std::endian::native == std::endian::big) x = __builtin_bswap64(x);
  // The high bit of each byte says that it is not plain; a borrow can only disturb bytes above the first such one.
  const std::uint64_t quote = x ^ ones * '"';
  const std::uint64_t backslash = x ^ ones * '\\';
  const std::uint64_t control = (x - ones * 0x20) & ~x;
  const std::uint64_t not_plain = x | control | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash);
  return std::countr_zero(not_plain & ones * 0x80) / 8;
}

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&](unsigned value) { out += static_cast<char>(value); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

// How many bytes a UTF-8 sequence has, and the range of its second byte (RFC 3629: no overlong forms, no surrogates).
struct Lead {
  int length;
  unsigned char low, high;
};
constexpr Lead lead_of(unsigned char c) {
  if (c >= 0xc2 && c <= 0xdf) return {2, 0x80, 0xbf};
  if (c == 0xe0) return {3, 0xa0, 0xbf};
  if (c == 0xed) return {3, 0x80, 0x9f};
  if (c >= 0xe1 && c <= 0xef) return {3, 0x80, 0xbf};
  if (c == 0xf0) return {4, 0x90, 0xbf};
  if (c >= 0xf1 && c <= 0xf3) return {4, 0x80, 0xbf};
  if (c == 0xf4) return {4, 0x80, 0x8f};
  return {0, 0, 0};
}

// The length of the sequence that begins here; 0 if it is none.
int sequence_length(const char* at, const char* end) {
  const Lead lead = lead_of(byte(*at));
  if (lead.length == 0 || end - at < lead.length) return 0;
  if (byte(at[1]) < lead.low || byte(at[1]) > lead.high) return 0;
  for (int i = 2; i < lead.length; ++i)
    if ((byte(at[i]) & 0xc0) != 0x80) return 0;
  return lead.length;
}

}  // namespace

bool valid_utf8(std::string_view text) {
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    const int length = byte(*at) < 0x80 ? 1 : sequence_length(at, end);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string repaired_utf8(std::string_view text) {
  if (valid_utf8(text)) return std::string(text);
  std::string repaired;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    const int length = byte(*at) < 0x80 ? 1 : sequence_length(at, end);
    if (length == 0)
      repaired += "\xef\xbf\xbd";
    else
      repaired.append(at, static_cast<std::size_t>(length));
    at += length == 0 ? 1 : length;
  }
  return repaired;
}

bool Scanner::open(char bracket) {
  if (!take(bracket)) return fail(bracket == '{' ? "expected an object" : "expected a list");
  if (depth_left_ == 0) return fail("nested too deeply");
  --depth_left_;
  return true;
}

// Characters up to the closing quote or an escape.
bool Scanner::plain(std::string_view& run) {
  const char* const start = at_;
  while (true) {
    for (int count = 8; count == 8 && end_ - at_ >= 8; at_ += count) count = plain_of_eight(at_);
    while (at_ != end_ && is_plain(*at_)) ++at_;
    if (at_ == end_) return fail("a string without end");
    if (byte(*at_) < 0x20) return fail("a control character within a string");
    if (byte(*at_) < 0x80) break;
    const int length = sequence_length(at_, end_);
    if (length == 0) return fail("invalid UTF-8");
    at_ += length;
  }
  run = {start, static_cast<std::size_t>(at_ - start)};
  return true;
}

bool Scanner::string(std::string_view& value, std::string& scratch) {
  if (peek() != '"') return fail("expected a string");
  ++at_;
  if (!plain(value)) return false;
  if (*at_ == '"') {
    ++at_;
    return true;
  }
  scratch.assign(value);
  while (*at_ == '\\') {
    std::string_view run;
    if (!escape(scratch) || !plain(run)) return false;
    scratch += run;
  }
  ++at_;
  value = scratch;
  return true;
}

bool Scanner::string(std::string& value) {
  std::string_view view;
  std::string scratch;
  if (!string(view, scratch)) return false;
  if (view.data() == scratch.data())
    value = std::move(scratch);
  else
    value.assign(view);
  return true;
}

bool Scanner::escape(std::string& out) {
  ++at_;
  if (at_ == end_) return fail("a string without end");
  static constexpr std::string_view letters = "\"\\/bfnrt";
  static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  const char letter = *at_++;
  if (letter == 'u') return code_point(out);
  const std::size_t which = letters.find(letter);
  if (which == std::string_view::npos) return fail("an unknown escape within a string");
  out += meanings[which];
  return true;
}

bool Scanner::four_hex(unsigned& unit) {
  if (end_ - at_ < 4) return fail("an unfinished escape within a string");
  const auto [end, error] = std::from_chars(at_, at_ + 4, unit, 16);
  if (error != std::errc{} || end != at_ + 4) return fail("an unknown escape within a string");
  at_ += 4;
  return true;
}

bool Scanner::code_point(std::string& out) {
  unsigned unit = 0;
  if (!four_hex(unit)) return false;
  if (unit >= 0xdc00 && unit < 0xe000) return fail("a lone surrogate within a string");
  if (unit >= 0xd800 && unit < 0xdc00) {
    unsigned low = 0;
    if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u') return fail("a lone surrogate within a string");
    at_ += 2;
    if (!four_hex(low)) return false;
    if (low < 0xdc00 || low > 0xdfff) return fail("a lone surrogate within a string");
    unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
  }
  append_utf8(out, unit);
  return true;
}

bool Scanner::digits() {
  const char* const start = at_;
  while (at_ != end_ && is_digit(*at_)) ++at_;
  return at_ != start || fail("a malformed number");
}

bool Scanner::number(std::string_view& source) {
  const char next = peek();
  if (next != '-' && !is_digit(next)) return fail("expected a number");
  const char* const start = at_;
  if (*at_ == '-') ++at_;
  if (at_ != end_ && *at_ == '0')
    ++at_;
  else if (!digits())
    return false;
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!digits()) return false;
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!digits()) return false;
  }
  source = {start, static_cast<std::size_t>(at_ - start)};
  return true;
}

bool Scanner::literal(std::string_view word) {
  peek();
  if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).substr(0, word.size()) != word)
    return fail("expected a value");
  at_ += word.size();
  return true;
}

bool Scanner::skip(std::string_view& source) {
  peek();
  const char* const start = at_;
  if (!skip_value()) return false;
  source = {start, static_cast<std::size_t>(at_ - start)};
  return true;
}

bool Scanner::skip_value() {
  std::string_view view;
  std::string scratch;
  switch (peek()) {
    case '"':
      return string(view, scratch);
    case '{':
      return open('{') && skip_members(true, '}');
    case '[':
      return open('[') && skip_members(false, ']');
    case 't':
      return literal("true");
    case 'f':
      return literal("false");
    case 'n':
      return literal("null");
    default:
      break;
  }
  return (peek() == '-' || is_digit(peek())) ? number(view) : fail("expected a value");
}

bool Scanner::skip_members(bool named, char close) {
  if (!take(close)) {
    do {
      std::string_view name;
      std::string scratch;
      if (named && !string(name, scratch)) return false;
      if (named && !take(':')) return fail("expected ':'");
      if (!skip_value()) return false;
    } while (take(','));
    if (!take(close)) return fail(named ? "expected ',' or '}'" : "expected ',' or ']'");
  }
  closed();
  return true;
}

void append_quoted(std::string& out, std::string_view text) {
  static constexpr std::string_view hex_digits = "0123456789abcdef";
  out += '"';
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (byte(c) >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, done, i - done);
    done = i + 1;
    out += '\\';
    switch (c) {
      case '"':
        out += '"';
        break;
      case '\\':
        out += '\\';
        break;
      case '\n':
        out += 'n';
        break;
      case '\r':
        out += 'r';
        break;
      case '\t':
        out += 't';
        break;
      default:
        out += "u00";
        out += hex_digits[byte(c) >> 4];
        out += hex_digits[byte(c) & 15];
    }
  }
  out.append(text, done, text.size() - done);
  out += '"';
}

}  // namespace utakata::json
