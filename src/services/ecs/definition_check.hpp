#pragma once

#include "services/ecs/state.hpp"

namespace utakata::ecs {

/// Everything that RegisterTaskDefinition refuses.
Outcome<> check_definition(const api::RegisterTaskDefinitionRequest&, const HostRow&);

/// Nobody has more processor or memory than its task.
Outcome<> check_shares(const list<api::ContainerDefinition>&, i32 task_cpu, i32 task_memory_mib);

Outcome<> check_storage(const opt<api::EphemeralStorage>&);

}  // namespace utakata::ecs
