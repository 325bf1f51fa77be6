#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.hpp"
#include "http/head_view.hpp"

// The head of an HTTP/1.1 message, copied, and read strictly (RFC 9112): what two programs could read differently is
// refused.
namespace utakata::http {

struct Header {
  std::string name;
  std::string value;
};

struct Headers {
  std::vector<Header> list;
  [[nodiscard]] const std::string* find(std::string_view name) const;  // the first of that name, any case
  void set(std::string_view name, std::string value);                  // replaces all of that name
  void remove(std::string_view name);
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;  // in a comma-separated value
};

struct RequestHead {
  std::string method;
  std::string target;     // as it was sent: path and query, or absolute
  int minor_version = 1;  // HTTP/1.x
  Headers headers;
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;
  bool keep_alive = true;
};

struct ResponseHead {
  int status = 0;
  std::string reason;
  int minor_version = 1;
  Headers headers;
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;
  bool keep_alive = true;
};

/// `text` is exactly one head. Says nothing when it is well formed.
std::optional<Violation> parse_request_head(std::string_view text, const HeadLimits&, RequestHead&);
/// `to_head_request`: the response has no body whatever its headers say.
std::optional<Violation> parse_response_head(std::string_view text, bool to_head_request, ResponseHead&);

std::string_view reason_phrase(int status);

}  // namespace utakata::http
