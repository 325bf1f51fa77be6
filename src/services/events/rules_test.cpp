#include <doctest/doctest.h>

#include "services/events/fixture_test.hpp"

using namespace utakata;  // NOLINT: a test
using events::test::Bench;
using events::test::queue_arn;
namespace api = events::api;

TEST_CASE("events: a rule is put, described, listed, switched and deleted") {
  Bench bench;
  const auto made = bench.rule("r1", R"({"source":["a"]})");
  REQUIRE(made);
  CHECK(*made->RuleArn == "arn:aws:events:ap-northeast-1:111122223333:rule/r1");
  REQUIRE(bench.rule("r2", R"({"source":["a"]})"));
  const auto describe = [&](const str& name) {
    return bench.call<events::describe_rule, api::DescribeRuleResponse>(api::DescribeRuleRequest{.Name = name});
  };
  CHECK(*describe("r1")->EventPattern == R"({"source":["a"]})");
  CHECK(describe("r1")->State->name() == "ENABLED");
  CHECK(describe("none").error() ==
        Fault{.code = "ResourceNotFoundException", .message = "Rule none does not exist on EventBus default."});
  REQUIRE(bench.call<events::disable_rule, api::Empty>(api::DisableRuleRequest{.Name = "r1"}));
  CHECK(describe("r1")->State->name() == "DISABLED");
  const auto page = bench.call<events::list_rules, api::ListRulesResponse>(api::ListRulesRequest{.Limit = 1});
  CHECK(*page->Rules->at(0).Name == "r1");
  CHECK(*bench.call<events::list_rules, api::ListRulesResponse>(api::ListRulesRequest{.NextToken = page->NextToken})
             ->Rules->at(0)
             .Name == "r2");
  const auto remove = [&](const str& name) {
    return bench.call<events::delete_rule, api::Empty>(api::DeleteRuleRequest{.Name = name});
  };
  REQUIRE(bench.target("r1", {.Id = "t", .Arn = queue_arn}));
  CHECK(remove("r1").error().message == "Rule can't be deleted since it has targets.");
  CHECK(remove("none"));
  CHECK(remove("r2"));
  CHECK(describe("r2").error().code == "ResourceNotFoundException");
}

TEST_CASE("events: what is no rule is refused in AWS's words") {
  Bench bench;
  CHECK(bench.rule("a b", R"({"source":["a"]})").error().code == "ValidationException");
  CHECK(bench.rule("r", R"({"source":5})").error().code == "InvalidEventPatternException");
  CHECK(bench.rule("r", R"({"source":["a"]})", "none").error().message == "Event bus none does not exist.");
  const auto scheduled = bench.call<events::put_rule, api::PutRuleResponse>(
      api::PutRuleRequest{.Name = "r", .ScheduleExpression = "rate(1 minute)"});
  CHECK(scheduled.error().message.starts_with("ScheduleExpression 'rate(1 minute)' is not supported"));
  CHECK(bench.call<events::put_rule, api::PutRuleResponse>(api::PutRuleRequest{.Name = "r"}).error().code ==
        "ValidationException");
}

TEST_CASE("events: targets are put, replaced by id, listed and removed; what is no target is told apart") {
  Bench bench;
  REQUIRE(bench.rule("r", R"({"source":["a"]})"));
  CHECK(bench.target("r", {.Id = "t", .Arn = queue_arn})->FailedEntryCount == 0);
  CHECK(bench.target("r", {.Id = "t", .Arn = "arn:aws:logs:ap-northeast-1:111122223333:log-group:/aws/events/x"}));
  const auto unsupported =
      bench.target("r", {.Id = "l", .Arn = "arn:aws:lambda:ap-northeast-1:111122223333:function:f"});
  REQUIRE(unsupported);
  CHECK(*unsupported->FailedEntryCount == 1);
  CHECK(*unsupported->FailedEntries->at(0).TargetId == "l");
  CHECK(unsupported->FailedEntries->at(0).ErrorMessage->contains("is not supported"));
  CHECK(bench.target("r", {.Id = "x", .Arn = "nonsense"}).error().code == "ValidationException");
  CHECK(bench.target("r", {.Id = "x", .Arn = queue_arn + ".fifo"}).error().message ==
        "Parameter(s) SqsParameters must be specified for target: x.");
  for (int i = 2; i <= 5; ++i) REQUIRE(bench.target("r", {.Id = cat("t", i), .Arn = queue_arn}));
  CHECK(bench.target("r", {.Id = "t6", .Arn = queue_arn}).error().message ==
        "The requested resource exceeds the maximum number allowed.");

  const auto targets = bench.call<events::list_targets_by_rule, api::ListTargetsByRuleResponse>(
      api::ListTargetsByRuleRequest{.Rule = "r"});
  CHECK(targets->Targets->size() == 5);
  CHECK(targets->Targets->at(0).Arn.contains("log-group"));
  const auto names = bench.call<events::list_rule_names_by_target, api::ListRuleNamesByTargetResponse>(
      api::ListRuleNamesByTargetRequest{.TargetArn = queue_arn});
  CHECK(*names->RuleNames == list<str>{"r"});
  const auto removed = bench.call<events::remove_targets, api::RemoveTargetsResponse>(
      api::RemoveTargetsRequest{.Rule = "r", .Ids = {"t", "none"}});
  CHECK(*removed->FailedEntryCount == 1);
  CHECK(*removed->FailedEntries->at(0).TargetId == "none");
}

