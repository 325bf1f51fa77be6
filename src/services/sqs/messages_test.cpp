#include <doctest/doctest.h>

#include "base/md5.hpp"
#include "services/sqs/fixture_test.hpp"
#include "services/sqs/message_attributes.hpp"

using namespace utakata;  // NOLINT: a test
using sqs::test::Bench;
namespace api = sqs::api;

TEST_CASE("sqs: a message is sent, received, hidden for its visibility timeout, and gone once deleted") {
  Bench bench;
  REQUIRE(bench.create("work"));
  const auto sent = bench.send("work", "hello");
  REQUIRE(sent);
  CHECK(*sent->MD5OfMessageBody == md5_hex("hello"));
  CHECK_FALSE(sent->SequenceNumber.has);
  const auto first = bench.receive("work");
  REQUIRE(first.size() == 1);
  CHECK(*first[0].Body == "hello");
  CHECK(first[0].MessageId == *sent->MessageId);
  CHECK(first[0].Attributes->at("SentTimestamp") == "1778067754000");
  CHECK(first[0].Attributes->at("ApproximateReceiveCount") == "1");
  CHECK(bench.receive("work").empty());
  CHECK(bench.attribute("work", "ApproximateNumberOfMessagesNotVisible") == "1");

  bench.pass(seconds(30));
  const auto second = bench.receive("work");
  REQUIRE(second.size() == 1);
  CHECK(second[0].Attributes->at("ApproximateReceiveCount") == "2");
  CHECK(bench.remove("work", *first[0].ReceiptHandle));  // an older handle: no error, no effect
  CHECK(bench.attribute("work", "ApproximateNumberOfMessagesNotVisible") == "1");
  CHECK(bench.remove("work", *second[0].ReceiptHandle));
  CHECK(bench.remove("work", *second[0].ReceiptHandle));
  bench.pass(seconds(60));
  CHECK(bench.receive("work").empty());
  CHECK(bench.remove("work", "nonsense").error().code == "ReceiptHandleIsInvalid");
}

TEST_CASE("sqs: the checksum of attributes is the one SDKs verify, over those that were asked for") {
  Bench bench;
  REQUIRE(bench.create("work"));
  api::SendMessageRequest request{.QueueUrl = "work", .MessageBody = "x"};
  request.MessageAttributes = dict<api::MessageAttributeValue>{
      {"timestamp", {.StringValue = "1493147359900", .DataType = "Number"}},
      {"tag.a", {.StringValue = "b", .DataType = "String"}},
  };
  const auto sent = bench.send(request);
  REQUIRE(sent);
  const auto got = bench.receive({.QueueUrl = "work", .MessageAttributeNames = list<str>{"timestamp"}});
  REQUIRE(got.size() == 1);
  CHECK(got[0].MessageAttributes->size() == 1);
  // The vector that moto and LocalStack verify against AWS.
  CHECK(*got[0].MD5OfMessageAttributes == "235c5c510d26fb653d073faed50ae77c");
  CHECK(*sent->MD5OfMessageAttributes == sqs::attributes_md5(*request.MessageAttributes));
  request.MessageAttributes->at("tag.a").StringValue = "";
  CHECK(bench.send(request).error().message ==
        "Message (user) attribute 'tag.a' must contain a non-empty value of type 'String'.");
}

TEST_CASE("sqs: a receiver that finds nothing waits, and is told of new, delayed and returned messages") {
  Bench bench;
  REQUIRE(bench.create("work"));
  const api::ReceiveMessageRequest patient{.QueueUrl = "work", .VisibilityTimeout = 5, .WaitTimeSeconds = 20};
  CHECK(bench.receive(patient).empty());
  CHECK(bench.step.parked_on == "sqs:111122223333/ap-northeast-1/work");
  CHECK(bench.step.parked_until == bench.now + seconds(20));
  REQUIRE(bench.send("work", "now"));
  CHECK(bench.step.woken == std::vector<std::string>{"sqs:111122223333/ap-northeast-1/work"});
  CHECK(bench.receive(patient).size() == 1);

  CHECK(bench.machine.next_due() == bench.now + seconds(5));
  bench.now = bench.now + seconds(5);
  CHECK(bench.machine.step(bench.now, Tick{}).woken.size() == 1);
  const auto last = bench.call<sqs::receive_message, api::ReceiveMessageResult>(patient, true);
  CHECK(last->Messages->size() == 1);
  const auto none = bench.call<sqs::receive_message, api::ReceiveMessageResult>(patient, true);
  CHECK(bench.step.parked_on.empty());
  CHECK_FALSE(none->Messages.has);
}

TEST_CASE("sqs: a delayed message comes when its delay is over, an expired one never") {
  Bench bench;
  REQUIRE(bench.create("work", {{"MessageRetentionPeriod", "60"}}));
  REQUIRE(bench.send({.QueueUrl = "work", .MessageBody = "later", .DelaySeconds = 10}));
  CHECK(bench.attribute("work", "ApproximateNumberOfMessagesDelayed") == "1");
  CHECK(bench.receive("work").empty());
  bench.pass(seconds(10));
  CHECK(bench.attribute("work", "ApproximateNumberOfMessages") == "1");
  bench.pass(seconds(50));
  CHECK(bench.attribute("work", "ApproximateNumberOfMessages") == "0");
}

