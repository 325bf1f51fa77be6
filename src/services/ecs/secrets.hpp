#pragma once

#include "services/ecs/state.hpp"

namespace utakata::ecs {

/// Puts the values of a definition's secrets and the credentials of private registries into the task's specification.
/// What cannot be had becomes its `cannot_start`, in the words of AWS's ResourceInitializationError.
void fill_secrets(const Tx&, const World&, const TaskDefinitionRow&, TaskSpec&);

/// Refuses a `valueFrom` that names nothing that a secret can come from.
Outcome<> check_secret_source(const api::Secret&);

}  // namespace utakata::ecs
