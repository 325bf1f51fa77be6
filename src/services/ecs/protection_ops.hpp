#pragma once

#include "services/ecs/api/protection.hpp"
#include "services/ecs/state.hpp"

// Tasks that the service scheduler must not stop for a scale-in or a deployment. Everything else still ends them:
// StopTask, failed health checks, Spot interruptions, the end of their service.
namespace utakata::ecs {

Outcome<api::UpdateTaskProtectionResponse> update_task_protection(Tx&, const api::UpdateTaskProtectionRequest&);
Outcome<api::GetTaskProtectionResponse> get_task_protection(Tx&, const api::GetTaskProtectionRequest&);

/// Why protection cannot be asked for or set on this task: MISSING, TASK_NOT_VALID, DEPLOYMENT_BLOCKED; nothing if it
/// can.
opt<api::Failure> protection_failure(const Tx&, const str& task_arn, const TaskRow*, bool enabling);
/// Sets it for `minutes`, or takes it away. Fault InvalidParameterException.
Outcome<> protect(Tx&, const Key& task, bool enable, const opt<i32>& minutes);

}  // namespace utakata::ecs