TEST_CASE("sqs: the visibility of a message in flight can be changed, and only of one in flight") {
  Bench bench;
  REQUIRE(bench.create("work"));
  REQUIRE(bench.send("work", "x"));
  const auto change = [&](const str& handle, i32 timeout) {
    return bench.call<sqs::change_message_visibility, api::Empty>(
        api::ChangeMessageVisibilityRequest{.QueueUrl = "work", .ReceiptHandle = handle, .VisibilityTimeout = timeout});
  };
  const str handle = *bench.receive("work")[0].ReceiptHandle;
  REQUIRE(change(handle, 100));
  bench.pass(seconds(99));
  CHECK(bench.receive("work").empty());
  CHECK(change(handle, 43'200).error().code == "InvalidParameterValueException");
  REQUIRE(change(handle, 0));
  CHECK(change(handle, 0).error().code == "MessageNotInflight");
  CHECK(bench.receive("work").size() == 1);
}

TEST_CASE("sqs: a message received too often goes to the dead-letter queue with its id") {
  Bench bench;
  REQUIRE(bench.create("dead"));
  REQUIRE(bench.create(
      "work", {{"RedrivePolicy",
                R"({"deadLetterTargetArn":"arn:aws:sqs:ap-northeast-1:111122223333:dead","maxReceiveCount":"2"})"}}));
  const str id = *bench.send("work", "x")->MessageId;
  for (int i = 0; i < 2; ++i) {
    CHECK(bench.receive("work").size() == 1);
    bench.pass(seconds(30));
  }
  CHECK(bench.receive("work").empty());
  const auto dead = bench.receive("dead");
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].MessageId == id);
  CHECK(dead[0].Attributes->at("DeadLetterQueueSourceArn") == "arn:aws:sqs:ap-northeast-1:111122223333:work");
}

TEST_CASE("sqs: a FIFO queue keeps the order of a group and drops repetitions") {
  Bench bench;
  REQUIRE(bench.create("work.fifo", {{"FifoQueue", "true"}, {"ContentBasedDeduplication", "true"}}));
  CHECK(bench.send("work.fifo", "x").error().message == "The request must contain the parameter MessageGroupId.");
  const auto first = bench.send("work.fifo", "a1", "a");
  const auto again = bench.send("work.fifo", "a1", "a");
  CHECK(again->MessageId == *first->MessageId);
  CHECK(again->SequenceNumber == *first->SequenceNumber);
  REQUIRE(bench.send("work.fifo", "a2", "a"));
  REQUIRE(bench.send("work.fifo", "b1", "b"));
  const auto one = bench.receive("work.fifo", 1);
  CHECK(*one[0].Body == "a1");
  const auto other = bench.receive("work.fifo");
  REQUIRE(other.size() == 1);
  CHECK(*other[0].Body == "b1");
  REQUIRE(bench.remove("work.fifo", *one[0].ReceiptHandle));
  CHECK(bench.step.woken.size() == 1);
  CHECK(*bench.receive("work.fifo")[0].Body == "a2");
  bench.pass(seconds(30));
  CHECK(bench.remove("work.fifo", *other[0].ReceiptHandle).error().message.ends_with("has expired."));
  bench.pass(minutes(5));
  CHECK(bench.send("work.fifo", "a1", "a")->MessageId.value != *first->MessageId);
}

TEST_CASE("sqs: a batch answers for each entry, and as a whole for what is wrong with the whole") {
  Bench bench;
  REQUIRE(bench.create("work", {{"MaximumMessageSize", "1024"}}));
  const auto batch = [&](const list<api::SendMessageBatchRequestEntry>& entries) {
    return bench.call<sqs::send_message_batch, api::SendMessageBatchResult>(
        api::SendMessageBatchRequest{.QueueUrl = "work", .Entries = entries});
  };
  const auto mixed = batch({{.Id = "1", .MessageBody = "a"}, {.Id = "2", .MessageBody = str(1025, 'b')}});
  REQUIRE(mixed);
  CHECK(mixed->Successful->size() == 1);
  REQUIRE(mixed->Failed->size() == 1);
  CHECK(mixed->Failed->at(0).Code == "InvalidParameterValue");
  CHECK(*mixed->Failed->at(0).Message ==
        "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.");
  CHECK(batch({}).error().code == "EmptyBatchRequest");
  CHECK(batch({{.Id = "1", .MessageBody = "a"}, {.Id = "1", .MessageBody = "a"}}).error().message == "Id 1 repeated.");
  CHECK(batch({{.Id = "a b", .MessageBody = "a"}}).error().code == "InvalidBatchEntryId");
}

TEST_CASE("sqs: what cannot be sent or received is refused in AWS's words") {
  Bench bench;
  REQUIRE(bench.create("work"));
  CHECK(bench.send("none", "x").error().message == "The specified queue does not exist.");
  CHECK(bench.send("work", "").error().message == "The request must contain the parameter MessageBody.");
  CHECK(bench.send("work", "\x01").error().code == "InvalidMessageContents");
  CHECK(bench.send("work", str(1'048'577, 'x')).error().message ==
        "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.");
  bench.receive("work", 11);
  REQUIRE(bench.step.fault);
  CHECK(bench.step.fault->message ==
        "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.");
  bench.receive({.QueueUrl = "work", .WaitTimeSeconds = 21});
  REQUIRE(bench.step.fault);
  CHECK(bench.step.fault->message ==
        "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.");
}
