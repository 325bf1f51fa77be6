#pragma once

#include <array>

#include "core/machine.hpp"
#include "services/sqs/message_ops.hpp"
#include "services/sqs/module.hpp"
#include "services/sqs/queue_ops.hpp"

// A machine with SQS alone, and calls to it as a client makes them.
namespace utakata::sqs::test {

inline constexpr std::array<void (*)(Schema&), 1> modules{declare};

struct Bench {
  Machine machine{7, modules};
  Instant now = *parse_iso8601("2026-05-06T11:42:34Z");
  World world{"111122223333", "ap-northeast-1"};
  Step step = {};

  template <auto Handler, class Response, class Request>
  Outcome<Response> call(const Request& request, bool last_try = false) {
    static constexpr Operation made = operation<Handler>("Test");
    Response response;
    step = machine.step(now, ApiCall{world, &made, &request, &response, last_try});
    if (step.fault) return std::unexpected(*step.fault);
    return response;
  }
  void pass(Duration span) {
    now = now + span;
    while (machine.next_due() <= now) machine.step(now, Tick{});
  }

  Outcome<api::CreateQueueResult> create(const str& name, const dict<str>& attributes = {}) {
    return call<create_queue, api::CreateQueueResult>(
        api::CreateQueueRequest{.QueueName = name, .Attributes = attributes});
  }
  Outcome<api::SendMessageResult> send(const api::SendMessageRequest& request) {
    return call<send_message, api::SendMessageResult>(request);
  }
  Outcome<api::SendMessageResult> send(const str& queue, const str& body, const str& group = "") {
    api::SendMessageRequest request{.QueueUrl = queue, .MessageBody = body};
    if (!group.empty()) request.MessageGroupId = group;
    return send(request);
  }
  list<api::Message> receive(const api::ReceiveMessageRequest& request) {
    auto result = call<receive_message, api::ReceiveMessageResult>(request);
    return result ? *result->Messages : list<api::Message>{};
  }
  list<api::Message> receive(const str& queue, i32 most = 10) {
    return receive({.QueueUrl = queue, .AttributeNames = list<str>{"All"}, .MaxNumberOfMessages = most});
  }
  Outcome<api::Empty> remove(const str& queue, const str& handle) {
    return call<delete_message, api::Empty>(api::DeleteMessageRequest{.QueueUrl = queue, .ReceiptHandle = handle});
  }
  str attribute(const str& queue, const str& name) {
    const auto result = call<get_queue_attributes, api::GetQueueAttributesResult>(
        api::GetQueueAttributesRequest{.QueueUrl = queue, .AttributeNames = list<str>{name}});
    if (!result) return result.error().code;
    const auto at = result->Attributes->find(name);
    return at == result->Attributes->end() ? "" : at->second;
  }
};

}  // namespace utakata::sqs::test
