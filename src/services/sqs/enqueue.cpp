#include "services/sqs/enqueue.hpp"

#include <algorithm>

#include "base/json_scanner.hpp"
#include "base/md5.hpp"
#include "base/sha256.hpp"
#include "services/sqs/attributes.hpp"
#include "services/sqs/limits.hpp"
#include "services/sqs/public.hpp"

namespace utakata::sqs {
namespace {

std::unexpected<Fault> missing(std::string_view parameter) {
  return refuse("MissingRequiredParameterException", cat("The request must contain the parameter ", parameter, "."));
}

// XML 1.0's characters (facts: platform.md §E2). The two non-characters are EF BF BE and EF BF BF in UTF-8.
bool has_valid_characters(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') return false;
    if (c == 0xef && (text.substr(i, 3) == "\xef\xbf\xbe" || text.substr(i, 3) == "\xef\xbf\xbf")) return false;
  }
  return json::valid_utf8(text);
}

bool is_group_id(std::string_view id) {
  return !id.empty() && id.size() <= limits::group_id_characters &&
         std::ranges::all_of(id, [](char c) { return c > ' ' && c < '\x7f'; });
}

Outcome<> check_ids(const Queue& queue, const Outgoing& message) {
  constexpr std::string_view rule = " can only include alphanumeric and punctuation characters. 1 to 128 in length.";
  if (!message.group_id.empty() && !is_group_id(message.group_id))
    return invalid_value(message.group_id, "MessageGroupId", cat("MessageGroupId", rule));
  if (!message.deduplication_id.empty() && !is_group_id(message.deduplication_id))
    return invalid_value(message.deduplication_id, "MessageDeduplicationId", cat("MessageDeduplicationId", rule));
  if (!is_fifo(queue)) {
    if (message.deduplication_id.empty()) return {};
    return invalid_value(message.deduplication_id, "MessageDeduplicationId",
                         "The request include parameter that is not valid for this queue type.");
  }
  if (message.group_id.empty()) return missing("MessageGroupId");
  if (message.deduplication_id.empty() && text_attribute(queue, "ContentBasedDeduplication") != "true")
    return refuse(
        "InvalidParameterValueException",
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly");
  return {};
}

Outcome<> check_delay(const Queue& queue, const opt<i32>& delay) {
  if (!delay) return {};
  if (*delay < 0 || *delay > limits::delay_seconds)
    return invalid_value(cat(*delay), "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.");
  if (is_fifo(queue) && *delay != 0)
    return invalid_value(cat(*delay), "DelaySeconds",
                         "The request include parameter that is not valid for this queue type.");
  return {};
}

Outcome<> check_system_attributes(const MessageAttributes& attributes) {
  for (const auto& [name, value] : attributes) {
    if (name != "AWSTraceHeader")
      return refuse("InvalidParameterValueException",
                    cat("Message system attribute name '", name, "' is not valid: only AWSTraceHeader is supported."));
    if (value.DataType != "String" || !value.StringValue || value.StringValue->empty())
      return refuse("InvalidParameterValueException",
                    cat("Message system attribute '", name, "' must contain a non-empty value of type 'String'."));
  }
  return {};
}

Outcome<> check_size(const Queue& queue, const Outgoing& message) {
  const i64 most = integer_attribute(queue, "MaximumMessageSize");
  if (std::ssize(message.body) + static_cast<i64>(attributes_bytes(message.attributes)) <= most) return {};
  return refuse("InvalidParameterValueException",
                cat("One or more parameters ", message.in_batch ? "cannot be validated" : "are invalid",
                    ". Reason: Message must be shorter than ", most, " bytes."));
}

Outcome<> check(const Queue& queue, const Outgoing& message) {
  if (message.body.empty()) return missing("MessageBody");
  if (!has_valid_characters(message.body))
    return refuse("InvalidMessageContents",
                  "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to "
                  "#xFFFD | #x10000 to #x10FFFF");
  TRY_VOID(check_message_attributes(message.attributes));
  TRY_VOID(check_system_attributes(message.system_attributes));
  TRY_VOID(check_size(queue, message));
  TRY_VOID(check_delay(queue, message.delay_seconds));
  return check_ids(queue, message);
}

Key duplicate_key(const Key& key, const Queue& queue, const Message& message) {
  if (text_attribute(queue, "DeduplicationScope") != "messageGroup") return cat(key, "/", message.deduplication_id);
  return cat(key, "/", message.group_id.size(), ":", message.group_id, "/", message.deduplication_id);
}

Message made(Tx& tx, const Queue& queue, const Outgoing& outgoing) {
  Message message{.id = tx.uuid(),
                  .body = outgoing.body,
                  .body_md5 = md5_hex(outgoing.body),
                  .attributes = outgoing.attributes,
                  .sender_id = outgoing.sender_id,
                  .group_id = outgoing.group_id,
                  .deduplication_id = outgoing.deduplication_id,
                  .sent_at = tx.now(),
                  .expires_at = tx.now() + seconds(integer_attribute(queue, "MessageRetentionPeriod"))};
  const auto trace = outgoing.system_attributes.find("AWSTraceHeader");
  if (trace != outgoing.system_attributes.end()) message.trace_header = *trace->second.StringValue;
  if (is_fifo(queue) && message.deduplication_id.empty()) message.deduplication_id = sha256_hex(message.body);
  return message;
}

void place(Tx& tx, const Key& key, const Queue& queue, const Outgoing& outgoing, Message message) {
  const i64 delay =
      outgoing.delay_seconds && !is_fifo(queue) ? *outgoing.delay_seconds : integer_attribute(queue, "DelaySeconds");
  if (delay == 0) return make_ready(tx, key, std::move(message));
  message.visible_at = tx.now() + seconds(delay);
  make_waiting(tx, key, std::move(message));
}

}  // namespace

Outcome<Enqueued> enqueue(Tx& tx, const Key& key, const Outgoing& outgoing) {
  const Queue* found = tx.find<Queue>(key);
  if (found == nullptr) return no_such_queue();
  const Queue& queue = *found;
  TRY_VOID(check(queue, outgoing));
  Message message = made(tx, queue, outgoing);
  Enqueued result{.message_id = message.id, .body_md5 = message.body_md5};
  if (!outgoing.attributes.empty()) result.attributes_md5 = attributes_md5(outgoing.attributes);
  if (!outgoing.system_attributes.empty()) result.system_attributes_md5 = attributes_md5(outgoing.system_attributes);
  if (!is_fifo(queue)) {
    message.sequence = next_sequence(tx, key);
    place(tx, key, queue, outgoing, std::move(message));
    return result;
  }
  const Key duplicate = duplicate_key(key, queue, message);
  if (const Duplicate* first = tx.find<Duplicate>(duplicate); first != nullptr && first->until > tx.now()) {
    result.message_id = first->message_id;
    result.sequence_number = padded(first->sequence);
    return result;
  }
  message.sequence = next_sequence(tx, key);
  result.sequence_number = padded(message.sequence);
  tx.put(duplicate,
         Duplicate{
             .message_id = message.id, .sequence = message.sequence, .until = tx.now() + limits::deduplication_window});
  place(tx, key, queue, outgoing, std::move(message));
  return result;
}

Outcome<> send(Tx& tx, const World& world, std::string_view queue_arn, const str& body, std::string_view group_id) {
  const auto key = key_of_arn(queue_arn);
  if (!key) return no_such_queue();
  TRY_VOID(enqueue(tx, *key, {.body = body, .group_id = str(group_id), .sender_id = world.account}));
  return {};
}

Outcome<> send(Tx& tx, const World& world, std::string_view queue_arn, const str& body, const dict<str>& attributes) {
  const auto key = key_of_arn(queue_arn);
  if (!key) return no_such_queue();
  Outgoing outgoing{.body = body, .sender_id = world.account};
  for (const auto& [name, text] : attributes)
    outgoing.attributes[name] = api::MessageAttributeValue{.StringValue = text, .DataType = "String"};
  TRY_VOID(enqueue(tx, *key, outgoing));
  return {};
}

}  // namespace utakata::sqs
