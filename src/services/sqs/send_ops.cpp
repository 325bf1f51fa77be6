#include "services/sqs/batch.hpp"
#include "services/sqs/enqueue.hpp"
#include "services/sqs/message_ops.hpp"

namespace utakata::sqs {
namespace {

/// Of a SendMessageRequest or one entry of a batch.
template <class Request>
Outgoing outgoing(const Tx& tx, const Request& request) {
  return {.body = request.MessageBody,
          .attributes = *request.MessageAttributes,
          .system_attributes = *request.MessageSystemAttributes,
          .delay_seconds = request.DelaySeconds,
          .deduplication_id = *request.MessageDeduplicationId,
          .group_id = *request.MessageGroupId,
          .sender_id = tx.world().account};
}

Outcome<> check_batch_size(const list<api::SendMessageBatchRequestEntry>& entries) {
  std::size_t bytes = 0;
  for (const auto& entry : entries) {
    bytes += entry.MessageBody.size();
    for (const auto& [name, value] : *entry.MessageAttributes)
      bytes += name.size() + value.DataType.size() + value.StringValue->size() + value.BinaryValue->bytes.size();
  }
  if (bytes <= limits::batch_bytes) return {};
  return refuse("BatchRequestTooLong", cat("Batch requests cannot be longer than ", limits::batch_bytes,
                                           " bytes. You have sent ", bytes, " bytes."));
}

}  // namespace

Outcome<api::SendMessageResult> send_message(Tx& tx, const api::SendMessageRequest& request) {
  const Key queue = TRY(find_queue(tx, request.QueueUrl));
  Enqueued sent = TRY(enqueue(tx, queue, outgoing(tx, request)));
  return api::SendMessageResult{.MD5OfMessageBody = sent.body_md5,
                                .MD5OfMessageAttributes = sent.attributes_md5,
                                .MD5OfMessageSystemAttributes = sent.system_attributes_md5,
                                .MessageId = sent.message_id,
                                .SequenceNumber = sent.sequence_number};
}

Outcome<api::SendMessageBatchResult> send_message_batch(Tx& tx, const api::SendMessageBatchRequest& request) {
  const Key queue = TRY(find_queue(tx, request.QueueUrl));
  TRY_VOID(check_batch(request.Entries, "SendMessageBatchRequestEntry"));
  TRY_VOID(check_batch_size(request.Entries));
  using Sent = api::SendMessageBatchResultEntry;
  return each_entry<api::SendMessageBatchResult>(
      request.Entries, [&](const api::SendMessageBatchRequestEntry& entry) -> Outcome<Sent> {
        Outgoing message = outgoing(tx, entry);
        message.in_batch = true;
        const Enqueued sent = TRY(enqueue(tx, queue, message));
        return Sent{.Id = entry.Id,
                    .MessageId = sent.message_id,
                    .MD5OfMessageBody = sent.body_md5,
                    .MD5OfMessageAttributes = sent.attributes_md5,
                    .MD5OfMessageSystemAttributes = sent.system_attributes_md5,
                    .SequenceNumber = sent.sequence_number};
      });
}

}  // namespace utakata::sqs
