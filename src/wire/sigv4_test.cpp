#include "wire/sigv4.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "wire/canonical.hpp"

using namespace utakata;  // NOLINT: a test
using wire::AuthProblem;
using wire::HeaderView;
using wire::Protocol;

namespace {
constexpr std::string_view secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const Instant signing_time = *parse_iso8601("20150830T123600Z");

wire::AuthPolicy policy() { return {.credentials = {{"AKIDEXAMPLE", {.secret = std::string(secret), .account = ""}}}}; }

std::string authorization(std::string_view headers, std::string_view signature) {
  return cat("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=", headers,
             ", Signature=", signature);
}

wire::Signer signer() {
  return {.access_key = "AKIDEXAMPLE", .secret = std::string(secret), .region = "us-east-1", .service = "service"};
}

// A case of the published test suite (awslabs/aws-c-auth, tests/aws-signing-test-suite/v4), signed in its headers.
struct Vector {
  const char* name;
  const char* target;
  std::vector<HeaderView> headers;  // beside Host and X-Amz-Date
  const char* signed_headers;
  const char* signature;
  const char* method = "GET";
  const char* body = "";
};
std::vector<Vector> header_vectors() {
  return {
      {"get-vanilla", "/", {}, "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"post-vanilla",
       "/",
       {},
       "host;x-amz-date",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
       "POST"},
      {"get-header-key-duplicate",
       "/",
       {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
       "host;my-header1;x-amz-date",
       "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
      {"get-header-value-order",
       "/",
       {{"My-Header1", "value4"}, {"My-Header1", "value1"}, {"My-Header1", "value3"}, {"My-Header1", "value2"}},
       "host;my-header1;x-amz-date",
       "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
      {"get-header-value-trim",
       "/",
       {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
       "host;my-header1;my-header2;x-amz-date",
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
      {"get-vanilla-with-session-token",
       "/",
       {{"X-Amz-Security-Token", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"}},
       "host;x-amz-date;x-amz-security-token",
       "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
      {"post-x-www-form-urlencoded",
       "/",
       {{"Content-Type", "application/x-www-form-urlencoded"},
        {"Content-Length", "13"},
        {"x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}},
       "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
       "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
       "POST",
       "Param1=value1"}};
}

std::vector<Vector> target_vectors() {
  return {{"get-slashes-normalized",
           "//example//",
           {},
           "host;x-amz-date",
           "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
          {"get-relative-relative-normalized",
           "/example1/example2/../..",
           {},
           "host;x-amz-date",
           "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
          {"get-space-normalized",
           "/example space/",
           {},
           "host;x-amz-date",
           "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
          {"get-utf8",
           "/\u1234",
           {},
           "host;x-amz-date",
           "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
          {"get-vanilla-query-order-encoded",
           "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
           {},
           "host;x-amz-date",
           "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
          {"get-vanilla-query-order-key-case",
           "/?Param2=value2&Param1=value1",
           {},
           "host;x-amz-date",
           "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
          {"get-vanilla-query-unreserved",
           "/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~"
           "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcde"
           "fghijklmnopqrstuvwxyz",
           {},
           "host;x-amz-date",
           "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
          {"get-vanilla-empty-query-key",
           "/?Param1=value1",
           {},
           "host;x-amz-date",
           "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
          {"get-vanilla-utf8-query",
           "/?\u1234=bar",
           {},
           "host;x-amz-date",
           "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"}};
}

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> all = [] {
    std::vector<Vector> both = header_vectors();
    std::ranges::move(target_vectors(), std::back_inserter(both));
    return both;
  }();
  return all;
}

// A signed request that a test may spoil.
struct Sample {
  std::string target = "/?b=2&a=1", body = "body", method = "POST";
  std::vector<wire::Header> headers{{"Host", "example.amazonaws.com"}, {"Content-Type", "text/plain"}};

  [[nodiscard]] auto with_views(auto&& use) const {
    std::vector<HeaderView> views;
    views.reserve(headers.size());
    for (const auto& [name, value] : headers) views.push_back({.name = name, .value = value});
    return use(wire::Request{.method = method, .target = target, .headers = views, .body = body});
  }
  void sign(Instant at, const wire::Signer& with = signer()) {
    auto added = with_views([&](const wire::Request& request) { return wire::sign(request, with, at); });
    for (auto& header : added) headers.push_back(std::move(header));
  }
  [[nodiscard]] auto authenticate(Instant now, const wire::AuthPolicy& with = policy()) const {
    return with_views([&](const wire::Request& request) { return wire::authenticate(request, with, now); });
  }
  [[nodiscard]] wire::AuthRefusal refusal(Instant now) const {
    const auto result = authenticate(now);
    REQUIRE_FALSE(result);
    return result.error();
  }
  std::string& header(std::string_view name) {
    for (auto& header : headers)
      if (header.name == name) return header.value;
    return headers.emplace_back(std::string(name), "").value;
  }
};
}  // namespace

TEST_CASE("wire sigv4: the published vectors verify, and fail with another signature") {
  for (const Vector& vector : vectors()) {
    CAPTURE(vector.name);
    std::vector<HeaderView> headers = vector.headers;
    const std::string good = authorization(vector.signed_headers, vector.signature);
    headers.push_back({"Host", "example.amazonaws.com"});
    headers.push_back({"X-Amz-Date", "20150830T123600Z"});
    headers.push_back({"Authorization", good});
    wire::Request request{.method = vector.method, .target = vector.target, .headers = headers, .body = vector.body};
    const auto caller = wire::authenticate(request, policy(), signing_time);
    if (!caller) MESSAGE(caller.error().message);
    REQUIRE(caller);
    CHECK(caller->world.region == "us-east-1");
    CHECK(caller->world.account == "000000000000");
    CHECK(caller->service == "service");
    request.body = "another";
    REQUIRE_FALSE(wire::authenticate(request, policy(), signing_time));
  }
}

TEST_CASE("wire sigv4: the signer agrees with the published vectors") {
  for (const Vector& vector : vectors()) {
    if (std::string_view(vector.signed_headers).find("content-length") != std::string_view::npos) continue;
    CAPTURE(vector.name);
    std::vector<HeaderView> headers = vector.headers;
    headers.push_back({"Host", "example.amazonaws.com"});
    const auto added =
        wire::sign({.method = vector.method, .target = vector.target, .headers = headers, .body = vector.body},
                   signer(), signing_time);
    CHECK(added.back().value == authorization(vector.signed_headers, vector.signature));
  }
}

TEST_CASE("wire sigv4: the published presigned vectors verify until they expire") {
  const std::string target =
      "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request&"
      "X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host%3Bmy-header1&X-Amz-Expires=3600&X-Amz-Signature="
      "3349ee0b81b4b589da0ff28a395c3591e04de515651dd74f298fa992d1507a97";
  const std::vector<HeaderView> headers{
      {"Host", "example.amazonaws.com"}, {"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}};
  const wire::Request request{.method = "GET", .target = target, .headers = headers, .body = ""};
  CHECK(wire::authenticate(request, policy(), signing_time));
  CHECK(wire::authenticate(request, policy(), signing_time + seconds(3600)));
  const auto late = wire::authenticate(request, policy(), signing_time + seconds(3601));
  REQUIRE_FALSE(late);
  CHECK((late.error().problem == AuthProblem::skewed));
  CHECK(late.error().message ==
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T133601Z - 3600 sec.)");
}

TEST_CASE("wire sigv4: our own presigned target verifies") {
  Sample sample;
  sample.target = "/?Action=GetCallerIdentity&Version=2011-06-15";
  sample.method = "GET";
  sample.body = "";
  sample.target = sample.with_views(
      [](const wire::Request& request) { return wire::presign(request, signer(), signing_time, seconds(60)); });
  CHECK(sample.authenticate(signing_time + seconds(60)));
  CHECK_FALSE(sample.authenticate(signing_time + seconds(61)));
  Sample weeks = sample;
  weeks.target.replace(weeks.target.find("Expires=60"), 10, "Expires=604801");
  CHECK(weeks.refusal(signing_time).message == "X-Amz-Expires must be less than a week (in seconds) that is 604800");
}

TEST_CASE("wire sigv4: what was changed on the way is refused with the canonical form") {
  Sample sample;
  sample.sign(signing_time);
  REQUIRE(sample.authenticate(signing_time));
  for (int what = 0; what < 4; ++what) {
    Sample changed = sample;
    if (what == 0) changed.body += "!";
    if (what == 1) changed.target += "&c=3";
    if (what == 2) changed.header("Content-Type") = "text/html";
    if (what == 3) changed.method = "PUT";
    CHECK((changed.refusal(signing_time).problem == AuthProblem::bad_signature));
  }
  sample.body = "x";
  const std::string message = sample.refusal(signing_time).message;
  CHECK(message.find(
            "The Canonical String for this request should have been\n'POST\n/\na=1&b=2\ncontent-type:text/plain\n"
            "host:example.amazonaws.com\n") != std::string::npos);
  CHECK(message.find("\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/"
                     "service/aws4_request\n") != std::string::npos);
}

TEST_CASE("wire sigv4: a clock that is off is told both times") {
  Sample sample;
  sample.sign(signing_time);
  CHECK(sample.authenticate(signing_time + minutes(15)));
  CHECK(sample.authenticate(signing_time - minutes(15)));
  CHECK((sample.refusal(signing_time + minutes(16)).problem == AuthProblem::skewed));
  CHECK(sample.refusal(signing_time + minutes(16)).message ==
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123700Z (20150830T125200Z - 15 min.)");
  CHECK(
      sample.refusal(signing_time - minutes(16)).message ==
      "Signature not yet current: 20150830T123600Z is still later than 20150830T123500Z (20150830T122000Z + 15 min.)");
}

TEST_CASE("wire sigv4: an incomplete or foreign signature is refused in AWS's words") {
  Sample sample;
  CHECK((sample.refusal(signing_time).problem == AuthProblem::missing));
  const auto refused = [&](std::string_view authorization, AuthProblem problem) {
    Sample spoilt;
    spoilt.header("X-Amz-Date") = "20150830T123600Z";
    spoilt.header("Authorization") = authorization;
    const wire::AuthRefusal refusal = spoilt.refusal(signing_time);
    CHECK((refusal.problem == problem));
    return refusal.message;
  };
  const auto malformed = AuthProblem::malformed;
  CHECK(refused("Basic abc", malformed) == "Unsupported AWS 'algorithm': 'Basic'.");
  CHECK(
      refused("AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request", malformed) ==
      "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.");
  CHECK(refused("AWS4-HMAC-SHA256 Credential=a/r, SignedHeaders=host, Signature=0", malformed) ==
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/r'");
  CHECK(refused("AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, SignedHeaders=date, Signature=0",
                malformed) == "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  CHECK(refused("AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws5, SignedHeaders=host, Signature=0",
                AuthProblem::bad_signature) ==
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'.");
  CHECK(refused("AWS4-HMAC-SHA256 Credential=a/20150829/r/s/aws4_request, SignedHeaders=host, Signature=0",
                AuthProblem::bad_signature) ==
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != "
        "'20150830', from '20150830T123600Z'.");
  CHECK(refused("AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, SignedHeaders=host, Signature=0",
                AuthProblem::unknown_key) == "The security token included in the request is invalid.");
  CHECK(refused("AWS4-HMAC-SHA256 Credential=a/20150830/A|B/s/aws4_request, SignedHeaders=host, Signature=0",
                AuthProblem::bad_signature) == "Credential should be scoped to a valid Region, not 'A|B'.");
  Sample undated;
  undated.header("Authorization") = authorization("host", "0");
  CHECK(undated.refusal(signing_time).message ==
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
}

TEST_CASE("wire sigv4: without credentials every signature is accepted, and says account and region") {
  const wire::AuthPolicy open{.default_region = "ap-northeast-1"};
  Sample sample;
  CHECK(
      (sample.authenticate(signing_time, open)->world == World{.account = "000000000000", .region = "ap-northeast-1"}));
  sample.sign(signing_time, {.access_key = "123456789012", .secret = "any", .region = "eu-west-1", .service = "ecs"});
  sample.body = "changed";
  const auto caller = sample.authenticate(signing_time + hours(100), open);
  CHECK((caller->world == World{.account = "123456789012", .region = "eu-west-1"}));
  CHECK(caller->service == "ecs");
  CHECK(caller->access_key == "123456789012");
  sample.header("Authorization") = "nonsense";
  CHECK(sample.authenticate(signing_time, open)->world.account == "000000000000");
}

TEST_CASE("wire sigv4: an access key's account is its own, the mapped or the default one") {
  const wire::AuthPolicy policy{
      .credentials = {{"AKIA", {.secret = "s", .account = "111122223333"}}, {"AKIB", {.secret = "s", .account = ""}}}};
  CHECK(wire::account_of("123456789012", policy) == "123456789012");
  CHECK(wire::account_of("AKIA", policy) == "111122223333");
  CHECK(wire::account_of("AKIB", policy) == "000000000000");
}

TEST_CASE("wire sigv4: temporary credentials verify with their token until they expire, and are of their account") {
  const Instant now = *parse_iso8601("20260506T114234Z");
  const wire::Credential session{
      .secret = "temporary", .account = "111122223333", .token = "tok/en+1=", .expires_at = now + minutes(10)};
  wire::AuthPolicy by = policy();
  by.sessions = [&](std::string_view key) { return key == "ASIA1" ? std::optional(session) : std::nullopt; };
  const auto sent = [&](const std::string& key, const std::string& token, Instant at) {
    const std::vector<HeaderView> host{{"Host", "h"}};
    const wire::Request bare{.method = "GET", .target = "/", .headers = host, .body = ""};
    const std::vector<wire::Header> added = wire::sign(
        bare,
        {.access_key = key, .secret = "temporary", .region = "us-east-1", .service = "service", .session_token = token},
        at);
    std::vector<HeaderView> all = host;
    for (const wire::Header& each : added) all.push_back({each.name, each.value});
    return wire::authenticate({.method = "GET", .target = "/", .headers = all, .body = ""}, by, at);
  };
  const auto good = sent("ASIA1", session.token, now);
  REQUIRE(good);
  CHECK(good->world.account == "111122223333");
  CHECK((sent("ASIA1", "another", now).error().problem == AuthProblem::unknown_key));
  CHECK((sent("ASIA1", "", now).error().problem == AuthProblem::unknown_key));
  CHECK((sent("ASIA2", session.token, now).error().problem == AuthProblem::unknown_key));
  CHECK((sent("ASIA1", session.token, now + minutes(10)).error().problem == AuthProblem::expired));
  const std::vector<HeaderView> host{{"Host", "h"}};
  const wire::Request bare{.method = "GET", .target = "/", .headers = host, .body = ""};
  const std::string target = wire::presign(bare,
                                           {.access_key = "ASIA1",
                                            .secret = "temporary",
                                            .region = "us-east-1",
                                            .service = "service",
                                            .session_token = session.token},
                                           now, minutes(1));
  CHECK(wire::authenticate({.method = "GET", .target = target, .headers = host, .body = ""}, by, now));
}

TEST_CASE("wire sigv4: a refusal has each protocol's code and status") {
  const wire::AuthRefusal bad{.problem = AuthProblem::bad_signature, .message = "m"};
  CHECK((wire::auth_fault(bad, Protocol::query) ==
         Fault{.code = "SignatureDoesNotMatch", .message = "m", .status = 403}));
  CHECK((wire::auth_fault(bad, Protocol::json_1_1) ==
         Fault{.code = "InvalidSignatureException", .message = "m", .status = 400}));
  CHECK(wire::auth_fault(bad, Protocol::ec2).code == "AuthFailure");
  CHECK(wire::auth_fault(bad, Protocol::ec2).status == 401);
  const wire::AuthRefusal unknown{.problem = AuthProblem::unknown_key, .message = "m"};
  CHECK(wire::auth_fault(unknown, Protocol::query).code == "InvalidClientTokenId");
  CHECK(wire::auth_fault(unknown, Protocol::json_1_0).code == "UnrecognizedClientException");
  const wire::AuthRefusal skewed{.problem = AuthProblem::skewed, .message = "m"};
  CHECK(wire::auth_fault(skewed, Protocol::ec2).code == "RequestExpired");
}

TEST_CASE("wire sigv4: no changed byte of the signature ends the process or passes") {
  Sample sample;
  sample.sign(signing_time);
  const std::string good = sample.header("Authorization");
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      Sample changed = sample;
      changed.header("Authorization")[i] = static_cast<char>(good[i] ^ (1 << bit));
      const auto caller = changed.authenticate(signing_time);
      if (caller) CHECK(to_lower(changed.header("Authorization")) == to_lower(good));
    }
  for (std::size_t n = 0; n < good.size(); ++n) {
    sample.header("Authorization") = good.substr(0, n);
    CHECK_FALSE(sample.authenticate(signing_time));
  }
}
