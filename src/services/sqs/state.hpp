#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"
#include "services/sqs/api/messages.hpp"

// The rows of SQS.
//
// A message's key says whether it can be received now, so that a receive reads only the first rows of "ready":
//   WORLD QUEUE /ready/   SEQUENCE     visible
//   WORLD QUEUE /waiting/ SEQUENCE     delayed, or in flight until its visibility timeout ends
// The sequence counts the messages sent to the queue; order within a queue is its order.
namespace utakata::sqs {

struct Queue {
  static constexpr std::string_view table_name = "sqs.queues";
  str name;
  dict<str> attributes;  // those set by the caller; the others have their defaults
  dict<str> tags;
  Instant created_at, modified_at, purged_at;
};

/// Apart from the queue, because it changes with every message.
struct Counter {
  static constexpr std::string_view table_name = "sqs.counters";
  i64 sent = 0;
};

struct Message {
  static constexpr std::string_view table_name = "sqs.messages";
  str id;
  str body;
  str body_md5;
  dict<api::MessageAttributeValue> attributes;
  str attributes_md5;
  opt<str> trace_header;
  str sender_id;
  str group_id;
  str deduplication_id;
  str dead_letter_source;
  i64 sequence = 0;
  Instant sent_at, expires_at, first_received_at, received_at;
  i32 receive_count = 0;
  Instant visible_at;  // of a waiting message
  bool in_flight = false;
  str receipt;  // of the latest receive
};

/// A deduplication id that a FIFO queue has seen within the last five minutes.
struct Duplicate {
  static constexpr std::string_view table_name = "sqs.duplicates";
  str message_id;
  i64 sequence = 0;
  Instant until;
};

/// For all worlds, under the key "settings".
struct Settings {
  static constexpr std::string_view table_name = "sqs.settings";
  str endpoint = "http://127.0.0.1:4566";  // what queue URLs begin with
};

void declare_tables(Schema&);

Key queue_key(const World&, std::string_view name);
Key ready_prefix(const Key& queue);
Key waiting_prefix(const Key& queue);
/// 20 digits, so that keys sort as numbers do.
str padded(i64 number);

str queue_arn(const Key& queue);
str queue_url(const Tx&, const Key& queue);
/// The channel on which receivers of a queue wait.
str channel(const Key& queue);

/// The queue that a URL with any host, or a bare name, means in the caller's region. Fault QueueDoesNotExist;
/// AccessDeniedException for a queue of another account.
Outcome<Key> find_queue(const Tx&, std::string_view queue_url);
/// The key that an ARN means, whether or not there is such a queue; nothing if it is no queue's ARN.
opt<Key> key_of_arn(std::string_view arn);
bool is_queue_name(std::string_view name);

/// Puts the message among those that can be received, and tells those who wait for one.
void make_ready(Tx&, const Key& queue, Message);
void make_waiting(Tx&, const Key& queue, Message);
/// The next number of the queue.
i64 next_sequence(Tx&, const Key& queue);
/// The messages whose keys begin with the prefix, at most that many.
std::vector<Key> message_keys(const Tx&, std::string_view prefix, std::size_t at_most = SIZE_MAX);

std::unexpected<Fault> no_such_queue();
std::unexpected<Fault> invalid_value(std::string_view value, std::string_view parameter, std::string_view reason);

}  // namespace utakata::sqs
