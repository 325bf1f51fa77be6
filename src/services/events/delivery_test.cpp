#include <doctest/doctest.h>

#include "base/json.hpp"
#include "services/events/fixture_test.hpp"

using namespace utakata;  // NOLINT: a test
using events::test::Bench;
using events::test::queue_arn;
namespace api = events::api;

namespace {

Outcome<api::Empty> publish(Bench& bench, const str& body) {
  return bench.call<events::test::publish_event, api::Empty>(events::test::FactRequest{.body = body});
}

const str task_change =
    R"({"source":"aws.ecs","detail-type":"ECS Task State Change","resources":["arn:task"],"detail":{"n":1.50}})";

/// What a queue gets of an event with this detail when the target is this.
str delivered(api::Target target, const str& detail) {
  Bench bench;
  bench.create_queue("q");
  REQUIRE(bench.rule("r", R"({"source":["app"]})"));
  target.Id = "t";
  target.Arn = queue_arn;
  const auto put = bench.target("r", target);
  if (!put) return put.error().message;
  REQUIRE(bench.put("app", detail));
  const auto bodies = bench.received();
  return bodies.empty() ? "nothing" : bodies[0];
}

str transformed(const str& input_template, const dict<str>& paths, const str& detail) {
  return delivered({.InputTransformer = api::InputTransformer{.InputPathsMap = paths, .InputTemplate = input_template}},
                   detail);
}

}  // namespace

TEST_CASE("events: an event of our own services reaches the queue and the log group of a rule in its envelope") {
  Bench bench;
  bench.create_queue("q");
  bench.create_group("/aws/events/ecs");
  REQUIRE(bench.rule("r", R"({"source":["aws.ecs"],"detail-type":["ECS Task State Change"]})"));
  REQUIRE(bench.target("r", {.Id = "1", .Arn = queue_arn}));
  REQUIRE(
      bench.target("r", {.Id = "2", .Arn = "arn:aws:logs:ap-northeast-1:111122223333:log-group:/aws/events/ecs:*"}));
  REQUIRE(publish(bench, task_change));
  const auto bodies = bench.received();
  REQUIRE(bodies.size() == 1);
  const auto event = Json::parse(bodies[0]);
  REQUIRE(event);
  CHECK(event->names() ==
        list<str>{"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"});
  CHECK(event->text_at({"version"}) == "0");
  CHECK(event->text_at({"id"}).size() == 36);
  CHECK(event->text_at({"account"}) == "111122223333");
  CHECK(event->text_at({"time"}) == "2026-05-06T11:42:34Z");
  CHECK(event->text_at({"region"}) == "ap-northeast-1");
  CHECK(event->find("resources")->write() == R"(["arn:task"])");
  CHECK(event->find("detail")->write() == R"({"n":1.50})");
  CHECK(bench.logged("/aws/events/ecs") == list<str>{cat("1778067754000 ", bodies[0])});
}

TEST_CASE("events: without a rule that is enabled and matches, nothing happens") {
  Bench bench;
  bench.create_queue("q");
  REQUIRE(publish(bench, "not even JSON, as nobody reads it"));
  CHECK(bench.step.changes.empty());
  REQUIRE(bench.rule("r", R"({"source":["aws.ec2"]})"));
  REQUIRE(bench.target("r", {.Id = "1", .Arn = queue_arn}));
  REQUIRE(publish(bench, task_change));
  CHECK(bench.received().empty());
  REQUIRE(bench.rule("r", R"({"source":["aws.ecs"]})"));
  REQUIRE(bench.call<events::disable_rule, api::Empty>(api::DisableRuleRequest{.Name = "r"}));
  REQUIRE(publish(bench, task_change));
  CHECK(bench.received().empty());
  REQUIRE(bench.call<events::enable_rule, api::Empty>(api::EnableRuleRequest{.Name = "r"}));
  bench.world.region = "us-east-1";
  REQUIRE(publish(bench, task_change));
  bench.world.region = "ap-northeast-1";
  CHECK(bench.received().empty());
  REQUIRE(publish(bench, task_change));
  CHECK(bench.received().size() == 1);
}