TEST_CASE("events: buses are made and deleted, and the default one is always there") {
  Bench bench;
  const auto create = [&](const str& name) {
    return bench.call<events::create_event_bus, api::CreateEventBusResponse>(api::CreateEventBusRequest{.Name = name});
  };
  CHECK(*create("orders")->EventBusArn == "arn:aws:events:ap-northeast-1:111122223333:event-bus/orders");
  CHECK(create("orders").error().message == "Event bus orders already exists.");
  CHECK(create("default").error().code == "ResourceAlreadyExistsException");
  const auto all = bench.call<events::list_event_buses, api::ListEventBusesResponse>(api::ListEventBusesRequest{});
  REQUIRE(all->EventBuses->size() == 2);
  CHECK(*all->EventBuses->at(0).Name == "default");
  const auto rule = bench.rule("r", R"({"source":["a"]})", "orders");
  CHECK(*rule->RuleArn == "arn:aws:events:ap-northeast-1:111122223333:rule/orders/r");
  const auto remove = [&](const str& name) {
    return bench.call<events::delete_event_bus, api::Empty>(api::DeleteEventBusRequest{.Name = name});
  };
  CHECK(remove("default").error().message == "Cannot delete event bus default.");
  CHECK(remove("orders").error().code == "ValidationException");
  CHECK(bench.call<events::delete_rule, api::Empty>(api::DeleteRuleRequest{
      .Name = "r", .EventBusName = "arn:aws:events:ap-northeast-1:111122223333:event-bus/orders"}));
  CHECK(remove("orders"));
  CHECK(bench
            .call<events::describe_event_bus, api::DescribeEventBusResponse>(
                api::DescribeEventBusRequest{.Name = "orders"})
            .error()
            .message == "Event bus orders does not exist.");
}

TEST_CASE("events: tags of rules and buses come and go by ARN") {
  Bench bench;
  const str arn = *bench.rule("r", R"({"source":["a"]})")->RuleArn;
  REQUIRE(bench.call<events::tag_resource, api::Empty>(
      api::TagResourceRequest{.ResourceARN = arn, .Tags = {{.Key = "a", .Value = "1"}, {.Key = "b", .Value = "2"}}}));
  REQUIRE(
      bench.call<events::untag_resource, api::Empty>(api::UntagResourceRequest{.ResourceARN = arn, .TagKeys = {"a"}}));
  REQUIRE(bench.rule("r", R"({"source":["b"]})"));
  const auto tags = bench.call<events::list_tags_for_resource, api::ListTagsForResourceResponse>(
      api::ListTagsForResourceRequest{.ResourceARN = arn});
  REQUIRE(tags->Tags->size() == 1);
  CHECK(tags->Tags->at(0).Key == "b");
}

TEST_CASE("events: a pattern is tested against a whole event only") {
  Bench bench;
  const auto test = [&](const str& event) {
    return bench.call<events::test_event_pattern, api::TestEventPatternResponse>(
        api::TestEventPatternRequest{.EventPattern = R"({"source":["aws.ecs"]})", .Event = event});
  };
  CHECK(*test(R"({"id":"1","account":"1","source":"aws.ecs","time":"2026-05-06T11:42:34Z","region":"r",)"
              R"("resources":[],"detail-type":"t","detail":{}})")
             ->Result);
  CHECK(test(R"({"source":"aws.ecs"})").error().message == "Parameter Event is not valid.");
  CHECK(test("nonsense").error().message == "Parameter Event is not valid.");
}
