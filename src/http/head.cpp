#include "http/head.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace utakata::http {
namespace {

bool token_character(char c) {
  constexpr std::string_view symbols = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || symbols.contains(c);
}
bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, token_character); }

bool value_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  return line;
}

std::optional<Violation> parse_headers(std::string_view text, std::size_t header_limit, Headers& headers) {
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    if (line.size() > header_limit) return Violation{431, "a header is too long"};
    if (line.front() == ' ' || line.front() == '\t') return Violation{400, "a header is folded over lines"};
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
      return Violation{400, "a header's name is malformed"};
    const std::string_view value = trim(line.substr(colon + 1));
    if (!std::ranges::all_of(value, value_character)) return Violation{400, "a header's value has control characters"};
    headers.list.push_back({std::string(line.substr(0, colon)), std::string(value)});
  }
  return {};
}

// Content-Length and Transfer-Encoding decide where the message ends; whatever leaves that open is refused.
struct BodyRule {
  std::optional<std::uint64_t> length;
  bool chunked = false;
};
std::optional<Violation> body_rule(const Headers& headers, BodyRule& rule) {
  for (const Header& header : headers.list) {
    if (equals_ignoring_case(header.name, "content-length")) {
      const auto n = parse_integer(header.value);
      const bool digits =
          !header.value.empty() && std::ranges::all_of(header.value, [](char c) { return c >= '0' && c <= '9'; });
      if (!n || !digits) return Violation{400, "Content-Length is no number"};
      if (rule.length && *rule.length != static_cast<std::uint64_t>(*n))
        return Violation{400, "two different Content-Lengths"};
      rule.length = static_cast<std::uint64_t>(*n);
    } else if (equals_ignoring_case(header.name, "transfer-encoding")) {
      if (rule.chunked) return Violation{400, "chunked twice"};
      if (!equals_ignoring_case(header.value, "chunked")) return Violation{501, "a transfer coding other than chunked"};
      rule.chunked = true;
    }
  }
  if (rule.chunked && rule.length) return Violation{400, "both Content-Length and Transfer-Encoding"};
  return {};
}

bool keeps_alive(const Headers& headers, int minor_version) {
  if (headers.has_token("connection", "close")) return false;
  return minor_version >= 1 || headers.has_token("connection", "keep-alive");
}

bool bare_line_end(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return true;
    if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return true;
  }
  return false;
}

std::optional<int> http_minor(std::string_view version) {
  if (version == "HTTP/1.1") return 1;
  if (version == "HTTP/1.0") return 0;
  return {};
}

}  // namespace

const std::string* Headers::find(std::string_view name) const {
  for (const Header& header : list)
    if (equals_ignoring_case(header.name, name)) return &header.value;
  return nullptr;
}

void Headers::set(std::string_view name, std::string value) {
  remove(name);
  list.push_back({std::string(name), std::move(value)});
}

void Headers::remove(std::string_view name) {
  std::erase_if(list, [&](const Header& header) { return equals_ignoring_case(header.name, name); });
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
  for (const Header& header : list) {
    if (!equals_ignoring_case(header.name, name)) continue;
    for (const std::string_view piece : split(header.value, ','))
      if (equals_ignoring_case(trim(piece), token)) return true;
  }
  return false;
}

std::size_t head_length(std::string_view text) {
  const std::size_t end = text.find("\r\n\r\n");
  return end == std::string_view::npos ? 0 : end + 4;
}

std::optional<Violation> parse_request_head(std::string_view text, const HeadLimits& limits, RequestHead& head) {
  if (text.size() > limits.all) return Violation{431, "the headers are too long"};
  if (bare_line_end(text)) return Violation{400, "a line ends without CR LF"};
  std::string_view rest = text;
  const std::string_view line = take_line(rest);
  if (line.size() > limits.line) return Violation{414, "the request line is too long"};
  const std::vector<std::string_view> parts = split(line, ' ');
  if (parts.size() != 3 || !is_token(parts[0]) || parts[1].empty())
    return Violation{400, "the request line is malformed"};
  const bool visible = std::ranges::all_of(parts[1], [](char c) { return c > 0x20 && c != 0x7f; });
  if (!visible) return Violation{400, "the request target has characters that must be escaped"};
  const auto minor = http_minor(parts[2]);
  if (!minor) return Violation{parts[2].starts_with("HTTP/") ? 505 : 400, "the HTTP version is not supported"};
  head.method = parts[0];
  head.target = parts[1];
  head.minor_version = *minor;
  if (auto violation = parse_headers(rest, limits.header, head.headers)) return violation;
  BodyRule rule;
  if (auto violation = body_rule(head.headers, rule)) return violation;
  if (rule.chunked && head.minor_version == 0) return Violation{400, "chunked in HTTP/1.0"};
  head.framing = rule.chunked ? Framing::chunked : rule.length.value_or(0) > 0 ? Framing::length : Framing::none;
  head.content_length = rule.length.value_or(0);
  head.keep_alive = keeps_alive(head.headers, head.minor_version);
  return {};
}

std::optional<Violation> parse_response_head(std::string_view text, bool to_head_request, ResponseHead& head) {
  if (bare_line_end(text)) return Violation{502, "a line ends without CR LF"};
  std::string_view rest = text;
  const std::string_view line = take_line(rest);
  const auto minor = http_minor(line.substr(0, 8));
  const auto status = line.size() >= 12 && line[8] == ' ' ? parse_integer(line.substr(9, 3)) : std::nullopt;
  if (!minor || !status || *status < 100 || *status > 999) return Violation{502, "the status line is malformed"};
  head.status = static_cast<int>(*status);
  head.reason = line.size() > 13 ? line.substr(13) : std::string_view();
  head.minor_version = *minor;
  if (auto violation = parse_headers(rest, text.size(), head.headers)) return violation;
  BodyRule rule;
  if (auto violation = body_rule(head.headers, rule)) return violation;
  const bool bodiless = to_head_request || head.status < 200 || head.status == 204 || head.status == 304;
  if (bodiless)
    head.framing = Framing::none;
  else if (rule.chunked)
    head.framing = Framing::chunked;
  else if (rule.length)
    head.framing = *rule.length > 0 ? Framing::length : Framing::none;
  else
    head.framing = Framing::until_close;
  head.content_length = rule.length.value_or(0);
  head.keep_alive = keeps_alive(head.headers, head.minor_version) && head.framing != Framing::until_close;
  return {};
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Payload Too Large";
    case 414:
      return "URI Too Long";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

}  // namespace utakata::http