TEST_CASE("events: PutEvents answers for each entry") {
  Bench bench;
  const auto result = bench.call<events::put_events, api::PutEventsResponse>(
      api::PutEventsRequest{.Entries = {{.Source = "app", .DetailType = "T", .Detail = "{}"},
                                        {.DetailType = "T", .Detail = "{}"},
                                        {.Source = "app", .DetailType = "T", .Detail = "[]"},
                                        {.Source = "aws.ecs", .DetailType = "T", .Detail = "{}"},
                                        {.Source = "app", .DetailType = "T", .Detail = "{}", .EventBusName = "none"}}});
  REQUIRE(result);
  CHECK(*result->FailedEntryCount == 3);
  const auto& entries = *result->Entries;
  CHECK(entries[0].EventId->size() == 36);
  CHECK(*entries[1].ErrorCode == "InvalidArgument");
  CHECK(*entries[1].ErrorMessage == "Parameter Source is not valid. Reason: Source is a required argument.");
  CHECK(*entries[2].ErrorMessage == "Detail is malformed.");
  CHECK(*entries[3].ErrorMessage == "Not authorized for the source.");
  CHECK(entries[4].EventId.has);
  CHECK(bench
            .call<events::put_events, api::PutEventsResponse>(
                api::PutEventsRequest{.Entries = list<api::PutEventsRequestEntry>(11)})
            .error()
            .message.ends_with("Member must have length less than or equal to 10"));
  CHECK(bench.put("app", cat(R"({"x":")", str(262'144, 'x'), R"("})")).error().message ==
        "Total size of the entries in the request is over the limit.");
}

TEST_CASE("events: a bus of one's own has its own rules") {
  Bench bench;
  bench.create_queue("q");
  REQUIRE(
      bench.call<events::create_event_bus, api::CreateEventBusResponse>(api::CreateEventBusRequest{.Name = "orders"}));
  REQUIRE(bench.rule("r", R"({"source":["app"]})", "orders"));
  REQUIRE(bench.call<events::put_targets, api::PutTargetsResponse>(
      api::PutTargetsRequest{.Rule = "r", .EventBusName = "orders", .Targets = {{.Id = "t", .Arn = queue_arn}}}));
  REQUIRE(bench.put("app", "{}"));
  CHECK(bench.received().empty());
  REQUIRE(bench.put({.Time = *parse_iso8601("2020-01-02T03:04:05Z"),
                     .Source = "app",
                     .DetailType = "T",
                     .Detail = "{}",
                     .EventBusName = "orders"}));
  const auto bodies = bench.received();
  REQUIRE(bodies.size() == 1);
  CHECK(bodies[0].contains("2020-01-02T03:04:05Z"));
}

TEST_CASE("events: an event goes to a FIFO queue by its message group") {
  Bench bench;
  bench.create_queue("q.fifo");
  REQUIRE(bench.rule("r", R"({"source":["app"]})"));
  REQUIRE(bench.target(
      "r", {.Id = "t", .Arn = queue_arn + ".fifo", .SqsParameters = api::SqsParameters{.MessageGroupId = "g"}}));
  REQUIRE(bench.put("app", "{}"));
  CHECK(bench.received("q.fifo").size() == 1);
}

TEST_CASE("events: what cannot be delivered goes to the dead-letter queue with the reason") {
  Bench bench;
  bench.create_queue("dead");
  REQUIRE(bench.rule("r", R"({"source":["app"]})"));
  const api::DeadLetterConfig dead{.Arn = "arn:aws:sqs:ap-northeast-1:111122223333:dead"};
  REQUIRE(bench.target("r", {.Id = "t", .Arn = queue_arn, .Input = R"({"a":1})", .DeadLetterConfig = dead}));
  REQUIRE(bench.put("app", "{}"));
  CHECK(bench.received("dead") == list<str>{R"({"a":1} NO_RESOURCE)"});
  bench.create_queue("q");
  REQUIRE(bench.target("r", {.Id = "t",
                             .Arn = queue_arn,
                             .InputTransformer = api::InputTransformer{.InputTemplate = "no JSON"},
                             .DeadLetterConfig = dead}));
  REQUIRE(bench.put("app", "{}"));
  CHECK(bench.received("dead")[0].ends_with(" INVALID_JSON"));
  CHECK(bench.received().empty());
}

