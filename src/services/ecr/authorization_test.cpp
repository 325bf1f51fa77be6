#include <doctest/doctest.h>

#include <array>

#include "core/machine.hpp"
#include "services/ecr/api/authorization.hpp"
#include "services/ecr/module.hpp"

using namespace utakata;  // NOLINT: a test

namespace {

struct Bench {
  static constexpr std::array<void (*)(Schema&), 1> modules{ecr::declare};
  Machine machine{1, modules};

  Outcome<ecr::api::GetAuthorizationTokenResponse> token(const ecr::api::GetAuthorizationTokenRequest& request = {}) {
    ecr::api::GetAuthorizationTokenResponse response;
    const Step step = machine.step(Instant{1}, ApiCall{{"111122223333", "ap-northeast-1"},
                                                       ecr::service.find("GetAuthorizationToken"),
                                                       &request,
                                                       &response,
                                                       false});
    if (step.fault) return std::unexpected(*step.fault);
    return response;
  }
};

}  // namespace

TEST_CASE("ecr: the token is the login of the registry that stands in, and lasts twelve hours") {
  Bench bench;
  bench.machine.step(
      Instant{1}, RegistryReport{.address = "127.0.0.1:5000", .insecure = true, .user_name = "AWS", .password = "p"});
  const auto got = bench.token();
  REQUIRE(got);
  REQUIRE(got->authorizationData->size() == 1);
  const auto& data = got->authorizationData->front();
  CHECK(*data.authorizationToken == base64_encode("AWS:p"));
  CHECK(*data.proxyEndpoint == "http://127.0.0.1:5000");
  CHECK(*data.expiresAt == Instant{1} + hours(12));
  CHECK(bench.token({.registryIds = list<str>{"111122223333", "444455556666"}})->authorizationData->size() == 2);
}

TEST_CASE("ecr: without such a registry, and for what is no account, a token is refused in words") {
  Bench bench;
  CHECK(bench.token().error().message.contains("--ecr-registry"));
  CHECK(bench.token({.registryIds = list<str>{"12"}}).error().message.contains("registryIds"));
  bench.machine.step(Instant{1}, RegistryReport{.address = "127.0.0.1:5000"});
  CHECK(bench.token());
  bench.machine.step(Instant{2}, RegistryReport{});  // the next start has none any more
  CHECK_FALSE(bench.token());
}
