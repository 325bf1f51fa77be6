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
    case 503:
      return "Service Temporarily Unavailable";
    case 504:
      return "Gateway Time-out";
    default:
      return http::reason_phrase(status);
  }
}

std::string head(int status, std::string_view reason, std::string_view content_type, std::size_t length,
                 bool keep_alive, Instant now) {
  return cat("HTTP/1.1 ", status, " ", reason, "\r\nServer: awselb/2.0\r\nDate: ", http_date(now),
             "\r\nContent-Type: ", content_type, "\r\nContent-Length: ", length,
             "\r\nConnection: ", keep_alive ? "keep-alive" : "close", "\r\n");
}

}  // namespace

std::string own_answer(int status, bool keep_alive, bool head_only, Instant now) {
  const std::string name = cat(status, " ", title(status));
  const std::string body = cat("<html>\r\n<head><title>", name, "</title></head>\r\n<body>\r\n<center><h1>", name,
                               "</h1></center>\r\n</body>\r\n</html>\r\n");
  return head(status, title(status), "text/html", body.size(), keep_alive, now) + "\r\n" + (head_only ? "" : body);
}

std::string action_answer(int status, std::string_view content_type, std::string_view body, std::string_view location,
                          bool keep_alive, bool head_only, Instant now) {
  std::string text = head(status, http::reason_phrase(status), content_type.empty() ? "text/plain" : content_type,
                          body.size(), keep_alive, now);
  if (!location.empty()) text += cat("Location: ", location, "\r\n");
  text += "\r\n";
  if (!head_only) text += body;
  return text;
}

}  // namespace utakata::balancer
