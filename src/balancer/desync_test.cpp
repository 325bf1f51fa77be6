#include "balancer/desync.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test

namespace {

struct Case {
  std::string_view lines;  // of a POST, or a whole head
  Safety safety;
  std::string_view reason;
};

Classification of(const Case& each) {
  const bool whole = each.lines.contains(" HTTP/");
  const std::string text =
      whole ? std::string(each.lines) : cat("POST / HTTP/1.1\r\nHost: a\r\n", each.lines, "\r\n\r\n");
  http::RequestHeadView head;
  const auto violation = http::view_request_head(text, {}, head);
  REQUIRE_MESSAGE(!violation, each.lines);
  return classify(head);
}

constexpr std::string_view with_nul{"X: a\0b", 6};

}  // namespace

TEST_CASE("balancer desync: requests are classified as AWS documents, each with its reason") {
  using enum Safety;
  const std::initializer_list<Case> cases{
      {"Content-Length: 5", compliant, ""},
      {"Transfer-Encoding: chunked", compliant, ""},
      {"X_Custom: under_score", compliant, ""},
      {"GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", acceptable, "GetHeadZeroContentLength"},
      {"X : blank in the name", acceptable, "NonCompliantHeader"},
      {"X: control\x01", acceptable, "NonCompliantHeader"},
      {"GET / HTTP/1.2\r\n\r\n", acceptable, "NonCompliantVersion"},
      {"GET /a b HTTP/1.1\r\n\r\n", acceptable, "SpaceInUri"},
      {"GET /a\tb HTTP/1.1\r\n\r\n", ambiguous, "AmbiguousUri"},
      {"Transfer-Encoding: chunked\r\nContent-Length: 5", ambiguous, "BothTeClPresent"},
      {"Content-Length: 5\r\nContent-Length: 5", ambiguous, "DuplicateContentLength"},
      {": no name", ambiguous, "EmptyHeader"},
      {"Transfer_Encoding: chunked", ambiguous, "SuspiciousHeader"},
      {"Transfer-Encoding : chunked", ambiguous, "SuspiciousHeader"},
      {"\x01"
       "Content-Length: 5",
       ambiguous, "SuspiciousHeader"},
      {"Tran\xc5\xbf"
       "fer-Encoding: chunked",
       ambiguous, "SuspiciousHeader"},
      {"transfer-encoding XY: chunked", ambiguous, "SuspiciousHeader"},
      {"GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", ambiguous, "UndefinedContentLengthSemantics"},
      {"HEAD / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", ambiguous, "UndefinedTransferEncodingSemantics"},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", ambiguous, "UndefinedTransferEncodingSemantics"},
      {"Content-Length: 5,5", severe, "BadContentLength"},
      {"Content-Length: 18446744073709551616", severe, "BadContentLength"},
      {"Content-Length: +5", severe, "BadContentLength"},
      {with_nul, severe, "BadHeader"},
      {"Transfer-Encoding: xchunked", severe, "BadTransferEncoding"},
      {"Transfer-Encoding: chunked\x0b", severe, "BadTransferEncoding"},
      {"Content-Length: 5\r\nContent-Length: 6", severe, "MultipleContentLength"},
      {"Content-Length: 5\r\nContent-Length : 6", severe, "MultipleContentLength"},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", severe, "MultipleTransferEncodingChunked"}};
  for (const Case& each : cases) {
    const Classification got = of(each);
    CHECK_MESSAGE(got.safety == each.safety, each.lines);
    CHECK_MESSAGE(got.reason == each.reason, each.lines);
  }
}

TEST_CASE("balancer desync: what the modes refuse and after what they close") {
  const auto told = [](std::string_view mode) {
    str text;
    for (const Safety safety : {Safety::compliant, Safety::acceptable, Safety::ambiguous, Safety::severe}) {
      const DesyncVerdict verdict = judge(mode, safety);
      text += verdict.refuse ? 'r' : verdict.close_connections ? 'c' : 'p';
    }
    return text;
  };
  CHECK(told("monitor") == "pppp");
  CHECK(told("defensive") == "ppcr");
  CHECK(told("strictest") == "prrr");
}
