#pragma once

#include "services/sqs/state.hpp"

namespace utakata::sqs {

/// The handle that a receive gives out: it names the queue, the message and the receive.
str receipt_handle(const Key& queue, const Message&);

/// What a handle still means.
struct Received {
  Key key;              // of the message; empty when it is gone
  bool latest = false;  // no later receive has given out another handle
};

/// Fault ReceiptHandleIsInvalid for what is no handle of this queue.
Outcome<Received> find_received(const Tx&, const Key& queue, const str& handle, bool in_batch);

}  // namespace utakata::sqs
