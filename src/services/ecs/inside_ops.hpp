#pragma once

#include "core/inside.hpp"
#include "core/tx.hpp"

// The questions of tasks from their inside as operations. They are in no API: the host alone asks them, in the world of
// the task's ARN.
namespace utakata::ecs {

Outcome<inside::Facts> task_facts(Tx&, const inside::Question&);
/// Faults AccessDeniedException: the task has no role; InvalidParameterException: there is no such task any more.
Outcome<inside::Credentials> task_credentials(Tx&, const inside::Question&);
Outcome<inside::Protection> task_protection(Tx&, const inside::ProtectionQuestion&);

}  // namespace utakata::ecs
