#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/header_view.hpp"

// Requests as the events that a Lambda function gets from a load balancer, and what it returns as answers (platform.md
// A8). No sockets.
namespace utakata::balancer {

inline constexpr std::size_t function_body_max = 1024 * 1024;    // of a request, without its coding
inline constexpr std::size_t function_answer_max = 1024 * 1024;  // the JSON that a function returns

struct FunctionRequest {
  std::string_view target_group_arn;
  std::string_view method;
  std::string_view target;                    // path and query as sent
  std::span<const http::HeaderView> headers;  // as any target would get them
  std::string_view body = {};                 // without its coding
  bool multi_value = false;                   // names with all their values, not only with the last
};

/// A body goes as Base64 if it has a Content-Encoding or its type is none of text/*, application/json,
/// application/javascript and application/xml; and also, as JSON could not carry it, if it is no UTF-8.
std::string function_event(const FunctionRequest&);
/// The event of a health check.
std::string function_check_event(std::string_view target_group_arn, std::string_view path, bool multi_value);

struct FunctionAnswer {
  int status = 0;
  std::string reason;
  std::vector<std::pair<std::string, std::string>> headers;  // without those of one connection and without a length
  std::string body;
};
/// Nothing: it is not what a function has to return to a load balancer (LambdaInvalidResponse).
std::optional<FunctionAnswer> read_function_answer(std::string_view json, bool multi_value);

/// The answer as HTTP/1.1. `more_lines` are headers of the load balancer's own.
std::string write_function_answer(const FunctionAnswer&, bool keep_alive, bool head_only, std::string_view more_lines);

}  // namespace utakata::balancer
