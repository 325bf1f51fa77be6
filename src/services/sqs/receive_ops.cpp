#include <algorithm>
#include <array>
#include <map>

#include "services/sqs/attributes.hpp"
#include "services/sqs/limits.hpp"
#include "services/sqs/message_attributes.hpp"
#include "services/sqs/message_ops.hpp"
#include "services/sqs/receipt.hpp"

namespace utakata::sqs {
namespace {

constexpr std::size_t dead_letters_per_receive = 1'000;
constexpr std::array<std::string_view, 10> system_attributes{"All",
                                                             "SenderId",
                                                             "SentTimestamp",
                                                             "SequenceNumber",
                                                             "MessageGroupId",
                                                             "MessageDeduplicationId",
                                                             "AWSTraceHeader",
                                                             "DeadLetterQueueSourceArn",
                                                             "ApproximateReceiveCount",
                                                             "ApproximateFirstReceiveTimestamp"};

struct Order {
  Key queue;
  std::size_t most = 1;
  i64 visibility_seconds = 0;
  i64 wait_seconds = 0;
};

Outcome<Order> order(const Tx& tx, const api::ReceiveMessageRequest& request) {
  Order order { .queue = TRY(find_queue(tx, request.QueueUrl)) };
  const Queue& queue = *tx.find<Queue>(order.queue);
  const i32 most = request.MaxNumberOfMessages.value_or(1);
  if (most < 1 || most > limits::receive_messages)
    return invalid_value(cat(most), "MaxNumberOfMessages", "Must be between 1 and 10, if provided.");
  order.most = static_cast<std::size_t>(most);
  order.wait_seconds =
      request.WaitTimeSeconds ? *request.WaitTimeSeconds : integer_attribute(queue, "ReceiveMessageWaitTimeSeconds");
  if (order.wait_seconds < 0 || order.wait_seconds > limits::wait_seconds)
    return invalid_value(cat(order.wait_seconds), "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.");
  order.visibility_seconds =
      request.VisibilityTimeout ? *request.VisibilityTimeout : integer_attribute(queue, "VisibilityTimeout");
  if (order.visibility_seconds < 0 || order.visibility_seconds > limits::visibility_seconds)
    return invalid_value(cat(order.visibility_seconds), "VisibilityTimeout",
                         "Must be between 0 and 43200, if provided.");
  for (const auto* names : {&*request.AttributeNames, &*request.MessageSystemAttributeNames})
    for (const str& name : *names)
      if (std::ranges::find(system_attributes, name) == system_attributes.end() &&
          !shown_attributes(tx, order.queue, {name}))
        return refuse("InvalidAttributeName", cat("Unknown Attribute ", name, "."));
  return order;
}

/// What cannot be received now, and what it holds back.
struct Waiting {
  std::size_t in_flight = 0;
  std::map<str, i64, std::less<>> held;  // FIFO groups: messages after this sequence must wait
};

Waiting look_at_waiting(Tx& tx, const Key& queue) {
  Waiting waiting;
  const bool fifo = is_fifo_name(queue);
  std::vector<Key> over;
  tx.each<Message>(waiting_prefix(queue), [&](const Key& key, const Message& message) {
    if (message.visible_at <= tx.now()) {
      over.push_back(key);
      return;
    }
    waiting.in_flight += message.in_flight ? 1U : 0U;
    if (!fifo) return;
    const i64 holds_after = message.in_flight ? 0 : message.sequence;
    const auto [at, first] = waiting.held.emplace(message.group_id, holds_after);
    if (!first) at->second = std::min(at->second, holds_after);
  });
  // Their timers are due, but have not fired yet.
  for (const Key& key : over) {
    Message message = *tx.find<Message>(key);
    tx.erase<Message>(key);
    make_ready(tx, queue, std::move(message));
  }
  return waiting;
}

struct Chosen {
  std::vector<Key> receive;
  std::vector<Key> dead;  // received as often as the redrive policy allows
};

Chosen choose(const Tx& tx, const Order& order, const Waiting& waiting) {
  Chosen chosen;
  const auto policy = redrive(*tx.find<Queue>(order.queue));
  const bool has_dead_letter_queue = policy && tx.find<Queue>(policy->dead_letter_queue) != nullptr;
  const bool fifo = is_fifo_name(order.queue);
  tx.each<Message>(ready_prefix(order.queue), [&](const Key& key, const Message& message) {
    if (message.expires_at <= tx.now()) return true;
    if (fifo) {
      const auto held = waiting.held.find(message.group_id);
      if (held != waiting.held.end() && message.sequence > held->second) return true;
    }
    if (has_dead_letter_queue && message.receive_count >= policy->max_receives)
      chosen.dead.push_back(key);
    else
      chosen.receive.push_back(key);
    return chosen.receive.size() < order.most && chosen.dead.size() < dead_letters_per_receive;
  });
  return chosen;
}

void move_to_dead_letters(Tx& tx, const Key& source, const Key& message_key) {
  Message message = *tx.find<Message>(message_key);
  tx.erase<Message>(message_key);
  const Key target = redrive(*tx.find<Queue>(source))->dead_letter_queue;
  // Retention goes on counting from when it was sent; only a FIFO queue begins anew (facts: platform.md §E4).
  if (is_fifo_name(target)) message.sent_at = tx.now();
  const auto retention = seconds(integer_attribute(*tx.find<Queue>(target), "MessageRetentionPeriod"));
  message.expires_at = std::max(message.sent_at + retention, tx.now() + nanoseconds(1));
  message.dead_letter_source = queue_arn(source);
  message.sequence = next_sequence(tx, target);
  make_ready(tx, target, std::move(message));
}

dict<str> shown_system_attributes(const Message& message, const Order& order, const api::ReceiveMessageRequest& asked) {
  const auto milliseconds_of = [](Instant at) { return cat(at.ns / 1'000'000); };
  dict<str> all{{"SenderId", message.sender_id},
                {"SentTimestamp", milliseconds_of(message.sent_at)},
                {"ApproximateReceiveCount", cat(message.receive_count)},
                {"ApproximateFirstReceiveTimestamp", milliseconds_of(message.first_received_at)}};
  if (!message.group_id.empty()) all["MessageGroupId"] = message.group_id;
  if (!message.deduplication_id.empty()) all["MessageDeduplicationId"] = message.deduplication_id;
  if (is_fifo_name(order.queue)) all["SequenceNumber"] = padded(message.sequence);
  if (message.trace_header) all["AWSTraceHeader"] = *message.trace_header;
  if (!message.dead_letter_source.empty()) all["DeadLetterQueueSourceArn"] = message.dead_letter_source;
  const auto is_asked = [&](const str& name) {
    return std::ranges::any_of(
        std::array{&*asked.AttributeNames, &*asked.MessageSystemAttributeNames}, [&](const list<str>* names) {
          return std::ranges::find(*names, name) != names->end() || std::ranges::find(*names, "All") != names->end();
        });
  };
  std::erase_if(all, [&](const auto& entry) { return !is_asked(entry.first); });
  return all;
}

api::Message receive_one(Tx& tx, const Order& order, const Key& key, const api::ReceiveMessageRequest& asked) {
  Message message = *tx.find<Message>(key);
  tx.erase<Message>(key);
  message.receipt = tx.random_hex(32);
  message.receive_count += 1;
  message.received_at = tx.now();
  if (!message.first_received_at.set()) message.first_received_at = tx.now();

  api::Message shown{.MessageId = message.id,
                     .ReceiptHandle = receipt_handle(order.queue, message),
                     .MD5OfBody = message.body_md5,
                     .Body = message.body};
  if (auto attributes = shown_system_attributes(message, order, asked); !attributes.empty())
    shown.Attributes = std::move(attributes);
  if (auto attributes = selected(message.attributes, *asked.MessageAttributeNames); !attributes.empty()) {
    shown.MD5OfMessageAttributes = attributes_md5(attributes);
    shown.MessageAttributes = std::move(attributes);
  }
  if (order.visibility_seconds == 0) {
    make_ready(tx, order.queue, std::move(message));
    return shown;
  }
  message.visible_at = tx.now() + seconds(order.visibility_seconds);
  message.in_flight = true;
  make_waiting(tx, order.queue, std::move(message));
  return shown;
}

}  // namespace

Outcome<api::ReceiveMessageResult> receive_message(Tx& tx, const api::ReceiveMessageRequest& request) {
  const Order wanted = TRY(order(tx, request));
  const Waiting waiting = look_at_waiting(tx, wanted.queue);
  Chosen chosen;
  if (waiting.in_flight < limits::in_flight)
    chosen = choose(tx, wanted, waiting);
  else if (wanted.wait_seconds == 0 && !is_fifo_name(wanted.queue))
    return refuse("OverLimit", cat("Too many messages in flight: a queue has at most ", limits::in_flight, "."), 403);

  api::ReceiveMessageResult result;
  for (const Key& key : chosen.dead) move_to_dead_letters(tx, wanted.queue, key);
  for (const Key& key : chosen.receive) result.Messages.ensure_value().push_back(receive_one(tx, wanted, key, request));
  const bool nothing = chosen.dead.empty() && chosen.receive.empty();
  if (nothing && wanted.wait_seconds > 0 && !tx.last_try())
    tx.park(channel(wanted.queue), tx.now() + seconds(wanted.wait_seconds));
  return result;
}

}  // namespace utakata::sqs