TEST_CASE("events: a target gets a constant or a part of the event") {
  CHECK(delivered({.Input = R"({"x": 1})"}, "{}") == R"({"x": 1})");
  CHECK(delivered({.InputPath = "$.detail"}, R"({"a":[1,2]})") == R"({"a":[1,2]})");
  CHECK(delivered({.InputPath = "$.detail.a[1]"}, R"({"a":[1,"baz"]})") == R"("baz")");
  CHECK(delivered({.InputPath = "$['detail-type']"}, "{}") == R"("T")");
  CHECK(delivered({.InputPath = "detail"}, "{}") == "Invalid InputPath for target t: detail");
  CHECK(delivered({.Input = "{}", .InputPath = "$"}, "{}") ==
        "Only one of Input, InputPath, or InputTransformer must be provided for target t.");
}

TEST_CASE("events: a template takes values in as JSON, and as text within quotes") {
  const str detail = R"({"s":"a\"b","n":3,"o":{"a":1,"b":"c"},"l":["A","B"]})";
  const dict<str> paths{
      {"s", "$.detail.s"}, {"n", "$.detail.n"}, {"o", "$.detail.o"}, {"l", "$.detail.l"}, {"none", "$.detail.none"}};
  CHECK(transformed(R"({"s":<s>,"n":<n>,"o":<o>,"l":<l>})", paths, detail) ==
        R"({"s":"a\"b","n":3,"o":{"a":1,"b":"c"},"l":["A","B"]})");
  CHECK(transformed(R"({"t":"<s> is <n>"})", paths, detail) == R"({"t":"a\"b is 3"})");
  CHECK(transformed(R"("o is <o>, l is <l>, none is <none>.")", paths, detail) ==
        R"("o is {a:1,b:c}, l is [A,B], none is .")");
  CHECK(transformed("\"one <n>\"\n\"two\"", paths, detail) == "\"one 3\"\n\"two\"");
  CHECK(transformed("<o>", paths, detail) == R"({"a":1,"b":"c"})");
  CHECK(transformed(R"({"l":"<l>"})", paths, detail) == "nothing");
  CHECK(transformed("plain <n>", paths, detail) == "nothing");
  CHECK(transformed("\"<k>\"", paths, detail) == "InputTemplate for target t contains invalid placeholder k.");
}

TEST_CASE("events: a template knows the rule and the event") {
  CHECK(transformed(R"("<aws.events.rule-name>")", {}, "{}") == R"("r")");
  CHECK(transformed("<aws.events.rule-arn>", {}, "{}") == R"("arn:aws:events:ap-northeast-1:111122223333:rule/r")");
  CHECK(transformed("<aws.events.event.ingestion-time>", {}, "{}") == R"("2026-05-06T11:42:34Z")");
  const str event = transformed("<aws.events.event>", {}, R"({"a":1})");
  CHECK(event.contains(R"("detailType":"T")"));
  CHECK_FALSE(event.contains(R"("detail":)"));
  CHECK(transformed("<aws.events.event.json>", {}, R"({"a":1})").contains(R"("detail":{"a":1})"));
}

TEST_CASE("events: a transformer for a log group gives the time and the message") {
  Bench bench;
  bench.create_group("/aws/events/x");
  REQUIRE(bench.rule("r", R"({"source":["app"]})"));
  REQUIRE(bench.target("r", {.Id = "t",
                             .Arn = "arn:aws:logs:ap-northeast-1:111122223333:log-group:/aws/events/x",
                             .InputTransformer = api::InputTransformer{
                                 .InputPathsMap = dict<str>{{"m", "$.detail.m"}},
                                 .InputTemplate = R"({"timestamp":1778067754123,"message":<m>})"}}));
  REQUIRE(bench.put("app", R"({"m":"hello"})"));
  CHECK(bench.logged("/aws/events/x") == list<str>{"1778067754123 hello"});
}
