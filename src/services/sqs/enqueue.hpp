#pragma once

#include "services/sqs/message_attributes.hpp"
#include "services/sqs/state.hpp"

namespace utakata::sqs {

struct Outgoing {
  str body;
  MessageAttributes attributes = {};
  MessageAttributes system_attributes = {};
  opt<i32> delay_seconds = {};
  str deduplication_id = {};
  str group_id = {};
  str sender_id = {};
  bool in_batch = false;
};

/// The identity of the message in the queue: of the first one, if this one repeats it (FIFO).
struct Enqueued {
  str message_id;
  str body_md5;
  opt<str> attributes_md5;
  opt<str> system_attributes_md5;
  opt<str> sequence_number;
};

/// Checks one message and puts it into the queue.
Outcome<Enqueued> enqueue(Tx&, const Key& queue, const Outgoing&);

}  // namespace utakata::sqs
