#pragma once

#include "services/ecs/state.hpp"

// Rows as callers see them.
namespace utakata::ecs {

/// A time as a member of an answer: left out while it is not set.
inline opt<Instant> if_set(Instant at) { return at.set() ? opt<Instant>(at) : opt<Instant>(); }

api::Task view(const TaskRow&, bool tags);
api::Service view(const Tx&, const Key&, const ServiceRow&, bool tags);

}  // namespace utakata::ecs
