#include "http/body.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace utakata::http {
namespace {

constexpr std::size_t chunk_line_max = 4096;     // a size with its extensions, or one trailer
constexpr std::size_t trailers_max = 16 * 1024;  // all of them
constexpr std::size_t size_digits_max = 15;      // what fits into 63 bits

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_visible_or_blank(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

}  // namespace

BodyReader::BodyReader(Framing framing, std::uint64_t content_length) : framing_(framing), left_(content_length) {
  switch (framing) {
    case Framing::none:
      state_ = State::done;
      break;
    case Framing::length:
      state_ = content_length > 0 ? State::plain : State::done;
      break;
    case Framing::chunked:
      state_ = State::size;
      break;
    case Framing::until_close:
      state_ = State::plain;
      left_ = UINT64_MAX;
      break;
  }
}

// Gathers one line in line_; true when it is complete or too long. A line without CR before its LF ends up here too,
// and use_line refuses it.
bool BodyReader::take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::size_t count = end == std::string_view::npos ? text.size() : end + 1;
  const std::size_t taken = std::min(count, chunk_line_max + 1 - line_.size());
  line_ += text.substr(0, taken);
  text.remove_prefix(taken);
  return line_.ends_with('\n') || line_.size() > chunk_line_max;
}

bool BodyReader::use_line() {
  std::string_view line = line_;
  if (!line.ends_with("\r\n")) return false;
  line.remove_suffix(2);
  if (!std::ranges::all_of(line, is_visible_or_blank)) return false;
  switch (state_) {
    case State::size:
      return begin_chunk(line);
    case State::after_data:
      state_ = State::size;
      return line.empty();
    default:
      if (line.empty()) {
        state_ = State::done;
        return true;
      }
      return use_trailer(line);
  }
}

bool BodyReader::begin_chunk(std::string_view line) {
  std::uint64_t size = 0;
  std::size_t digits = 0;
  while (digits < line.size() && hex_digit(line[digits]) >= 0) {
    if (digits == size_digits_max) return false;
    size = size * 16 + static_cast<std::uint64_t>(hex_digit(line[digits++]));
  }
  if (digits == 0 || (digits < line.size() && line[digits] != ';')) return false;
  left_ = size;
  state_ = size > 0 ? State::data : State::trailer;
  return true;
}

bool BodyReader::use_trailer(std::string_view line) {
  const std::size_t colon = line.find(':');
  trailers_read_ += line.size();
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) || trailers_read_ > trailers_max)
    return false;
  if (kind_of(line.substr(0, colon)) == HeaderKind::other) trailers_ += line_;
  return true;
}

std::optional<std::string_view> BodyReader::next(std::string_view& text) {
  while (!text.empty() && state_ != State::done) {
    if (state_ == State::data || state_ == State::plain) {
      const std::string_view piece =
          text.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, text.size())));
      text.remove_prefix(piece.size());
      left_ -= piece.size();
      if (left_ == 0) state_ = state_ == State::data ? State::after_data : State::done;
      return piece;
    }
    if (!take_line(text)) break;
    if (!use_line()) return {};
    line_.clear();
  }
  return std::string_view();
}

bool BodyReader::take(std::string_view& text, std::string& content) {
  while (true) {
    const auto piece = next(text);
    if (!piece) return false;
    if (piece->empty()) return true;
    content += *piece;
  }
}

}  // namespace utakata::http
