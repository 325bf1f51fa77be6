#include "balancer/function_event.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/json.hpp"
#include "base/json_scanner.hpp"
#include "base/text.hpp"
#include "http/head.hpp"
#include "http/head_view.hpp"

namespace utakata::balancer {
namespace {

// Names in the order in which they come first, each with its values.
class Collected {
 public:
  void add(std::string name, std::string_view value) {
    const auto [at, is_new] = places_.try_emplace(std::move(name), named_.size());
    if (is_new) named_.emplace_back(at->first, std::vector<std::string_view>());
    named_[at->second].second.push_back(value);
  }
  [[nodiscard]] const std::vector<std::pair<std::string, std::vector<std::string_view>>>& all() const { return named_; }

 private:
  std::unordered_map<std::string, std::size_t> places_;
  std::vector<std::pair<std::string, std::vector<std::string_view>>> named_;
};

// Headers are bytes; those beyond ASCII are read as UTF-8 where they are that.
std::string quoted(std::string_view text) { return Json(json::repaired_utf8(text)).write(); }

void put_map(std::string& out, const Collected& collected, bool multi_value) {
  out += '{';
  bool first = true;
  for (const auto& [name, values] : collected.all()) {
    if (!std::exchange(first, false)) out += ',';
    out += quoted(name) + ':';
    if (!multi_value) {
      out += quoted(values.back());
      continue;
    }
    out += '[';
    for (std::size_t i = 0; i < values.size(); ++i) out += (i > 0 ? "," : "") + quoted(values[i]);
    out += ']';
  }
  out += '}';
}

// Keys and values as they were sent, not decoded.
Collected query_of(std::string_view target) {
  Collected query;
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return query;
  for (const std::string_view pair : split(target.substr(mark + 1), '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    query.add(std::string(pair.substr(0, equals)), value);
  }
  return query;
}

bool goes_as_text(const FunctionRequest& request) {
  if (request.body.empty()) return true;
  std::string_view type;
  for (const http::HeaderView& header : request.headers) {
    if (equals_ignoring_case(header.name, "content-encoding")) return false;
    if (equals_ignoring_case(header.name, "content-type")) type = header.value;
  }
  const std::string name = to_lower(trim(type.substr(0, type.find(';'))));
  const bool text = name.starts_with("text/") || name == "application/json" || name == "application/javascript" ||
                    name == "application/xml";
  return text && json::valid_utf8(request.body);
}

std::string event(std::string_view arn, std::string_view method, std::string_view target, const Collected& headers,
                  std::string_view body, bool base64, bool multi_value) {
  std::string out = cat(R"({"requestContext":{"elb":{"targetGroupArn":)", quoted(arn), R"(}},"httpMethod":)",
                        quoted(method), R"(,"path":)", quoted(target.substr(0, target.find('?'))));
  out += multi_value ? R"(,"multiValueQueryStringParameters":)" : R"(,"queryStringParameters":)";
  put_map(out, query_of(target), multi_value);
  out += multi_value ? R"(,"multiValueHeaders":)" : R"(,"headers":)";
  put_map(out, headers, multi_value);
  out += R"(,"body":)";
  out += base64 ? '"' + base64_encode(body) + '"' : quoted(body);
  out += base64 ? R"(,"isBase64Encoded":true})" : R"(,"isBase64Encoded":false})";
  return out;
}

bool is_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f; });
}

// Takes one header that the function has set. False: no answer can have it.
bool take_header(FunctionAnswer& answer, const std::string& name, const Json& value) {
  if (!http::is_token(name) || !value.is_text() || !is_value(value.text())) return false;
  switch (http::kind_of(name)) {
    case http::HeaderKind::connection:
    case http::HeaderKind::hop_by_hop:
    case http::HeaderKind::transfer_encoding:
    case http::HeaderKind::upgrade:
    case http::HeaderKind::content_length:
      return true;  // said by whoever has the connection
    default:
      answer.headers.emplace_back(name, value.text());
      return true;
  }
}

