#include <doctest/doctest.h>

#include <array>

#include "core/machine.hpp"
#include "services/secretsmanager/module.hpp"
#include "services/secretsmanager/ops.hpp"

using namespace utakata;                  // NOLINT: a test
using namespace utakata::secretsmanager;  // NOLINT: a test

namespace {

constexpr std::array<void (*)(Schema&), 1> modules{declare};

struct Bench {
  Machine machine{7, modules};
  Instant now = *parse_iso8601("2026-05-06T11:42:34Z");
  World world{"111122223333", "ap-northeast-1"};

  template <auto Handler, class Response, class Request>
  Outcome<Response> call(const Request& request) {
    static constexpr Operation made = operation<Handler>("Test");
    Response response;
    const Step step = machine.step(now, ApiCall{world, &made, &request, &response, false});
    if (step.fault) return std::unexpected(*step.fault);
    return response;
  }
  Outcome<api::CreateSecretResponse> create(const str& name, const str& value) {
    return call<create_secret, api::CreateSecretResponse>(
        api::CreateSecretRequest{.Name = name, .SecretString = value});
  }
  Outcome<api::PutSecretValueResponse> put(const api::PutSecretValueRequest& request) {
    return call<put_secret_value, api::PutSecretValueResponse>(request);
  }
  str value(const api::GetSecretValueRequest& request) {
    const auto got = call<get_secret_value, api::GetSecretValueResponse>(request);
    return got ? *got->SecretString : got.error().code;
  }
  Outcome<api::DeleteSecretResponse> remove(const api::DeleteSecretRequest& request) {
    return call<delete_secret, api::DeleteSecretResponse>(request);
  }
};

}  // namespace

TEST_CASE("secretsmanager: the current value, the previous one, and one by its version") {
  Bench bench;
  const auto made = bench.create("db", "one");
  REQUIRE(made);
  CHECK(made->ARN->starts_with("arn:aws:secretsmanager:ap-northeast-1:111122223333:secret:db-"));
  CHECK(bench.create("db", "x").error().code == "ResourceExistsException");
  REQUIRE(bool(bench.put({.SecretId = "db", .SecretString = str("two")})));
  CHECK(bench.value({.SecretId = "db"}) == "two");
  CHECK(bench.value({.SecretId = *made->ARN, .VersionStage = str("AWSPREVIOUS")}) == "one");
  CHECK(bench.value({.SecretId = "db", .VersionId = *made->VersionId}) == "one");
  CHECK(bench.value({.SecretId = made->ARN->substr(0, made->ARN->size() - 7)}) == "two");
  CHECK(bench.value({.SecretId = "db", .VersionId = *made->VersionId, .VersionStage = str("AWSCURRENT")}) ==
        "InvalidRequestException");
  CHECK(bench.value({.SecretId = "db", .VersionStage = str("NONE")}) == "ResourceNotFoundException");
  CHECK(bench.value({.SecretId = "none"}) == "ResourceNotFoundException");
}

TEST_CASE("secretsmanager: a request made twice makes one version, the same token with another value is refused") {
  Bench bench;
  REQUIRE(bool(bench.create("s", "one")));
  const str token(32, 't');
  const auto first = bench.put({.SecretId = "s", .ClientRequestToken = token, .SecretString = str("two")});
  const auto again = bench.put({.SecretId = "s", .ClientRequestToken = token, .SecretString = str("two")});
  REQUIRE(first);
  REQUIRE(again);
  CHECK(*first->VersionId == *again->VersionId);
  CHECK(bench.put({.SecretId = "s", .ClientRequestToken = token, .SecretString = str("three")}).error().code ==
        "ResourceExistsException");
  CHECK(bench.value({.SecretId = "s", .VersionStage = str("AWSPREVIOUS")}) == "one");
}

TEST_CASE("secretsmanager: stages are moved between versions") {
  Bench bench;
  const auto made = bench.create("s", "one");
  const auto next =
      bench.put({.SecretId = "s", .SecretString = str("two"), .VersionStages = list<str>{str("AWSPENDING")}});
  REQUIRE(made);
  REQUIRE(next);
  CHECK(bench.value({.SecretId = "s"}) == "one");
  const auto move = [&](const opt<str>& from) {
    return bench.call<update_secret_version_stage, api::UpdateSecretVersionStageResponse>(
        api::UpdateSecretVersionStageRequest{.SecretId = "s",
                                             .VersionStage = "AWSCURRENT",
                                             .RemoveFromVersionId = from,
                                             .MoveToVersionId = *next->VersionId});
  };
  CHECK(move({}).error().code == "InvalidParameterException");
  REQUIRE(bool(move(*made->VersionId)));
  CHECK(bench.value({.SecretId = "s"}) == "two");
  CHECK(bench.value({.SecretId = "s", .VersionStage = str("AWSPREVIOUS")}) == "one");
}

TEST_CASE("secretsmanager: a deleted secret can be restored in its window and is gone after it") {
  Bench bench;
  REQUIRE(bool(bench.create("s", "one")));
  CHECK(bench.remove({.SecretId = "s", .RecoveryWindowInDays = 6}).error().code == "InvalidParameterException");
  REQUIRE(bool(bench.remove({.SecretId = "s", .RecoveryWindowInDays = 7})));
  CHECK(bench.value({.SecretId = "s"}) == "InvalidRequestException");
  CHECK(bench.create("s", "two").error().code == "InvalidRequestException");
  const auto restored =
      bench.call<restore_secret, api::RestoreSecretResponse>(api::RestoreSecretRequest{.SecretId = "s"});
  REQUIRE(restored);
  CHECK(bench.value({.SecretId = "s"}) == "one");
  REQUIRE(bool(bench.remove({.SecretId = "s", .RecoveryWindowInDays = 7})));
  bench.now = bench.now + hours(24 * 7);
  bench.machine.step(bench.now, Tick{});
  CHECK(bench.value({.SecretId = "s"}) == "ResourceNotFoundException");
  REQUIRE(bool(bench.create("s", "two")));
  REQUIRE(bool(bench.remove({.SecretId = "s", .ForceDeleteWithoutRecovery = true})));
  CHECK(bool(bench.create("s", "three")));
}

TEST_CASE("secretsmanager: secrets are listed in an order, by filters, in pages") {
  Bench bench;
  for (const char* name : {"b/one", "a/two", "b/three"}) {
    bench.now = bench.now + seconds(1);
    REQUIRE(bool(bench.create(name, "x")));
  }
  const auto names = [&](const api::ListSecretsRequest& request) {
    str text;
    const auto page = bench.call<list_secrets, api::ListSecretsResponse>(request);
    REQUIRE(page);
    for (const api::SecretListEntry& each : *page->SecretList) text += *each.Name + " ";
    return text + (page->NextToken ? "more" : "");
  };
  CHECK(names({}) == "b/one a/two b/three ");
  CHECK(names({.SortOrder = "desc"}) == "b/three a/two b/one ");
  CHECK(names({.SortBy = "name"}) == "a/two b/one b/three ");
  CHECK(names({.MaxResults = 2}) == "b/one a/two more");
  CHECK(names({.Filters = list<api::Filter>{{.Key = "name", .Values = list<str>{"b/"}}}}) == "b/one b/three ");
  CHECK(names({.Filters = list<api::Filter>{{.Key = "name", .Values = list<str>{"!b/"}}}}) == "a/two ");
}
