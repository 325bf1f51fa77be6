#pragma once

#include "services/ecs/state.hpp"

namespace utakata::ecs {

/// The task's role as it was asked for, by name or ARN; empty: none.
str role_of(const TaskRow&, const TaskDefinitionRow&);
/// What the runtime must know of a task: its definition with the overrides applied.
TaskSpec task_spec(const World&, const TaskRow&, const TaskDefinitionRow&);

}  // namespace utakata::ecs
