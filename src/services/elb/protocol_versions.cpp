#include "services/elb/protocol_versions.hpp"

#include "services/elb/errors.hpp"
#include "services/elb/protocols.hpp"

namespace utakata::elb {
namespace {

// "200", "200,202", "200-299".
Outcome<> check_codes(std::string_view kind, std::string_view codes, i64 first, i64 last) {
  for (const std::string_view piece : split(codes, ',')) {
    const std::size_t dash = piece.find('-');
    const auto from = parse_integer(piece.substr(0, dash));
    const auto to = dash == std::string_view::npos ? from : parse_integer(piece.substr(dash + 1));
    if (!from || !to || *from > *to)
      return invalid(cat("Health check matcher ", kind, " code '", codes, "' must be a code, a list like '", first, ",",
                         first + 2, "' or a range like '", first, "-", last, "'"));
    if (*from < first || *to > last)
      return invalid(
          cat("Health check matcher ", kind, " code '", piece, "' must be within '", first, "-", last, "' inclusive"));
  }
  return {};
}

}  // namespace

Outcome<> take_version(TargetGroupRow& row, const opt<str>& version) {
  row.protocol_version = version.value_or("HTTP1");
  if (row.protocol_version != "HTTP1" && row.protocol_version != "HTTP2" && row.protocol_version != "GRPC")
    return invalid(cat("ProtocolVersion '", row.protocol_version, "' must be one of '[HTTP1, HTTP2, GRPC]'"));
  if (row.protocol_version != "GRPC") return {};
  row.check_path = "/AWS.ALB/healthcheck";
  row.matcher = "12";  // what a server says to a call that it does not know
  return {};
}

Outcome<> take_matcher(TargetGroupRow& row, const opt<api::Matcher>& matcher) {
  const bool grpc = row.protocol_version == "GRPC";
  if (matcher && matcher->HttpCode && matcher->GrpcCode)
    return invalid("Health check matcher can have either an HTTP code or a GRPC code");
  if (matcher && !grpc && matcher->GrpcCode)
    return refuse("InvalidConfigurationRequest",
                  "Matcher.GrpcCode is supported only for target groups with the GRPC protocol version");
  if (matcher) {
    const opt<str>& codes = grpc ? matcher->GrpcCode : matcher->HttpCode;
    if (!codes || codes->empty())
      return invalid(cat("Health check matcher ", grpc ? "GRPC" : "HTTP", " code cannot be empty"));
    row.matcher = *codes;
  }
  if (grpc) return check_codes("GRPC", row.matcher, 0, 99);
  return check_codes("HTTP", row.matcher, 200, is_flow_protocol(row.protocol) ? 599 : 499);
}

api::Matcher matcher_of(const TargetGroupRow& row) {
  if (row.protocol_version == "GRPC") return {.GrpcCode = row.matcher};
  return {.HttpCode = row.matcher};
}

Outcome<> check_versions(const Tx& tx, std::string_view listener_protocol, const list<api::Action>& actions) {
  if (listener_protocol == "HTTPS") return {};
  for (const str& arn : groups_of(actions)) {
    const auto* group = tx.find<TargetGroupRow>(group_key(tx.world(), arn));
    if (group != nullptr && group->protocol_version != "HTTP1")
      return refuse(
          "InvalidLoadBalancerAction",
          cat("Listener protocol '", listener_protocol,
              "' is not supported with a target group with the protocol-version '", group->protocol_version, "'"));
  }
  return {};
}

}  // namespace utakata::elb
