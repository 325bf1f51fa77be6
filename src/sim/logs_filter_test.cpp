#include <doctest/doctest.h>

#include <set>

#include "services/logs/metric_filter_ops.hpp"
#include "sim/logs_fixture_test.hpp"

using namespace utakata;  // NOLINT: a test
using logs::test::Bench;
using logs::test::texts;
namespace api = logs::api;

TEST_CASE("logs: filtering interleaves the streams of a group, in pages without loss or repetition") {
  Bench bench;
  REQUIRE(bench.create("/app"));
  for (int i = 0; i < 6; ++i)
    REQUIRE(bench.append("/app", i % 2 == 0 ? "web/1" : "web/2",
                         {{.at = bench.now + seconds(i / 2), .text = cat(i == 3 ? "skip " : "hit ", i)}}));
  REQUIRE(bench.append("/app", "other", {{.at = bench.now, .text = "hit 9"}}));
  list<str> seen;
  std::set<str> ids;
  opt<str> token;
  do {
    const auto page =
        bench.filter({.logStreamNamePrefix = "web/", .filterPattern = "hit", .nextToken = token, .limit = 2});
    REQUIRE(page);
    for (const auto& event : *page->events) {
      seen.push_back(*event.message);
      ids.insert(*event.eventId);
      CHECK(event.eventId->size() == 56);
    }
    token = page->nextToken;
  } while (token);
  // Two were written in each second by two streams: which of them is first is the same on every page, and open.
  REQUIRE(seen.size() == 5);
  CHECK(seen[2] == "hit 2");
  CHECK(std::set<str>(seen.begin(), seen.begin() + 2) == std::set<str>{"hit 0", "hit 1"});
  CHECK(std::set<str>(seen.begin() + 3, seen.end()) == std::set<str>{"hit 4", "hit 5"});
  CHECK(ids.size() == 5);
  const auto one = bench.filter({.logStreamNames = list<str>{"other"}});
  CHECK(texts(*one->events) == list<str>{"hit 9"});
  CHECK(bench.filter({.logStreamNames = list<str>{"none"}}).error().code == "ResourceNotFoundException");
  CHECK(bench.filter({.logStreamNames = list<str>{"other"}, .logStreamNamePrefix = "o"}).error().code ==
        "InvalidParameterException");
  CHECK(bench.filter({.startTime = bench.now_ms() + 1000, .endTime = bench.now_ms() + 1000})->events->size() == 2);
  CHECK(bench.filter({.nextToken = "x"}).error().message == "The specified nextToken is invalid.");
}

TEST_CASE("logs: a search through much answers with what is complete, and goes on from there") {
  Bench bench;
  REQUIRE(bench.create("/app"));
  const str text(400'000, 'x');
  for (int i = 0; i < 60; ++i)
    REQUIRE(bench.append("/app", cat("s", i % 6), {{.at = bench.now + seconds(i), .text = cat(i, " ", text)}}));
  const auto all = [&](std::string_view pattern) {
    std::size_t found = 0;
    int pages = 0;
    opt<str> token;
    do {
      const auto page = bench.filter({.filterPattern = str(pattern), .nextToken = token});
      REQUIRE(page);
      found += page->events->size();
      token = page->nextToken;
    } while (token && ++pages < 100);
    return std::pair(found, pages);
  };
  CHECK(all("x").first == 60);
  const auto [found, pages] = all("nothing");
  CHECK(found == 0);
  CHECK(pages < 100);
}

TEST_CASE("logs: a metric filter's pattern is tested against messages, and says what it has found in them") {
  Bench bench;
  const auto test = [&](const str& pattern, const list<str>& messages) {
    return bench.call<logs::test_metric_filter, api::TestMetricFilterResponse>(
        api::TestMetricFilterRequest{.filterPattern = pattern, .logEventMessages = messages});
  };
  const str line = R"(127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 404 1534)";
  const auto fields = test("[ip, identity, user_id, timestamp, request, status_code = 4*, size]", {"x", line});
  REQUIRE(fields);
  REQUIRE(fields->matches->size() == 1);
  CHECK(fields->matches->front().eventNumber == 1);
  CHECK(fields->matches->front().eventMessage == line);
  const dict<str> values = *fields->matches->front().extractedValues;
  CHECK(values.size() == 7);
  CHECK(values.at("$request") == "GET /apache_pb.gif HTTP/1.0");
  CHECK(values.at("$status_code") == "404");
  const auto rest = test("[..., size]", {line});
  CHECK(rest->matches->front().extractedValues->at("$size") == "1534");
  CHECK(rest->matches->front().extractedValues->at("$1") == "127.0.0.1");
  CHECK(test("[ip, all]", {line})->matches->front().extractedValues->at("$all") == line.substr(10));
  const auto json = test(R"({ $.eventType = "Update*" && $.n[0] > 3 })", {R"({"eventType":"UpdateTrail","n":[4]})"});
  CHECK(*json->matches->front().extractedValues == dict<str>{{"$.eventType", "UpdateTrail"}, {"$.n[0]", "4"}});
  CHECK(test("ERROR", {"ERROR 1", "ok", "ERROR 2"})->matches->size() == 2);
  CHECK(test("ERROR", {"ERROR 1"})->matches->front().extractedValues->empty());
  CHECK(test("", {"any"})->matches->size() == 1);
  CHECK(test("{", {"any"}).error().code == "InvalidParameterException");
  CHECK(test("x", {}).error().message.contains("logEventMessages"));
  CHECK(test("x", list<str>(51, "x")).error().message.contains("between 1 and 50"));
  CHECK(test("x", {""}).error().message.contains("logEventMessages"));
  CHECK(test(str(1025, 'x'), {"x"}).error().message.contains("filterPattern"));
}
