#include <doctest/doctest.h>

#include <set>

#include "services/logs/filter_pattern.hpp"
#include "services/logs/fixture_test.hpp"

using namespace utakata;  // NOLINT: a test
using logs::FilterPattern;
using logs::test::Bench;
using logs::test::texts;
namespace api = logs::api;

namespace {

bool matches(std::string_view pattern, std::string_view message) {
  const auto parsed = FilterPattern::parse(pattern);
  return parsed && parsed->matches(message);
}

}  // namespace

TEST_CASE("logs: a pattern's terms must all be there, in this case and any order") {
  CHECK(matches("", "anything"));
  CHECK(matches("\" \"", "anything"));
  CHECK(matches("ERROR", "[ERROR 400] BAD"));
  CHECK_FALSE(matches("ERROR", "error"));
  CHECK(matches("BAD ERROR", "[ERROR 400] BAD"));
  CHECK_FALSE(matches("BAD GOOD", "[ERROR 400] BAD"));
  CHECK(matches("\"INTERNAL SERVER ERROR\"", "500 INTERNAL SERVER ERROR"));
  CHECK_FALSE(matches("\"INTERNAL SERVER ERROR\"", "500 INTERNAL ERROR SERVER"));
  CHECK(matches(R"("a \"b\"")", R"(say a "b" c)"));
}

TEST_CASE("logs: ?terms are alternatives, -terms exclude, and ?terms beside others are ignored") {
  CHECK(matches("?ERROR ?WARN", "WARN 1"));
  CHECK_FALSE(matches("?ERROR ?WARN", "INFO 1"));
  CHECK(matches("ERROR -ARGUMENTS", "ERROR 1"));
  CHECK_FALSE(matches("ERROR -ARGUMENTS", "ERROR ARGUMENTS"));
  CHECK(matches("?WARN REQUEST", "INFO REQUEST"));
  CHECK(matches("-\"exit status\"", "fine"));
}

TEST_CASE("logs: patterns of other kinds and broken ones are refused by name") {
  CHECK(FilterPattern::parse("{ $.a = 1 }").error().message.contains("JSON"));
  CHECK(FilterPattern::parse("[ip, user]").error().message.contains("space-delimited"));
  CHECK(FilterPattern::parse("%a+%").error().message.contains("regular expressions"));
  CHECK(FilterPattern::parse("a.b").error().message == "Invalid character(s) in term 'a.b'");
  CHECK(FilterPattern::parse("\"open").error().code == "InvalidParameterException");
  CHECK(FilterPattern::parse("a -").error().code == "InvalidParameterException");
}

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
  CHECK(seen == list<str>{"hit 0", "hit 1", "hit 2", "hit 4", "hit 5"});
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
  CHECK(pages >= 1);
}
