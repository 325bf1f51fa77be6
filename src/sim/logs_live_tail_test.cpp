#include <doctest/doctest.h>

#include "services/logs/live_tail_ops.hpp"
#include "sim/logs_fixture_test.hpp"

using namespace utakata;  // NOLINT: a test
using logs::test::Bench;
namespace api = logs::api;

namespace {

list<str> told(Bench& bench, const api::LiveTailSessionStart& session, i64 from) {
  const auto page =
      bench.call<logs::live_tail_page, logs::LiveTailPage>(logs::LiveTailRequest{.session = session, .from = from});
  REQUIRE(page);
  CHECK_FALSE(page->more);
  list<str> all;
  for (const auto& each : page->events)
    all.push_back(cat(*each.event.logGroupIdentifier, " ", *each.event.logStreamName, " ", *each.event.message));
  return all;
}

}  // namespace

TEST_CASE("logs: a live tail sees the streams that it names, also those that come later") {
  Bench bench;
  REQUIRE(bench.create("/app"));
  REQUIRE(bench.create("/other"));
  const auto begin = [&](const api::StartLiveTailRequest& request) {
    return bench.call<logs::start_live_tail, api::StartLiveTailResponse>(request);
  };
  const auto begun = begin({.logGroupIdentifiers = {"/app", "/other"}, .logEventFilterPattern = str("hit")});
  REQUIRE(begun);
  const api::LiveTailSessionStart everything = *begun->responseStream->sessionStart;
  CHECK(everything.sessionId->size() == 36);
  CHECK(told(bench, everything, 0).empty());
  REQUIRE(bench.append("/app", "web/1", {{.at = bench.now, .text = "hit 1"}, {.at = bench.now, .text = "miss"}}));
  REQUIRE(bench.append("/other", "s", {{.at = bench.now + seconds(1), .text = "hit 2"}}));
  CHECK(told(bench, everything, 0) == list<str>{"/app web/1 hit 1", "/other s hit 2"});
  CHECK(told(bench, everything, bench.now_ms() + 1) == list<str>{"/other s hit 2"});
  const auto by_prefix = begin({.logGroupIdentifiers = {"/app"}, .logStreamNamePrefixes = list<str>{"web/"}});
  CHECK(told(bench, *by_prefix->responseStream->sessionStart, 0) == list<str>{"/app web/1 hit 1", "/app web/1 miss"});
  const auto by_name = begin({.logGroupIdentifiers = {"/app"}, .logStreamNames = list<str>{"none"}});
  CHECK(told(bench, *by_name->responseStream->sessionStart, 0).empty());
  REQUIRE(bench.call<logs::delete_log_group, api::Empty>(api::DeleteLogGroupRequest{.logGroupName = "/app"}));
  CHECK(told(bench, everything, 0) == list<str>{"/other s hit 2"});
}

TEST_CASE("logs: a live tail of nothing, of too much or of what contradicts itself is refused") {
  Bench bench;
  REQUIRE(bench.create("/app"));
  const auto why = [&](const api::StartLiveTailRequest& request) {
    const auto begun = bench.call<logs::start_live_tail, api::StartLiveTailResponse>(request);
    return begun ? str("begun") : begun.error().message;
  };
  CHECK(why({.logGroupIdentifiers = {"/app"}}) == "begun");
  CHECK(why({.logGroupIdentifiers = {}}).contains("'logGroupIdentifiers'"));
  CHECK(why({.logGroupIdentifiers = list<str>(11, "/app")}).contains("between 1 and 10"));
  CHECK(why({.logGroupIdentifiers = {"/none"}}).contains("does not exist"));
  const list<str> names{"s"};
  CHECK(why({.logGroupIdentifiers = {"/app"}, .logStreamNames = names, .logStreamNamePrefixes = names})
            .contains("together"));
  CHECK(why({.logGroupIdentifiers = {"/app", "/app"}, .logStreamNames = names}).contains("only be used with one"));
  CHECK(why({.logGroupIdentifiers = {"/app"}, .logEventFilterPattern = str("a.b")}).contains("position 2"));
}
