#pragma once

#include "services/ecs/state.hpp"

// Rows as callers see them.
namespace utakata::ecs {

api::Task view(const TaskRow&, bool tags);
api::Service view(const Tx&, const Key&, const ServiceRow&, bool tags);

}  // namespace utakata::ecs
