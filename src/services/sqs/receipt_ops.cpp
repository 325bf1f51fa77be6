#include "services/sqs/attributes.hpp"
#include "services/sqs/batch.hpp"
#include "services/sqs/message_ops.hpp"
#include "services/sqs/receipt.hpp"

namespace utakata::sqs {
namespace {

Outcome<> delete_received(Tx& tx, const Key& queue, const str& handle, bool in_batch) {
  const Received received = TRY(find_received(tx, queue, handle, in_batch));
  if (received.key.empty()) return {};
  const bool fifo = is_fifo_name(queue);
  const bool in_flight = tx.find<Message>(received.key)->in_flight;
  if (fifo && !(received.latest && in_flight))
    return invalid_value(handle, "ReceiptHandle", "The receipt handle has expired.");
  // AWS: with an older handle the call succeeds, but the message may stay.
  if (!received.latest) return {};
  tx.erase<Message>(received.key);
  if (fifo) tx.wake(channel(queue));  // the next of its group can be received
  return {};
}

Outcome<> change_visibility(Tx& tx, const Key& queue, const str& handle, i32 timeout, bool in_batch) {
  if (timeout < 0 || timeout > limits::visibility_seconds)
    return invalid_value(cat(timeout), "VisibilityTimeout",
                         "VisibilityTimeout must be an integer between 0 and 43200.");
  const Received received = TRY(find_received(tx, queue, handle, in_batch));
  if (received.key.empty() || !received.latest)
    return invalid_value(handle, "ReceiptHandle",
                         "Message does not exist or is not available for visibility timeout change.");
  Message message = *tx.find<Message>(received.key);
  if (!message.in_flight)
    return refuse("MessageNotInflight", cat("The message ", message.id, " is not in flight: it can be received now."));
  message.visible_at = tx.now() + seconds(timeout);
  if (message.visible_at > message.received_at + seconds(limits::visibility_seconds))
    return invalid_value(cat(timeout), "VisibilityTimeout",
                         "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]");
  tx.erase<Message>(received.key);
  if (timeout == 0)
    make_ready(tx, queue, std::move(message));
  else
    make_waiting(tx, queue, std::move(message));
  return {};
}

}  // namespace

Outcome<api::Empty> delete_message(Tx& tx, const api::DeleteMessageRequest& request) {
  const Key queue = TRY(find_queue(tx, request.QueueUrl));
  TRY_VOID(delete_received(tx, queue, request.ReceiptHandle, false));
  return api::Empty{};
}

Outcome<api::DeleteMessageBatchResult> delete_message_batch(Tx& tx, const api::DeleteMessageBatchRequest& request) {
  const Key queue = TRY(find_queue(tx, request.QueueUrl));
  TRY_VOID(check_batch(request.Entries, "DeleteMessageBatchRequestEntry"));
  using Deleted = api::DeleteMessageBatchResultEntry;
  return each_entry<api::DeleteMessageBatchResult>(
      request.Entries, [&](const api::DeleteMessageBatchRequestEntry& entry) -> Outcome<Deleted> {
        TRY_VOID(delete_received(tx, queue, entry.ReceiptHandle, true));
        return Deleted{.Id = entry.Id};
      });
}

Outcome<api::Empty> change_message_visibility(Tx& tx, const api::ChangeMessageVisibilityRequest& request) {
  const Key queue = TRY(find_queue(tx, request.QueueUrl));
  TRY_VOID(change_visibility(tx, queue, request.ReceiptHandle, request.VisibilityTimeout, false));
  return api::Empty{};
}

Outcome<api::ChangeMessageVisibilityBatchResult> change_message_visibility_batch(
    Tx& tx, const api::ChangeMessageVisibilityBatchRequest& request) {
  const Key queue = TRY(find_queue(tx, request.QueueUrl));
  TRY_VOID(check_batch(request.Entries, "ChangeMessageVisibilityBatchRequestEntry"));
  using Changed = api::ChangeMessageVisibilityBatchResultEntry;
  return each_entry<api::ChangeMessageVisibilityBatchResult>(
      request.Entries, [&](const api::ChangeMessageVisibilityBatchRequestEntry& entry) -> Outcome<Changed> {
        TRY_VOID(change_visibility(tx, queue, entry.ReceiptHandle, entry.VisibilityTimeout.value_or(0), true));
        return Changed{.Id = entry.Id};
      });
}

}  // namespace utakata::sqs