bool take_headers(FunctionAnswer& answer, const Json& json, bool multi_value) {
  const Json* headers = json.find(multi_value ? "multiValueHeaders" : "headers");
  if (headers == nullptr || headers->is_null()) return true;
  if (!headers->is_object()) return false;
  for (std::size_t i = 0; i < headers->size(); ++i) {
    const std::string& name = headers->names()[i];
    const Json& value = headers->items()[i];
    if (!multi_value && !take_header(answer, name, value)) return false;
    if (!multi_value) continue;
    if (!value.is_array()) return false;
    for (const Json& each : value.items())
      if (!take_header(answer, name, each)) return false;
  }
  return true;
}

bool take_body(FunctionAnswer& answer, const Json& json) {
  const Json* encoded = json.find("isBase64Encoded");
  if (encoded != nullptr && !encoded->is_null() && !encoded->is(Json::Kind::boolean)) return false;
  const Json* body = json.find("body");
  if (body == nullptr || body->is_null()) return true;
  if (!body->is_text()) return false;
  answer.body = body->text();
  if (encoded == nullptr || !encoded->boolean()) return true;
  auto decoded = base64_decode(answer.body);
  if (decoded) answer.body = std::move(*decoded);
  return decoded.has_value();
}

// "200 OK" as "OK".
std::string reason_in(std::string_view description, int status) {
  const std::string code = cat(status, " ");
  if (description.starts_with(code)) description.remove_prefix(code.size());
  return std::string(description);
}

}  // namespace

std::string function_event(const FunctionRequest& request) {
  Collected headers;
  for (const http::HeaderView& header : request.headers) {
    const http::HeaderKind kind = http::kind_of(header.name);
    if (kind == http::HeaderKind::connection || kind == http::HeaderKind::transfer_encoding) continue;
    headers.add(to_lower(header.name), header.value);
  }
  return event(request.target_group_arn, request.method, request.target, headers, request.body, !goes_as_text(request),
               request.multi_value);
}

std::string function_check_event(std::string_view target_group_arn, std::string_view path, bool multi_value) {
  Collected headers;
  headers.add("user-agent", "ELB-HealthChecker/2.0");
  return event(target_group_arn, "GET", path, headers, "", false, multi_value);
}

std::optional<FunctionAnswer> read_function_answer(std::string_view text, bool multi_value) {
  constexpr int status_least = 200;
  constexpr int status_most = 599;
  const auto json = Json::parse(text);
  if (!json || !json->is_object()) return {};
  FunctionAnswer answer;
  const Json* status = json->find("statusCode");
  const auto code = status == nullptr ? std::nullopt : status->integer();
  if (!code || *code < status_least || *code > status_most) return {};
  answer.status = static_cast<int>(*code);
  const Json* description = json->find("statusDescription");
  if (description != nullptr && !description->is_null() && (!description->is_text() || !is_value(description->text())))
    return {};
  answer.reason = description == nullptr || description->is_null() ? std::string(http::reason_phrase(answer.status))
                                                                   : reason_in(description->text(), answer.status);
  if (!take_headers(answer, *json, multi_value) || !take_body(answer, *json)) return {};
  return answer;
}

std::string write_function_answer(const FunctionAnswer& answer, bool keep_alive, bool head_only,
                                  std::string_view more_lines) {
  const bool has_content = answer.status != 204 && answer.status != 304;  // RFC 9110 6.4.1
  std::string out = cat("HTTP/1.1 ", answer.status, " ", answer.reason, "\r\n");
  for (const auto& [name, value] : answer.headers) out += cat(name, ": ", value, "\r\n");
  out += more_lines;
  if (has_content) out += cat("Content-Length: ", answer.body.size(), "\r\n");
  out += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  if (has_content && !head_only) out += answer.body;
  return out;
}

}  // namespace utakata::balancer
