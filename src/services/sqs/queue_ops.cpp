#include "services/sqs/queue_ops.hpp"

#include <algorithm>

#include "services/sqs/attributes.hpp"
#include "services/sqs/limits.hpp"

namespace utakata::sqs {
namespace {

Outcome<> check_name(std::string_view name, const dict<str>& attributes) {
  const auto at = attributes.find("FifoQueue");
  const bool fifo = at != attributes.end() && at->second == "true";
  if (fifo && !is_fifo_name(name))
    return refuse(
        "InvalidParameterValueException",
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end "
        "with .fifo suffix and be 1 to 80 in length");
  if (!is_queue_name(name) || (!fifo && is_fifo_name(name)))
    return refuse("InvalidParameterValueException",
                  "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length");
  return {};
}

Outcome<> check_tags(const dict<str>& tags) {
  if (tags.size() > limits::tags)
    return refuse("InvalidParameterValueException", cat("Too many tags: a queue has at most ", limits::tags, "."));
  for (const auto& [name, text] : tags)
    if (name.empty() || name.size() > 512 || text.size() > 1024)
      return invalid_value(name, "Tags", "Tag keys have 1 to 128 characters, tag values at most 256.");
  return {};
}

// Creating the same queue again is no error; a different one of the same name is.
Outcome<> check_same(const Queue& queue, const dict<str>& attributes) {
  for (const auto& [name, text] : attributes)
    if (text_attribute(queue, name) != text)
      return refuse("QueueNameExists",
                    cat("A queue already exists with the same name and a different value for attribute ", name));
  return {};
}

void erase_messages(Tx& tx, const Key& queue) {
  for (const Key& key : message_keys(tx, ready_prefix(queue))) tx.erase<Message>(key);
  for (const Key& key : message_keys(tx, waiting_prefix(queue))) tx.erase<Message>(key);
}

// Messages that are there already keep to the new period, too.
void change_retention(Tx& tx, const Key& queue, Duration retention) {
  for (const auto& prefix : {ready_prefix(queue), waiting_prefix(queue)})
    for (const Key& key : message_keys(tx, prefix))
      tx.update<Message>(key, [&](Message& message) {
        // Not at once even if it is too old by now: a timer is due after the step that made it.
        message.expires_at = std::max(message.sent_at + retention, tx.now() + nanoseconds(1));
      });
}

struct Page {
  list<str> urls;
  opt<str> next;
};
/// Queue URLs in the names' order, from the name that the token carries.
template <class Wanted>
Outcome<Page> page(const Tx& tx, std::string_view prefix, const opt<i32>& max_results, const opt<str>& token,
                   Wanted wanted) {
  const i32 most = max_results.value_or(limits::list_results);
  if (most < 1 || most > limits::list_results)
    return invalid_value(cat(most), "MaxResults", "Must be between 1 and 1000, if provided.");
  const auto from = token ? base64_decode(*token) : std::optional<std::string>("");
  if (!from) return invalid_value(*token, "NextToken", "It is not a token of an earlier call.");
  Page result;
  tx.each<Queue>(tx.world().key(prefix), [&](const Key& key, const Queue& queue) {
    if (queue.name < *from || !wanted(queue)) return true;
    if (std::ssize(result.urls) == most) {
      result.next = base64_encode(queue.name);
      return false;
    }
    result.urls.push_back(queue_url(tx, key));
    return true;
  });
  // Without MaxResults AWS answers with the first 1000 and no token.
  if (!max_results) result.next.reset();
  return result;
}

}  // namespace

Outcome<api::CreateQueueResult> create_queue(Tx& tx, const api::CreateQueueRequest& request) {
  const dict<str>& attributes = *request.Attributes;
  TRY_VOID(check_name(request.QueueName, attributes));
  const Key key = queue_key(tx.world(), request.QueueName);
  TRY_VOID(check_attributes(tx, key, attributes));
  TRY_VOID(check_tags(*request.tags));
  if (const Queue* queue = tx.find<Queue>(key)) {
    TRY_VOID(check_same(*queue, attributes));
    return api::CreateQueueResult{.QueueUrl = queue_url(tx, key)};
  }
  Queue queue{.name = request.QueueName, .tags = *request.tags, .created_at = tx.now(), .modified_at = tx.now()};
  apply_attributes(queue, attributes);
  tx.put(key, std::move(queue));
  return api::CreateQueueResult{.QueueUrl = queue_url(tx, key)};
}

Outcome<api::GetQueueUrlResult> get_queue_url(Tx& tx, const api::GetQueueUrlRequest& request) {
  if (request.QueueOwnerAWSAccountId && *request.QueueOwnerAWSAccountId != tx.world().account) return no_such_queue();
  const Key key = queue_key(tx.world(), request.QueueName);
  if (!is_queue_name(request.QueueName) || tx.find<Queue>(key) == nullptr) return no_such_queue();
  return api::GetQueueUrlResult{.QueueUrl = queue_url(tx, key)};
}

Outcome<api::ListQueuesResult> list_queues(Tx& tx, const api::ListQueuesRequest& request) {
  Page found =
      TRY(page(tx, *request.QueueNamePrefix, request.MaxResults, request.NextToken, [](const Queue&) { return true; }));
  api::ListQueuesResult result{.NextToken = std::move(found.next)};
  if (!found.urls.empty()) result.QueueUrls = std::move(found.urls);
  return result;
}

Outcome<api::ListDeadLetterSourceQueuesResult> list_dead_letter_source_queues(
    Tx& tx, const api::ListDeadLetterSourceQueuesRequest& request) {
  const Key target = TRY(find_queue(tx, request.QueueUrl));
  Page found = TRY(page(tx, "", request.MaxResults, request.NextToken, [&](const Queue& queue) {
    const auto policy = redrive(queue);
    return policy && policy->dead_letter_queue == target;
  }));
  return api::ListDeadLetterSourceQueuesResult{.queueUrls = std::move(found.urls), .NextToken = std::move(found.next)};
}

Outcome<api::Empty> delete_queue(Tx& tx, const api::DeleteQueueRequest& request) {
  const Key key = TRY(find_queue(tx, request.QueueUrl));
  erase_messages(tx, key);
  std::vector<Key> duplicates;
  tx.each<Duplicate>(cat(key, "/"), [&](const Key& duplicate, const Duplicate&) { duplicates.push_back(duplicate); });
  for (const Key& duplicate : duplicates) tx.erase<Duplicate>(duplicate);
  tx.erase<Counter>(key);
  tx.erase<Queue>(key);
  tx.wake(channel(key));
  return api::Empty{};
}

Outcome<api::GetQueueAttributesResult> get_queue_attributes(Tx& tx, const api::GetQueueAttributesRequest& request) {
  const Key key = TRY(find_queue(tx, request.QueueUrl));
  dict<str> shown = TRY(shown_attributes(tx, key, *request.AttributeNames));
  api::GetQueueAttributesResult result;
  if (!shown.empty()) result.Attributes = std::move(shown);
  return result;
}

Outcome<api::Empty> set_queue_attributes(Tx& tx, const api::SetQueueAttributesRequest& request) {
  const Key key = TRY(find_queue(tx, request.QueueUrl));
  TRY_VOID(check_attributes(tx, key, request.Attributes));
  tx.update<Queue>(key, [&](Queue& queue) {
    apply_attributes(queue, request.Attributes);
    queue.modified_at = tx.now();
  });
  if (request.Attributes.contains("MessageRetentionPeriod"))
    change_retention(tx, key, seconds(integer_attribute(*tx.find<Queue>(key), "MessageRetentionPeriod")));
  return api::Empty{};
}

Outcome<api::Empty> purge_queue(Tx& tx, const api::PurgeQueueRequest& request) {
  const Key key = TRY(find_queue(tx, request.QueueUrl));
  const Queue& queue = *tx.find<Queue>(key);
  if (queue.purged_at.set() && tx.now() - queue.purged_at < limits::purge_interval)
    return refuse("PurgeQueueInProgress",
                  cat("Only one PurgeQueue operation on ", queue.name, " is allowed every 60 seconds."), 403);
  erase_messages(tx, key);
  tx.update<Queue>(key, [&](Queue& row) { row.purged_at = tx.now(); });
  return api::Empty{};
}

Outcome<api::Empty> tag_queue(Tx& tx, const api::TagQueueRequest& request) {
  const Key key = TRY(find_queue(tx, request.QueueUrl));
  dict<str> tags = tx.find<Queue>(key)->tags;
  for (const auto& [name, text] : request.Tags) tags[name] = text;
  TRY_VOID(check_tags(tags));
  tx.update<Queue>(key, [&](Queue& queue) { queue.tags = std::move(tags); });
  return api::Empty{};
}

Outcome<api::Empty> untag_queue(Tx& tx, const api::UntagQueueRequest& request) {
  const Key key = TRY(find_queue(tx, request.QueueUrl));
  tx.update<Queue>(key, [&](Queue& queue) {
    for (const str& name : request.TagKeys) queue.tags.erase(name);
  });
  return api::Empty{};
}

Outcome<api::ListQueueTagsResult> list_queue_tags(Tx& tx, const api::ListQueueTagsRequest& request) {
  const Key key = TRY(find_queue(tx, request.QueueUrl));
  api::ListQueueTagsResult result;
  if (const Queue& queue = *tx.find<Queue>(key); !queue.tags.empty()) result.Tags = queue.tags;
  return result;
}

}  // namespace utakata::sqs
