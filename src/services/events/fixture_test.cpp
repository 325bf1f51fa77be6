#include "services/events/fixture_test.hpp"

#include <doctest/doctest.h>

#include "services/logs/group_ops.hpp"
#include "services/logs/module.hpp"
#include "services/logs/stream_ops.hpp"
#include "services/sqs/message_ops.hpp"
#include "services/sqs/module.hpp"
#include "services/sqs/queue_ops.hpp"

namespace utakata::events::test {

const std::array<void (*)(Schema&), 3> modules{logs::declare, sqs::declare, events::declare};

void Bench::create_queue(const str& name) {
  sqs::api::CreateQueueRequest request{.QueueName = name};
  if (name.ends_with(".fifo"))
    request.Attributes = dict<str>{{"FifoQueue", "true"}, {"ContentBasedDeduplication", "true"}};
  REQUIRE(call<sqs::create_queue, sqs::api::CreateQueueResult>(request));
}

void Bench::create_group(const str& name) {
  REQUIRE(call<logs::create_log_group, logs::api::Empty>(logs::api::CreateLogGroupRequest{.logGroupName = name}));
}

list<str> Bench::received(const str& queue) {
  const auto result = call<sqs::receive_message, sqs::api::ReceiveMessageResult>(sqs::api::ReceiveMessageRequest{
      .QueueUrl = queue, .MessageAttributeNames = list<str>{"ERROR_CODE"}, .MaxNumberOfMessages = 10});
  REQUIRE(result);
  list<str> bodies;
  for (const auto& message : *result->Messages) {
    bodies.push_back(*message.Body);
    for (const auto& [name, value] : *message.MessageAttributes) bodies.back() += cat(" ", *value.StringValue);
  }
  return bodies;
}

// What is on its way to the log store.
list<str> Bench::logged(const str& group) {
  return machine.read(now, [&](const Tx& tx) {
    list<str> messages;
    tx.each<logs::Pending>("", [&](const Key&, const logs::Pending& row) {
      const auto keys = tx.where<logs::Stream>(logs::Stream::by_id, row.append.stream);
      REQUIRE(keys.size() == 1);
      if (!keys.front().contains(cat(group, ":"))) return;
      for (const auto& event : row.append.events) messages.push_back(cat(event.at, " ", event.text));
    });
    return messages;
  });
}

}  // namespace utakata::events::test
