#include "balancer/stickiness.hpp"

#include <doctest/doctest.h>

#include <array>

#include "base/text.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test

namespace {

const Instant noon = *parse_iso8601("2026-05-06T12:00:00Z");

}  // namespace

TEST_CASE("stickiness: only who has the secret makes and reads a cookie") {
  const BondSeal seal("secret");
  const Bond bond{.to = "10.0.0.7:8080", .since = noon};
  const std::string value = seal.seal(bond);
  CHECK(seal.open(value) == bond);
  CHECK(BondSeal("secret").open(value) == bond);
  CHECK_FALSE(BondSeal("other").open(value));
  CHECK(base64_decode(value)->find("10.0.0.7") == std::string::npos);
  CHECK(seal.seal({.to = "10.0.0.8:8080", .since = noon}) != value);
  for (std::size_t i = 0; i < value.size(); i += 5) {
    std::string forged = value;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(seal.open(forged));
  }
  for (const std::string_view bad : {"", "x", "_remove_", "AAAAAAAAAAAAAAAAAAAAAA=="}) CHECK_FALSE(seal.open(bad));
  CHECK_FALSE(seal.open(std::string(4096, 'A')));
  const Bond arn{.to = "arn:aws:elasticloadbalancing:ap-northeast-1:111122223333:targetgroup/blue/0123456789abcdef",
                 .since = noon};
  CHECK(seal.open(seal.seal(arn)) == arn);
}

TEST_CASE("stickiness: a cookie is found by its whole name among others") {
  const std::array<http::HeaderView, 3> headers{
      {{"Cookie", "XAWSALB=no; AWSALBCORS=other"}, {"Accept", "AWSALB=no"}, {"cookie", "a=b;AWSALB=yes ; c=d"}}};
  CHECK(cookie_value(headers, "AWSALB") == "yes");
  CHECK(cookie_value(headers, "AWSALBCORS") == "other");
  CHECK(cookie_value(headers, "AWSALBTG").empty());
  const std::array<http::HeaderView, 2> answer{{{"Set-Cookie", "session2=x"}, {"set-cookie", "session=y; Path=/"}}};
  CHECK(sets_cookie(answer, "session"));
  CHECK_FALSE(sets_cookie(answer, "sessio"));
}

TEST_CASE("stickiness: for its duration from the last answer on, and no longer") {
  const BondSeal seal("secret");
  const std::string cookie = cat("AWSALB=", seal.seal({.to = "10.0.0.7:80", .since = noon}));
  const std::array<http::HeaderView, 1> headers{{{"Cookie", cookie}}};
  CHECK(bound_to(seal, headers, target_cookie, seconds(60), noon + seconds(59)) == "10.0.0.7:80");
  CHECK_FALSE(bound_to(seal, headers, target_cookie, seconds(60), noon + seconds(60)));
  CHECK_FALSE(bound_to(seal, headers, group_cookie, seconds(60), noon));
}

TEST_CASE("stickiness: an answer's lines have AWS's form") {
  const BondSeal seal("secret");
  const Bond bond{.to = "10.0.0.7:80", .since = noon};
  const std::string value = seal.seal(bond);
  CHECK(bond_lines(seal, target_cookie, bond) ==
        cat("Set-Cookie: AWSALB=", value, "; Expires=Wed, 13 May 2026 12:00:00 GMT; Path=/\r\nSet-Cookie: AWSALBCORS=",
            value, "; Expires=Wed, 13 May 2026 12:00:00 GMT; Path=/; SameSite=None; Secure\r\n"));
  CHECK(bond_lines(seal, application_cookie, bond).find("CORS") == std::string::npos);
}
