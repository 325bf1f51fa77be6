#include "balancer/request_text.hpp"

#include "base/text.hpp"

namespace utakata::balancer {
namespace {

std::string_view name_of(Safety safety) {
  switch (safety) {
    case Safety::compliant:
      return {};
    case Safety::acceptable:
      return "Acceptable";
    case Safety::ambiguous:
      return "Ambiguous";
    case Safety::severe:
      return "Severe";
  }
  return {};
}

}  // namespace

RequestText text_of_nothing(std::string_view dns_name, i32 port) {
  RequestText text;
  text.host = dns_name;
  text.port = port;
  return text;
}

RequestText text_of(const http::RequestHeadView& head, const RequestView& view, std::string_view dns_name,
                    const Classification& classified) {
  RequestText text = text_of_nothing(view.host.empty() ? dns_name : view.host, view.port);
  text.type = text.scheme = view.protocol;
  text.method = head.method;
  text.target = view.target;
  text.version = cat("HTTP/1.", head.minor_version);
  for (const http::HeaderView& header : head.headers)
    if (equals_ignoring_case(header.name, "user-agent")) text.user_agent = header.value;
  text.classification = name_of(classified.safety);
  text.classification_reason = classified.reason;
  return text;
}

void note_tls(RequestText& text, const ClientTls& tls, bool http2, const BalancerConfig& config) {
  text.scheme = "https";
  text.type = http2 ? "h2" : "https";
  if (http2 && !text.version.empty()) text.version = "HTTP/2.0";
  text.tls_protocol = tls.version;
  text.tls_cipher = tls.cipher;
  text.server_name = tls.server_name;
  for (const BalancerListener& each : config.listeners)
    if (each.port == text.port && each.protocol == "HTTPS" && each.tls.certificates.size() == 1)
      text.certificate_arn = each.tls.certificates.front().arn;
}

void note_rule(RequestText& text, const BalancerRule& rule) {
  text.rule_priority = cat(rule.priority);
  text.action = rule.action.type.name();
}

void note_group(RequestText& text, const BalancerTargetGroup& group) {
  text.group_arn = group.arn;
  if (group.protocol_version == "GRPC" && text.type == "h2") text.type = "grpcs";
}

std::string_view function_error(Cause cause) {
  switch (cause) {
    case Cause::lambda_missing_502:
      return "LambdaResourceNotFound";
    case Cause::lambda_failed_502:
      return "LambdaUnhandled";
    case Cause::lambda_invalid_answer_502:
      return "LambdaInvalidResponse";
    case Cause::lambda_answer_too_large_502:
      return "LambdaResponseTooLarge";
    case Cause::lambda_request_too_large_413:
      return "LambdaRequestTooLarge";
    case Cause::lambda_timeout_504:
      return "LambdaConnectionTimeout";
    default:
      return {};
  }
}

}  // namespace utakata::balancer
