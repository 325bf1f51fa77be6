#include <doctest/doctest.h>

#include "services/elb/fixture_test.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::elb;  // NOLINT: a test
using test::Bench;

namespace {

struct Versions : Bench {
  Outcome<api::TargetGroup> create(const str& name, const str& version, opt<api::Matcher> matcher = {}) {
    const auto done =
        call<create_target_group, api::CreateTargetGroupOutput>(api::CreateTargetGroupInput{.Name = name,
                                                                                            .Protocol_ = "HTTP",
                                                                                            .ProtocolVersion = version,
                                                                                            .Port = 80,
                                                                                            .VpcId = vpc(),
                                                                                            .Matcher_ = matcher,
                                                                                            .TargetType = "ip"});
    if (!done) return std::unexpected(done.error());
    return done->TargetGroups->front();
  }
  static str text(const Fault& fault) { return cat(fault.code, ": ", fault.message); }
};

}  // namespace

TEST_CASE("elb target groups: a version of HTTP comes with its own health check") {
  Versions versions;
  const auto grpc = versions.create("grpc", "GRPC");
  REQUIRE(grpc);
  CHECK(*grpc->ProtocolVersion == "GRPC");
  CHECK(*grpc->HealthCheckPath == "/AWS.ALB/healthcheck");
  CHECK(*grpc->Matcher_->GrpcCode == "12");
  CHECK_FALSE(grpc->Matcher_->HttpCode);
  const auto http2 = versions.create("http2", "HTTP2");
  REQUIRE(http2);
  CHECK(*http2->ProtocolVersion == "HTTP2");
  CHECK(*http2->HealthCheckPath == "/");
  CHECK(*http2->Matcher_->HttpCode == "200");
  CHECK(*versions.create("list", "GRPC", api::Matcher{.GrpcCode = str("0,12")})->Matcher_->GrpcCode == "0,12");
  CHECK(versions.create("grpc", "GRPC"));  // the same once more
  CHECK(versions.create("grpc", "HTTP2").error().code == "DuplicateTargetGroupName");
}

TEST_CASE("elb target groups: what a version of HTTP does not go with is refused") {
  Versions versions;
  const auto refused = [&](const str& version, opt<api::Matcher> matcher) {
    const auto made = versions.create("a", version, std::move(matcher));
    return made ? str("made") : Versions::text(made.error());
  };
  CHECK(refused("HTTP3", {}) == "ValidationError: ProtocolVersion 'HTTP3' must be one of '[HTTP1, HTTP2, GRPC]'");
  CHECK(refused("GRPC", api::Matcher{.GrpcCode = str("200")}) ==
        "ValidationError: Health check matcher GRPC code '200' must be within '0-99' inclusive");
  CHECK(refused("GRPC", api::Matcher{.HttpCode = str("200")}) ==
        "ValidationError: Health check matcher GRPC code cannot be empty");
  CHECK(refused("HTTP2", api::Matcher{.GrpcCode = str("0")}).starts_with("InvalidConfigurationRequest: Matcher.Grpc"));
  CHECK(refused("GRPC", api::Matcher{.HttpCode = str("200"), .GrpcCode = str("0")}).contains("either"));
}

TEST_CASE("elb listeners: of HTTP they do not reach groups that speak HTTP/2") {
  Versions versions;
  const str balancer = versions.balancer();
  const str group = *versions.create("grpc", "GRPC")->TargetGroupArn;
  const list<api::Action> actions{{.Type = "forward", .TargetGroupArn = group}};
  const str why =
      "InvalidLoadBalancerAction: Listener protocol 'HTTP' is not supported with a target group with the "
      "protocol-version 'GRPC'";
  const auto made = versions.call<create_listener, api::CreateListenerOutput>(api::CreateListenerInput{
      .LoadBalancerArn = balancer, .Protocol_ = "HTTP", .Port = 80, .DefaultActions = actions});
  REQUIRE_FALSE(made);
  CHECK(Versions::text(made.error()) == why);
  const str listener = versions.listener(balancer, 80, versions.group("plain"));
  const auto rule = versions.rule(listener, 1, {{.Field = str("path-pattern"), .Values = list<str>{"/a"}}}, actions);
  REQUIRE_FALSE(rule);
  CHECK(Versions::text(rule.error()) == why);
  const auto changed = versions.call<modify_listener, api::ModifyListenerOutput>(
      api::ModifyListenerInput{.ListenerArn = listener, .DefaultActions = actions});
  REQUIRE_FALSE(changed);
  CHECK(Versions::text(changed.error()) == why);
}
