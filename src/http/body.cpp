#include "http/body.hpp"

#include <algorithm>

namespace utakata::http {
namespace {

constexpr std::size_t chunk_line_max = 4096;  // a size with its extensions, or one trailer

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
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

// Gathers one line without its CR LF in line_; true when it is complete.
bool BodyReader::take_line(std::string_view& text) {
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    line_ += c;
    if (c == '\n') return true;
    if (line_.size() > chunk_line_max) return true;  // judged by the caller, who finds no CR LF at its end
  }
  return false;
}

bool BodyReader::begin_chunk() {
  std::uint64_t size = 0;
  std::size_t digits = 0;
  while (digits < line_.size() && hex_digit(line_[digits]) >= 0 && digits < 16)
    size = size * 16 + static_cast<std::uint64_t>(hex_digit(line_[digits++]));
  if (digits == 0 || digits == 16) return false;
  const char next = line_[digits];
  if (next != '\r' && next != ';' && next != ' ' && next != '\t') return false;
  left_ = size;
  state_ = size > 0 ? State::data : State::trailer;
  return true;
}

bool BodyReader::take(std::string_view& text, std::string& content) {
  while (!text.empty() && state_ != State::done) {
    if (state_ == State::data || state_ == State::plain) {
      const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, text.size()));
      content.append(text.substr(0, n));
      text.remove_prefix(n);
      left_ -= n;
      if (left_ == 0) state_ = state_ == State::data ? State::after_data : State::done;
      continue;
    }
    if (!take_line(text)) return true;
    if (!line_.ends_with("\r\n")) return false;
    if (state_ == State::size) {
      if (!begin_chunk()) return false;
    } else if (state_ == State::after_data) {
      if (line_ != "\r\n") return false;
      state_ = State::size;
    } else if (line_ == "\r\n") {
      state_ = State::done;
    }
    line_.clear();
  }
  return true;
}

}  // namespace utakata::http
