#pragma once

#include "services/ecs/state.hpp"

namespace utakata::ecs {

/// What the runtime must know of a task: its definition with the overrides applied.
TaskSpec task_spec(const World&, const TaskRow&, const TaskDefinitionRow&);

}  // namespace utakata::ecs
