#include "balancer/function_event.hpp"

#include <doctest/doctest.h>

#include <array>

#include "base/json.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test

namespace {

using Headers = std::vector<http::HeaderView>;

Json event_of(const FunctionRequest& request) {
  const auto json = Json::parse(function_event(request));
  REQUIRE(json);
  return *json;
}

// How a body of this type goes: its text, or "base64 " and the code.
std::string body_as(std::string_view body, Headers headers) {
  const Json event =
      event_of({.target_group_arn = "arn", .method = "POST", .target = "/", .headers = headers, .body = body});
  return (event.find("isBase64Encoded")->boolean() ? "base64 " : "") + event.find("body")->text();
}

int status_of(std::string_view json, bool multi_value = false) {
  const auto answer = read_function_answer(json, multi_value);
  return answer ? answer->status : 0;
}

}  // namespace

TEST_CASE("function event: AWS's members, with the last of several values") {
  const Headers headers{{"Host", "web.example"},
                        {"X-Forwarded-For", "192.0.2.1"},
                        {"Cookie", "a=1"},
                        {"cookie", "b=2"},
                        {"Connection", "keep-alive"}};
  CHECK(
      function_event(
          {.target_group_arn = "arn:tg", .method = "GET", .target = "/a%20b?k=1&k=%32&&flag&=x", .headers = headers}) ==
      R"({"requestContext":{"elb":{"targetGroupArn":"arn:tg"}},"httpMethod":"GET","path":"/a%20b",)"
      R"("queryStringParameters":{"k":"%32","flag":"","":"x"},)"
      R"("headers":{"host":"web.example","x-forwarded-for":"192.0.2.1","cookie":"b=2"},)"
      R"("body":"","isBase64Encoded":false})");
}

TEST_CASE("function event: with every value, when the group says so") {
  const Headers headers{{"Cookie", "a=1"}, {"Cookie", "b=2"}};
  const Json event = event_of(
      {.target_group_arn = "arn", .method = "GET", .target = "/?k=1&k=2", .headers = headers, .multi_value = true});
  CHECK(event.find("headers") == nullptr);
  CHECK(event.find("queryStringParameters") == nullptr);
  CHECK(event.find("multiValueHeaders")->write() == R"({"cookie":["a=1","b=2"]})");
  CHECK(event.find("multiValueQueryStringParameters")->write() == R"({"k":["1","2"]})");
}

TEST_CASE("function event: which bodies go as Base64") {
  CHECK(body_as("hi", {{"Content-Type", "text/plain; charset=utf-8"}}) == "hi");
  CHECK(body_as("{}", {{"content-type", "Application/JSON"}}) == "{}");
  CHECK(body_as("<a/>", {{"Content-Type", "application/xml"}}) == "<a/>");
  CHECK(body_as("f()", {{"Content-Type", "application/javascript"}}) == "f()");
  CHECK(body_as("hi", {{"Content-Type", "application/octet-stream"}}) == "base64 aGk=");
  CHECK(body_as("hi", {}) == "base64 aGk=");
  CHECK(body_as("hi", {{"Content-Type", "text/plain"}, {"Content-Encoding", "gzip"}}) == "base64 aGk=");
  CHECK(body_as("\xff\xfe", {{"Content-Type", "text/plain"}}) == "base64 //4=");
  CHECK(body_as("", {{"Content-Type", "application/octet-stream"}}).empty());
}

TEST_CASE("function event: bytes in headers that are no UTF-8 still make JSON") {
  const Headers headers{{"X-Name", "caf\xe9 \" \\"}};
  const Json event = event_of({.target_group_arn = "arn", .method = "GET", .target = "/", .headers = headers});
  CHECK(event.find({"headers", "x-name"})->text().starts_with("caf"));
}

TEST_CASE("function event: of a health check") {
  CHECK(function_check_event("arn", "/up", false) ==
        R"({"requestContext":{"elb":{"targetGroupArn":"arn"}},"httpMethod":"GET","path":"/up",)"
        R"("queryStringParameters":{},"headers":{"user-agent":"ELB-HealthChecker/2.0"},)"
        R"("body":"","isBase64Encoded":false})");
}

TEST_CASE("function answer: status, headers and body as the function says them") {
  const auto answer =
      read_function_answer(R"({"isBase64Encoded":false,"statusCode":201,"statusDescription":"201 Made",)"
                           R"("headers":{"Content-Type":"text/html","Connection":"close","Content-Length":"9999",)"
                           R"("Transfer-Encoding":"chunked"},"body":"<p>"})",
                           false);
  REQUIRE(answer);
  CHECK(write_function_answer(*answer, true, false, "Set-Cookie: a=1\r\n") ==
        "HTTP/1.1 201 Made\r\nContent-Type: text/html\r\nSet-Cookie: a=1\r\nContent-Length: 3\r\nConnection: "
        "keep-alive\r\n\r\n<p>");
  CHECK(write_function_answer(*answer, false, true, "").ends_with("Content-Length: 3\r\nConnection: close\r\n\r\n"));
  const auto bytes = read_function_answer(R"({"statusCode":200,"isBase64Encoded":true,"body":"AAE="})", false);
  REQUIRE(bytes);
  CHECK(bytes->body == std::string("\0\1", 2));
  CHECK(bytes->reason == "OK");
  const auto none = read_function_answer(R"({"statusCode":204,"body":null,"headers":null})", false);
  REQUIRE(none);
  CHECK(write_function_answer(*none, true, false, "") == "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
}

TEST_CASE("function answer: headers by the group's form") {
  constexpr std::string_view both =
      R"({"statusCode":200,"headers":{"A":"1"},"multiValueHeaders":{"Set-Cookie":["x=1","y=2"]}})";
  const auto single = read_function_answer(both, false);
  REQUIRE(single);
  CHECK(single->headers == std::vector<std::pair<std::string, std::string>>{{"A", "1"}});
  const auto multi = read_function_answer(both, true);
  REQUIRE(multi);
  CHECK(multi->headers ==
        std::vector<std::pair<std::string, std::string>>{{"Set-Cookie", "x=1"}, {"Set-Cookie", "y=2"}});
}

TEST_CASE("function answer: what is malformed is no answer") {
  CHECK(status_of(R"({"statusCode":200})") == 200);
  constexpr std::array malformed{R"("hello")",
                                 R"({"statusCode":"two hundred"})",
                                 R"({"body":"no status"})",
                                 R"({"statusCode":200.5})",
                                 R"({"statusCode":99})",
                                 R"({"statusCode":101})",
                                 R"({"statusCode":600})",
                                 R"({"statusCode":200,"body":{"a":1}})",
                                 R"({"statusCode":200,"isBase64Encoded":"true","body":"AAE="})",
                                 R"({"statusCode":200,"isBase64Encoded":true,"body":"***"})",
                                 R"({"statusCode":200,"headers":["A"]})",
                                 R"({"statusCode":200,"headers":{"A":1}})",
                                 R"({"statusCode":200,"headers":{"A b":"1"}})",
                                 R"({"statusCode":200,"headers":{"A":"1\r\nB: 2"}})",
                                 R"({"statusCode":200,"statusDescription":"200 OK\r\nB: 2"})",
                                 R"({"statusCode":200)",
                                 ""};
  for (const char* text : malformed) CHECK_MESSAGE(status_of(text) == 0, text);
  CHECK(status_of(R"({"statusCode":200,"multiValueHeaders":{"A":"1"}})", true) == 0);
  CHECK(status_of(R"({"statusCode":200,"multiValueHeaders":{"A":["1"]}})", true) == 200);
}
