#include <doctest/doctest.h>

#include "services/sqs/errors.hpp"
#include "services/sqs/fixture_test.hpp"
#include "services/sqs/public.hpp"

using namespace utakata;  // NOLINT: a test
using sqs::test::Bench;
namespace api = sqs::api;

namespace {

Outcome<api::Empty> send_by_arn(Tx& tx, const api::PurgeQueueRequest& request) {
  TRY_VOID(sqs::send(tx, tx.world(), request.QueueUrl, "hello", dict<str>{{"RULE_ARN", "arn"}}));
  return api::Empty{};
}

}  // namespace

TEST_CASE("sqs: creating the same queue again is no error, a different one of its name is") {
  Bench bench;
  const auto made = bench.create("work", {{"DelaySeconds", "5"}});
  REQUIRE(made);
  CHECK(made->QueueUrl == "http://127.0.0.1:4566/111122223333/work");
  CHECK(bench.create("work", {{"DelaySeconds", "5"}})->QueueUrl == made->QueueUrl);
  CHECK(bench.create("work")->QueueUrl == made->QueueUrl);
  CHECK(bench.create("work", {{"DelaySeconds", "6"}}).error() ==
        Fault{.code = "QueueNameExists",
              .message = "A queue already exists with the same name and a different value for attribute DelaySeconds"});
  CHECK(bench.create("wo/rk").error().code == "InvalidParameterValueException");
  CHECK(bench.create("work.fifo").error().code == "InvalidParameterValueException");
  CHECK(bench.create("work2", {{"FifoQueue", "false"}}).error().message == "Unknown Attribute FifoQueue.");
}

TEST_CASE("sqs: a queue is found by a URL with any host, and only in its own account") {
  Bench bench;
  REQUIRE(bench.create("work"));
  CHECK(bench.attribute("https://sqs.ap-northeast-1.amazonaws.com/111122223333/work", "QueueArn") ==
        "arn:aws:sqs:ap-northeast-1:111122223333:work");
  CHECK(bench.attribute("work", "VisibilityTimeout") == "30");
  CHECK(bench.attribute("http://h/999999999999/work", "QueueArn") == "AccessDeniedException");
  CHECK(bench.attribute("http://h/111122223333/none", "QueueArn") == "QueueDoesNotExist");
  bench.world.region = "us-east-1";
  CHECK(bench.attribute("work", "QueueArn") == "QueueDoesNotExist");
}

TEST_CASE("sqs: attributes keep to their ranges and change what a queue does") {
  Bench bench;
  REQUIRE(bench.create("work"));
  const auto set = [&](const str& name, const str& text) {
    return bench.call<sqs::set_queue_attributes, api::Empty>(
        api::SetQueueAttributesRequest{.QueueUrl = "work", .Attributes = {{name, text}}});
  };
  CHECK(set("VisibilityTimeout", "43201").error().code == "InvalidAttributeValue");
  CHECK(set("Nonsense", "1").error().message == "Unknown Attribute Nonsense.");
  CHECK(set("FifoQueue", "true").error().code == "InvalidAttributeName");
  CHECK(set("RedrivePolicy", "{}").error().code == "InvalidParameterValueException");
  CHECK(set("RedrivePolicy", R"({"deadLetterTargetArn":"arn:aws:sqs:ap-northeast-1:111122223333:no",)"
                             R"("maxReceiveCount":2})")
            .error()
            .message.ends_with("Dead letter target does not exist."));
  REQUIRE(set("VisibilityTimeout", "7"));
  REQUIRE(bench.send("work", "x"));
  REQUIRE(bench.receive("work").size() == 1);
  CHECK(bench.machine.next_due() == bench.now + seconds(7));
}

