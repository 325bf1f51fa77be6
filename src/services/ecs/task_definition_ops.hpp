#pragma once

#include "services/ecs/state.hpp"

namespace utakata::ecs {

Outcome<api::RegisterTaskDefinitionResponse> register_task_definition(Tx&, const api::RegisterTaskDefinitionRequest&);
Outcome<api::DescribeTaskDefinitionResponse> describe_task_definition(Tx&, const api::DescribeTaskDefinitionRequest&);
Outcome<api::DeregisterTaskDefinitionResponse> deregister_task_definition(Tx&,
                                                                          const api::DeregisterTaskDefinitionRequest&);
Outcome<api::DeleteTaskDefinitionsResponse> delete_task_definitions(Tx&, const api::DeleteTaskDefinitionsRequest&);
Outcome<api::ListTaskDefinitionsResponse> list_task_definitions(Tx&, const api::ListTaskDefinitionsRequest&);
Outcome<api::ListTaskDefinitionFamiliesResponse> list_task_definition_families(
    Tx&, const api::ListTaskDefinitionFamiliesRequest&);

/// Fargate's CPU and memory table (facts: ecs.md §4.1): units and MiB of "256"/".25 vCPU" and "512"/"0.5 GB". Fault
/// ClientException.
struct TaskSize {
  i32 cpu = 0, memory_mib = 0;
};
Outcome<TaskSize> fargate_size(const opt<str>& cpu, const opt<str>& memory);

}  // namespace utakata::ecs
