#include <doctest/doctest.h>

#include <array>

#include "base/cbor.hpp"
#include "base/text.hpp"
#include "core/machine.hpp"
#include "services/sts/module.hpp"
#include "services/sts/ops.hpp"
#include "services/sts/public.hpp"
#include "services/sts/state.hpp"

using namespace utakata;  // NOLINT: a test

namespace {

struct Bench {
  static constexpr std::array<void (*)(Schema&), 1> modules{sts::declare};
  Machine machine{1, modules};
  Instant now = *parse_iso8601("2026-05-06T11:42:34Z");
  World world{"111122223333", "ap-northeast-1"};
  Origin origin{.caller = {}, .endpoint = {}, .secret = "0123456789abcdef0123456789abcdef"};

  template <auto Handler, class Response, class Request>
  Outcome<Response> call(const Request& request) {
    static constexpr Operation made = operation<Handler>("Test");
    Response response;
    const Step step = machine.step(now, ApiCall{.world = world,
                                                .operation = &made,
                                                .input = &request,
                                                .output = &response,
                                                .last_try = false,
                                                .origin = origin});
    if (step.fault) return std::unexpected(*step.fault);
    return response;
  }
  Outcome<sts::api::AssumeRoleResponse> assume(const str& role, const str& name = "job", opt<i32> seconds = {}) {
    sts::api::AssumeRoleRequest request;
    request.RoleArn = role;
    request.RoleSessionName = name;
    request.DurationSeconds = seconds;
    return call<sts::assume_role, sts::api::AssumeRoleResponse>(request);
  }
  str identity(const str& caller) {
    origin.caller = caller;
    return *call<sts::get_caller_identity, sts::api::GetCallerIdentityResponse>(sts::api::GetCallerIdentityRequest{})
                ->Arn;
  }
  /// Sessions that other calls made before; their access keys are PREFIX0, PREFIX1, ...
  void fill(int count, const str& prefix, const str& role, Duration life, const str& owner = {}) {
    for (int n = 0; n < count; ++n) {
      const sts::SessionRow row{.access_key = cat(prefix, n),
                                .secret = {},
                                .token = {},
                                .account = world.account,
                                .role_arn = role,
                                .session_name = "job",
                                .owner = owner,
                                .began_at = now - hours(12) + seconds(n),
                                .expires_at = now + life};
      REQUIRE(machine.load("sts.sessions", cat("session/", row.access_key), cbor::write(row)));
    }
  }
  Outcome<sts::api::AssumeRoleResponse> begin_for(const str& owner) {
    // What the platform does for a task of its own, as an operation.
    static str owned;
    owned = owner;
    const auto begin = [](Tx& tx, const sts::api::AssumeRoleRequest& request) -> Outcome<sts::api::AssumeRoleResponse> {
      TRY_VOID(sts::begin_session(tx, {.account = tx.world().account,
                                       .role_arn = request.RoleArn,
                                       .session_name = "task",
                                       .owner = owned,
                                       .life = hours(6)}));
      return sts::api::AssumeRoleResponse{};
    };
    sts::api::AssumeRoleRequest request;
    request.RoleArn = "arn:aws:iam::111122223333:role/task";
    return call<+begin, sts::api::AssumeRoleResponse>(request);
  }
  std::optional<sts::Session> find(const str& access_key) {
    return machine.read(now, [&](const Tx& tx) { return sts::find_session(tx, access_key); });
  }
};

const str role = "arn:aws:iam::111122223333:role/path/worker";

}  // namespace

TEST_CASE("sts: an assumed role is an identity of its own, until its time is over") {
  Bench bench;
  const auto made = bench.assume(role, "job", 900);
  REQUIRE(made);
  const sts::api::Credentials credentials = *made->Credentials;
  CHECK(credentials.AccessKeyId.starts_with("ASIA"));
  CHECK(credentials.AccessKeyId.size() == 20);
  CHECK(credentials.SecretAccessKey.size() == 40);
  CHECK(credentials.Expiration == bench.now + seconds(900));
  CHECK(made->AssumedRoleUser->Arn == "arn:aws:sts::111122223333:assumed-role/worker/job");
  CHECK(bench.identity(credentials.AccessKeyId) == made->AssumedRoleUser->Arn);
  CHECK(bench.identity("AKIDOTHER") == "arn:aws:iam::111122223333:root");
  const auto session = bench.find(credentials.AccessKeyId);
  REQUIRE(session);
  CHECK(session->secret == credentials.SecretAccessKey);
  CHECK(session->token == credentials.SessionToken);
  bench.now = bench.now + seconds(900) + hours(1);
  bench.machine.step(bench.now, Tick{});
  CHECK_FALSE(bench.find(credentials.AccessKeyId));
}