TEST_CASE("sqs: a retention that is shortened applies to messages that are there") {
  Bench bench;
  REQUIRE(bench.create("work"));
  REQUIRE(bench.send("work", "x"));
  bench.pass(seconds(100));
  REQUIRE(bench.call<sqs::set_queue_attributes, api::Empty>(
      api::SetQueueAttributesRequest{.QueueUrl = "work", .Attributes = {{"MessageRetentionPeriod", "60"}}}));
  bench.pass(seconds(1));
  CHECK(bench.attribute("work", "ApproximateNumberOfMessages") == "0");
}

TEST_CASE("sqs: queues are listed by prefix, in pages") {
  Bench bench;
  for (const char* name : {"a1", "a2", "a3", "b1"}) REQUIRE(bench.create(name));
  const auto page = [&](const opt<i32>& most, const opt<str>& token) {
    return *bench.call<sqs::list_queues, api::ListQueuesResult>(
        api::ListQueuesRequest{.QueueNamePrefix = "a", .NextToken = token, .MaxResults = most});
  };
  const auto first = page(2, {});
  CHECK(first.QueueUrls->size() == 2);
  const auto second = page(2, first.NextToken);
  CHECK(*second.QueueUrls == list<str>{"http://127.0.0.1:4566/111122223333/a3"});
  CHECK_FALSE(second.NextToken.has);
  CHECK(page({}, {}).QueueUrls->size() == 3);
}

TEST_CASE("sqs: deleting and purging take the messages away") {
  Bench bench;
  REQUIRE(bench.create("work"));
  REQUIRE(bench.send("work", "x"));
  const auto purge = [&] {
    return bench.call<sqs::purge_queue, api::Empty>(api::PurgeQueueRequest{.QueueUrl = "work"});
  };
  REQUIRE(purge());
  CHECK(bench.receive("work").empty());
  CHECK(purge().error().status == 403);
  REQUIRE(bench.send("work", "y"));
  REQUIRE(bench.call<sqs::delete_queue, api::Empty>(api::DeleteQueueRequest{.QueueUrl = "work"}));
  REQUIRE(bench.create("work"));
  CHECK(bench.receive("work").empty());
}

TEST_CASE("sqs: tags come and go") {
  Bench bench;
  REQUIRE(bench.create("work"));
  REQUIRE(bench.call<sqs::tag_queue, api::Empty>(
      api::TagQueueRequest{.QueueUrl = "work", .Tags = {{"team", "a"}, {"stage", "b"}}}));
  REQUIRE(bench.call<sqs::untag_queue, api::Empty>(
      api::UntagQueueRequest{.QueueUrl = "work", .TagKeys = {"team", "none"}}));
  const auto tags =
      bench.call<sqs::list_queue_tags, api::ListQueueTagsResult>(api::ListQueueTagsRequest{.QueueUrl = "work"});
  CHECK(*tags->Tags == dict<str>{{"stage", "b"}});
}

TEST_CASE("sqs: other services send by ARN") {
  Bench bench;
  REQUIRE(bench.create("work"));
  REQUIRE(bench.call<send_by_arn, api::Empty>(
      api::PurgeQueueRequest{.QueueUrl = "arn:aws:sqs:ap-northeast-1:111122223333:work"}));
  const auto got = bench.receive({.QueueUrl = "work", .MessageAttributeNames = list<str>{"All"}});
  REQUIRE(got.size() == 1);
  CHECK(*got[0].MessageAttributes->at("RULE_ARN").StringValue == "arn");
  CHECK(bench.call<send_by_arn, api::Empty>(api::PurgeQueueRequest{.QueueUrl = "arn:aws:sqs:ap-northeast-1:1:none"})
            .error()
            .code == "QueueDoesNotExist");
}

TEST_CASE("sqs: errors have the Query protocol's codes, too") {
  CHECK(sqs::query_error_code("QueueDoesNotExist") == "AWS.SimpleQueueService.NonExistentQueue");
  CHECK(sqs::query_error_code("ReceiptHandleIsInvalid") == "ReceiptHandleIsInvalid");
}
