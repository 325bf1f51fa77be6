#include "http2/transfer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "http/head.hpp"

namespace utakata::http2 {
namespace {

// A little more than what a reader of HTTP/1.1 takes: it is that one who refuses, and answers, counts and logs it.
constexpr std::size_t head_max = std::size_t{65} * 1024;
constexpr std::size_t trailers_max = std::size_t{16} * 1024;

void add_line(std::string& to, std::string_view name, std::string_view value) {
  to += name;
  to += ": ";
  to += value;
  to += "\r\n";
}

}  // namespace

bool Inbound::add(std::string_view name, std::string_view value) {
  headers_size_ += name.size() + value.size() + 4;
  if (head_whole_) {
    if (headers_size_ <= trailers_max) add_line(trailers_, name, value);
    return true;
  }
  if (headers_size_ > head_max) overlong_ = true;
  if (overlong_) return true;
  if (name == "cookie") {  // RFC 9113 8.2.3: crumbs of one header
    cookies_ += cookies_.empty() ? "cookie: " : "; ";
    cookies_ += value;
    return true;
  }
  if (name == "host") {
    if (start.authority.empty()) start.authority = value;
    return start.authority == value;
  }
  if (name == "content-length") has_length_ = true;
  add_line(lines_, name, value);
  return true;
}

void Inbound::end_request_head(bool last) {
  std::string line = cat(start.method, " ", start.method == "CONNECT" ? start.authority : start.path, " HTTP/1.1\r\n");
  if (!start.authority.empty()) add_line(line, "host", start.authority);
  const bool bodiless = last || start.method == "CONNECT";
  end_head(line, !bodiless && !has_length_);
  bodiless_ = bodiless;
  ended_ = last;
}

void Inbound::end_response_head(int status, bool last, bool to_head) {
  const bool final = status >= 200;
  bodiless_ = to_head || !final || status == 204 || status == 304;
  end_head(cat("HTTP/1.1 ", status, " ", http::reason_phrase(status), "\r\n"), !bodiless_ && !has_length_);
  ended_ = last;
  if (final) return;
  head_whole_ = false;  // of the final one, which is still to come
  has_length_ = false;
}

void Inbound::end_head(std::string_view start_line, bool chunked) {
  overlong_ = overlong_ || text_.size() > head_max;  // many with 1xx that nobody reads
  if (!overlong_) {
    text_.append(start_line);
    text_.append(lines_);
    if (!cookies_.empty()) cookies_ += "\r\n";
    text_.append(cookies_);
    text_.append(chunked ? "transfer-encoding: chunked\r\n\r\n" : "\r\n");
  } else if (text_.size() <= head_max) {
    text_.append(start_line);
    text_.append(lines_);
    text_.append(std::string(head_max, ' '));  // an end that never comes
  }
  chunked_ = chunked;
  lines_.clear();
  cookies_.clear();
  start = {};
  headers_size_ = 0;
  head_whole_ = true;
}

void Inbound::add_content(std::string_view bytes) {
  if (abandoned_ || overlong_ || bodiless_)
    consumed_ += bytes.size();
  else
    content_.append(bytes);
}

bool Inbound::readable() const {
  return !text_.empty() || !content_.empty() || (chunked_ && ended_ && !end_said_ && !overlong_ && !abandoned_);
}

// Frames the content that has come as the next chunk, or ends the body with its trailers. False: neither is due.
bool Inbound::next_text() {
  if (overlong_ || !chunked_ || end_said_) return false;
  if (!content_.empty()) {
    chunk_left_ = content_.size();
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), chunk_left_, 16).ptr;
    text_.append({digits.data(), end});
    text_.append("\r\n");
    return true;
  }
  if (!ended_) return false;
  text_.append("0\r\n");
  text_.append(trailers_);
  text_.append("\r\n");
  trailers_.clear();
  end_said_ = true;
  return true;
}

std::size_t Inbound::read(std::span<char> space) {
  std::size_t filled = 0;
  const auto copy = [&](Fifo& from, std::size_t most) {
    const std::size_t count = std::min(most, space.size() - filled);
    std::ranges::copy(from.text().substr(0, count), space.subspan(filled).begin());
    from.drop(count);
    filled += count;
    return count;
  };
  while (filled < space.size()) {
    if (!text_.empty()) {
      copy(text_, text_.size());
    } else if (chunk_left_ > 0) {
      const std::size_t count = copy(content_, chunk_left_);
      consumed_ += count;
      chunk_left_ -= count;
      if (chunk_left_ == 0) text_.append("\r\n");
    } else if (!chunked_ && !content_.empty()) {
      consumed_ += copy(content_, content_.size());
    } else if (!next_text()) {
      break;
    }
  }
  return filled;
}

std::size_t Inbound::take_consumed() { return std::exchange(consumed_, 0); }

void Inbound::abandon() {
  abandoned_ = true;
  consumed_ += content_.size();
  text_.clear();
  content_.clear();
}

bool Outbound::take(std::string_view& text) {
  std::string_view part = text.substr(0, capacity - std::min(capacity, content.size()));
  const std::size_t before = part.size();
  bool sound = true;
  while (true) {
    const auto piece = body.next(part);
    sound = piece.has_value();
    if (!sound || piece->empty()) break;
    content.append(*piece);
  }
  text.remove_prefix(before - part.size());
  return sound;
}

}  // namespace utakata::http2
