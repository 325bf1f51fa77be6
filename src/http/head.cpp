#include "http/head.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace utakata::http {
namespace {

void copy(const HeadViews& from, Headers& to) {
  to.list.reserve(from.headers.size());
  for (const HeaderView& header : from.headers)
    to.list.push_back({std::string(header.name), std::string(header.value)});
}

bool has_malformed(const HeadViews& head) {
  return std::ranges::find(head.kinds, HeaderKind::malformed) != head.kinds.end();
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

std::optional<Violation> parse_request_head(std::string_view text, const HeadLimits& limits, RequestHead& head) {
  RequestHeadView view;
  if (const auto violation = view_request_head(text, limits, view)) return violation;
  if (has_malformed(view)) return Violation{400, "a header is malformed"};
  const bool visible = std::ranges::all_of(view.target, [](char c) { return c > 0x20 && c != 0x7f; });
  if (!visible) return Violation{400, "the request target has characters that must be escaped"};
  if (view.version.back() > '1') return Violation{505, "the HTTP version is not supported"};
  BodyFraming body;
  if (const auto violation = body_framing(view, body)) return violation;
  if (view.framing.codings > 0 && view.framing.lengths > 0)
    return Violation{400, "both Content-Length and Transfer-Encoding"};
  if (view.framing.codings > 0 && view.minor_version == 0) return Violation{400, "a transfer coding in HTTP/1.0"};
  head.method = view.method;
  head.target = view.target;
  head.minor_version = view.minor_version;
  copy(view, head.headers);
  head.framing = body.framing;
  head.content_length = body.length;
  head.keep_alive = view.keeps_alive();
  return {};
}

std::optional<Violation> parse_response_head(std::string_view text, bool to_head_request, ResponseHead& head) {
  ResponseHeadView view;
  if (const auto violation = view_response_head(text, view)) return violation;
  if (has_malformed(view)) return Violation{502, "a header is malformed"};
  BodyFraming body;
  if (const auto violation = body_framing(view, to_head_request, body)) return violation;
  head.status = view.status;
  head.reason = view.reason;
  head.minor_version = view.minor_version;
  copy(view, head.headers);
  head.framing = body.framing;
  head.content_length = body.length;
  head.keep_alive = view.keeps_alive() && head.framing != Framing::until_close;
  return {};
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Payload Too Large";
    case 414:
      return "URI Too Long";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
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
