#include "balancer/own_answers.hpp"

#include "base/text.hpp"
#include "http/head.hpp"

namespace utakata::balancer {
namespace {

// ALB's own titles, which differ from HTTP's phrases here and there.
std::string_view title(int status) {
  switch (status) {
    case 408:
      return "Request Time-out";
    case 413:
      return "Request Entity Too Large";
    case 414:
      return "Request-URI Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 463:
      return "Too Many Forwarded Addresses";
    case 464:
      return "Incompatible Protocol Versions";
    case 503:
      return "Service Temporarily Unavailable";
    case 504:
      return "Gateway Time-out";
    default:
      return http::reason_phrase(status);
  }
}

std::string own_headers(bool keep_alive, Instant now) {
  return cat("Server: awselb/2.0\r\nDate: ", http_date(now), "\r\nConnection: ", keep_alive ? "keep-alive" : "close",
             "\r\n");
}

std::string content_headers(std::string_view type, std::size_t length) {
  return cat("Content-Type: ", type, "\r\nContent-Length: ", length, "\r\n");
}

// `headers`: whole lines.
std::string with_page(int status, std::string_view headers, bool head_only) {
  const std::string name = cat(status, " ", title(status));
  const std::string body = cat("<html>\r\n<head><title>", name, "</title></head>\r\n<body>\r\n<center><h1>", name,
                               "</h1></center>\r\n</body>\r\n</html>\r\n");
  return cat("HTTP/1.1 ", name, "\r\n", headers, content_headers("text/html", body.size()), "\r\n",
             head_only ? "" : body);
}

}  // namespace

std::string own_answer(int status, bool keep_alive, bool head_only, Instant now) {
  return with_page(status, own_headers(keep_alive, now), head_only);
}

std::string plain_http_answer(bool head_only, Instant now) {
  constexpr std::string_view why = "The plain HTTP request was sent to HTTPS port";
  const std::string body = cat("<html>\r\n<head><title>400 ", why, "</title></head>\r\n<body>\r\n<center><h1>400 ",
                               title(400), "</h1></center>\r\n<center>", why, "</center>\r\n</body>\r\n</html>\r\n");
  return cat("HTTP/1.1 400 ", title(400), "\r\n", own_headers(false, now), content_headers("text/html", body.size()),
             "\r\n", head_only ? "" : body);
}

std::string fixed_answer(int status, std::string_view content_type, std::string_view body, bool keep_alive,
                         bool head_only, Instant now) {
  const bool has_content = status >= 200 && status != 204 && status != 304;  // RFC 9110 6.4.1
  std::string text = cat("HTTP/1.1 ", status, " ", http::reason_phrase(status), "\r\n", own_headers(keep_alive, now));
  if (has_content) text += content_headers(content_type.empty() ? "text/plain" : content_type, body.size());
  text += "\r\n";
  if (has_content && !head_only) text += body;
  return text;
}

std::string redirect_answer(int status, std::string_view location, bool keep_alive, bool head_only, Instant now) {
  std::string headers = own_headers(keep_alive, now);
  if (!location.empty()) headers += cat("Location: ", location, "\r\n");
  return with_page(status, headers, head_only);
}

}  // namespace utakata::balancer
