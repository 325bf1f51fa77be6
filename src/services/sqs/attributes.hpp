#pragma once

#include "services/sqs/state.hpp"

// The attributes of a queue: names, defaults, ranges (facts: platform.md §E1).
namespace utakata::sqs {

bool is_fifo(const Queue&);
bool is_fifo_name(std::string_view name);
i64 integer_attribute(const Queue&, std::string_view name);
/// As set, else the default; empty if it has none.
str text_attribute(const Queue&, std::string_view name);

struct Redrive {
  Key dead_letter_queue;
  i64 max_receives = 0;
};
/// Where messages go that are received too often; nothing if the queue has no RedrivePolicy.
opt<Redrive> redrive(const Queue&);

/// Checks the attributes that a caller sets on a queue of that name. An empty text takes an attribute away.
Outcome<> check_attributes(const Tx&, const Key& queue, const dict<str>& attributes);
void apply_attributes(Queue&, const dict<str>& attributes);

/// Every attribute that GetQueueAttributes knows, or those named. Fault InvalidAttributeName.
Outcome<dict<str>> shown_attributes(const Tx&, const Key& queue, const list<str>& names);

}  // namespace utakata::sqs