TEST_CASE("sts: what another caller brings in gives other secrets, and none gives no credentials") {
  Bench bench;
  const auto first = bench.assume(role);
  bench.origin.secret = "another";
  const auto second = bench.assume(role);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->Credentials->SecretAccessKey != second->Credentials->SecretAccessKey);
  CHECK(first->Credentials->SessionToken != second->Credentials->SessionToken);
  bench.origin.secret.clear();
  CHECK(bench.assume(role).error().code == "ServiceUnavailable");
}

TEST_CASE("sts: a role of another account, a wrong name or duration is refused in AWS's words") {
  Bench bench;
  const Fault other = bench.assume("arn:aws:iam::999999999999:role/r").error();
  CHECK(other.code == "AccessDenied");
  CHECK(other.message ==
        "User: arn:aws:iam::111122223333:root is not authorized to perform: sts:AssumeRole on resource: "
        "arn:aws:iam::999999999999:role/r");
  CHECK(bench.assume("nonsense").error().message == "nonsense is invalid");
  CHECK(bench.assume(role, "a b").error().message.contains("roleSessionName"));
  CHECK(bench.assume(role, "x").error().message.contains("greater than or equal to 2"));
  CHECK(bench.assume(role, "job", 899).error().message.contains("durationSeconds"));
  const auto session = bench.assume(role);
  bench.origin.caller = session->Credentials->AccessKeyId;
  CHECK(bench.assume(role, "job", 3601).error().message.contains("role chaining"));
}

TEST_CASE("sts: a flood of one role takes the room of its own oldest sessions, those that are over first") {
  Bench bench;
  const str other = "arn:aws:iam::111122223333:role/other";
  bench.fill(1, "OTHER", other, hours(1));
  bench.fill(1'999, "LIVE", role, hours(1));
  bench.fill(1, "OVER", role, Duration{});
  REQUIRE(bench.assume(role));
  CHECK_FALSE(bench.find("OVER0"));
  CHECK(bench.find("LIVE0"));
  for (int n = 0; n < 3; ++n) {
    const auto made = bench.assume(role);
    REQUIRE(made);
    CHECK(bench.find(made->Credentials->AccessKeyId));
  }
  CHECK_FALSE(bench.find("LIVE2"));
  CHECK(bench.find("LIVE3"));
  CHECK(bench.find("OTHER0"));
}

TEST_CASE("sts: an account with as many sessions as it may have is throttled, and its tasks are not") {
  Bench bench;
  for (int n = 0; n < 10; ++n)
    bench.fill(1'000, cat("ROLE", n, "-"), cat("arn:aws:iam::111122223333:role/r", n), hours(1));
  const Fault refused = bench.assume(role).error();
  CHECK(refused.code == "Throttling");
  CHECK(refused.message == "Rate exceeded");
  CHECK(bench.find("ROLE0-0"));
  REQUIRE(bench.begin_for("arn:aws:ecs:ap-northeast-1:111122223333:task/c/1"));
  // The sessions of tasks take none of that room, however many they are; other accounts have their own.
  bench.fill(10'000, "TASK", "arn:aws:iam::111122223333:role/task", hours(6), "arn:aws:ecs:ap-northeast-1:1:task/c/2");
  REQUIRE(bench.begin_for("arn:aws:ecs:ap-northeast-1:111122223333:task/c/3"));
  CHECK(bench.find("TASK0"));
  bench.world.account = "222233334444";
  CHECK(bench.assume("arn:aws:iam::222233334444:role/r"));
  bench.world.account = "111122223333";
  bench.now = bench.now + hours(1);
  CHECK(bench.assume(role));
}
