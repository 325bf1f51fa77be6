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

void note_rule(RequestText& text, const BalancerRule& rule) {
  text.rule_priority = cat(rule.priority);
  text.action = rule.action.type.name();
}

}  // namespace utakata::balancer
