#pragma once

#include "core/tx.hpp"
#include "services/events/input.hpp"

namespace utakata::events {

/// The kinds of targets that events can be delivered to.
enum class TargetKind : std::uint8_t { none, queue, log_group };
TargetKind target_kind(std::string_view arn);

/// Delivers within this transaction. What cannot be delivered goes to the target's dead-letter queue, if it has one.
void deliver(Tx&, const api::Target&, const Occasion&, Instant event_time);

}  // namespace utakata::events
