#include <doctest/doctest.h>

#include "services/logs/limits.hpp"
#include "sim/logs_fixture_test.hpp"

using namespace utakata;  // NOLINT: a test
using logs::test::Bench;
using logs::test::texts;
namespace api = logs::api;

TEST_CASE("logs: what a container wrote comes back in order, by pages from either end") {
  Bench bench;
  CHECK(bench.append("/app", "s", {}).error().code == "ResourceNotFoundException");
  REQUIRE(bench.create("/app"));
  for (int i = 0; i < 5; ++i)
    REQUIRE(bench.append("/app", "s", {{.at = bench.now + seconds(i), .text = cat("line ", i)}}));

  const auto tail = bench.get({.limit = 2});
  CHECK(texts(*tail.events) == list<str>{"line 3", "line 4"});
  CHECK(tail.events->at(0).ingestionTime == bench.now_ms());
  CHECK(texts(*bench.get({.nextToken = tail.nextBackwardToken, .limit = 2}).events) == list<str>{"line 1", "line 2"});
  const auto end = bench.get({.nextToken = tail.nextForwardToken});
  CHECK(end.events->empty());
  CHECK(end.nextForwardToken == *tail.nextForwardToken);
  REQUIRE(bench.append("/app", "s", {{.at = bench.now + seconds(9), .text = "new"}}));
  CHECK(texts(*bench.get({.nextToken = end.nextForwardToken}).events) == list<str>{"new"});

  const auto head = bench.get({.limit = 2, .startFromHead = true});
  CHECK(texts(*head.events) == list<str>{"line 0", "line 1"});
  const i64 start = bench.now_ms();
  CHECK(texts(*bench.get({.startTime = start + 1000, .endTime = start + 3000}).events) ==
        list<str>{"line 1", "line 2"});
  bench.get({.nextToken = "f/1/s"});
  REQUIRE(bench.step.fault);
  CHECK(bench.step.fault->message == "The specified nextToken is invalid.");
}

TEST_CASE("logs: an empty stream's token finds the first event that comes") {
  Bench bench;
  REQUIRE(bench.create("/app"));
  REQUIRE(bench.append("/app", "s", {}));
  const auto none = bench.get({});
  CHECK(none.events->empty());
  REQUIRE(bench.append("/app", "s", {{.at = bench.now, .text = "first"}}));
  CHECK(texts(*bench.get({.nextToken = none.nextForwardToken}).events) == list<str>{"first"});
}

TEST_CASE("logs: PutLogEvents keeps what is in its span of time and tells the rest") {
  Bench bench;
  REQUIRE(bench.create("/app"));
  CHECK(bench.put({{bench.now_ms(), "x"}}).error().message == "The specified log stream does not exist.");
  REQUIRE(bench.call<logs::create_log_stream, api::Empty>(
      api::CreateLogStreamRequest{.logGroupName = "/app", .logStreamName = "s"}));
  const i64 now = bench.now_ms();
  const auto put = bench.put({{now, "now"}, {now + 3 * 3'600'000, "far"}});
  REQUIRE(put);
  CHECK(*put->rejectedLogEventsInfo->tooNewLogEventStartIndex == 1);
  CHECK(put->nextSequenceToken->size() == 56);
  CHECK(*bench.put({{now - i64{15} * 24 * 3'600'000, "old"}})->rejectedLogEventsInfo->tooOldLogEventEndIndex == 1);
  CHECK(texts(*bench.get({}).events) == list<str>{"now"});
  CHECK(bench.put({{now, "b"}, {now - 1, "a"}}).error().message ==
        "Log events in a single PutLogEvents request must be in chronological order.");
  CHECK(bench.put({{now, str(1'048'576, 'x')}}).error().code == "InvalidParameterException");
  CHECK(bench.put({}).error().code == "InvalidParameterException");
}

TEST_CASE("logs: what another service says is durable with its step, and goes again to a store that has not got it") {
  Bench bench;
  REQUIRE(bench.create("/app"));
  static constexpr Operation made = operation<logs::test::append_lines>("Append");
  const logs::test::AppendRequest request{.group = "/app", .stream = "s", .lines = {{.at = bench.now, .text = "x"}}};
  api::Empty nothing;
  const auto step = bench.machine.step(bench.now, ApiCall{bench.world, &made, &request, &nothing, false});
  REQUIRE(step.effects.size() == 1);  // and the process dies before it is performed
  bench.step = bench.machine.step(bench.now, Recovered{});
  bench.perform();
  CHECK(texts(*bench.get({}).events) == list<str>{"x"});
  bench.step = bench.machine.step(bench.now, Recovered{});
  CHECK(bench.step.effects.size() == 1);  // streams that nobody owns; nothing to store
}

TEST_CASE("logs: a page holds a MiB, and a stream's row tells what it holds") {
  Bench bench;
  REQUIRE(bench.create("/app"));
  const str line(100'000, 'x');
  for (int i = 0; i < 60; ++i)
    REQUIRE(bench.append("/app", "s", {{.at = bench.now + seconds(i), .text = cat(i, " ", line)}}));
  const auto streams = bench.call<logs::describe_log_streams, api::DescribeLogStreamsResponse>(
      api::DescribeLogStreamsRequest{.logGroupName = "/app"});
  const auto& stream = streams->logStreams->at(0);
  CHECK(*stream.storedBytes == 60 * (100'000 + 26) + 10 * 2 + 50 * 3);
  CHECK(*stream.lastEventTimestamp == bench.now_ms() + 59'000);
  const auto page = bench.get({});
  CHECK(page.events->back().message->starts_with("59 "));
  CHECK(page.events->size() == 10);
  CHECK(bench.get({.startFromHead = true}).events->front().timestamp == *stream.firstEventTimestamp);
}

TEST_CASE("logs: a line longer than an event may be is continued in the next") {
  Bench bench;
  REQUIRE(bench.create("/app"));
  REQUIRE(bench.append("/app", "s", {{.at = bench.now, .text = str(logs::limits::event_bytes + 1, 'x')}}));
  const auto first = bench.get({.startFromHead = true});
  CHECK(first.events->size() == 1);
  CHECK(texts(*bench.get({.nextToken = first.nextForwardToken}).events) == list<str>{"x"});
}

TEST_CASE("logs: a group's retention takes old events away, and is checked") {
  Bench bench;
  REQUIRE(bench.create("/app"));
  REQUIRE(bench.append("/app", "s", {{.at = bench.now, .text = "old"}}));
  const auto retain = [&](i32 days) {
    return bench.call<logs::put_retention_policy, api::Empty>(
        api::PutRetentionPolicyRequest{.logGroupName = "/app", .retentionInDays = days});
  };
  CHECK(retain(2).error().code == "InvalidParameterException");
  REQUIRE(retain(1));
  bench.pass(hours(23));
  CHECK(bench.get({}).events->size() == 1);
  bench.pass(hours(1));
  CHECK(bench.get({}).events->empty());
  REQUIRE(bench.append("/app", "s", {{.at = bench.now, .text = "kept"}}));
  REQUIRE(
      bench.call<logs::delete_retention_policy, api::Empty>(api::DeleteRetentionPolicyRequest{.logGroupName = "/app"}));
  bench.pass(hours(48));
  CHECK(bench.get({}).events->size() == 1);
}
