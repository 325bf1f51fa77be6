#include <doctest/doctest.h>

#include <array>

#include "core/machine.hpp"
#include "services/sts/api/identity.hpp"
#include "services/sts/module.hpp"

using namespace utakata;  // NOLINT: a test

TEST_CASE("sts: a caller is the root of the account that its access key names, in every region") {
  static constexpr std::array<void (*)(Schema&), 1> modules{sts::declare};
  Machine machine(1, modules);
  const Operation* operation = sts::service.find("GetCallerIdentity");
  REQUIRE(operation != nullptr);
  for (const str region : {"ap-northeast-1", "us-east-1"}) {
    const sts::api::GetCallerIdentityRequest request;
    sts::api::GetCallerIdentityResponse response;
    const Step step =
        machine.step(Instant{1}, ApiCall{{"111122223333", region}, operation, &request, &response, false});
    CHECK_FALSE(step.fault);
    CHECK(step.changes.empty());
    CHECK(response.Account == str("111122223333"));
    CHECK(response.UserId == str("111122223333"));
    CHECK(response.Arn == str("arn:aws:iam::111122223333:root"));
  }
}
