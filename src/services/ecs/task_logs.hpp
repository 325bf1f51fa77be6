#pragma once

#include "core/task_spec.hpp"
#include "core/tx.hpp"
#include "services/ecs/api/task_definition.hpp"

// The log driver awslogs: its options, and the streams that containers write to.
namespace utakata::ecs {

/// Refused with AWS's texts: options that the driver does not have, and values that it cannot use.
Outcome<> check_awslogs(const dict<str>& options);

/// Makes the task's streams, and groups that awslogs-create-group asks for, and says where each container's output
/// goes. A group that is missing becomes the spec's `cannot_start`, in the words of AWS's ResourceInitializationError.
void fill_logs(Tx&, const World&, const api::TaskDefinition&, TaskSpec&);

/// "10m", "512k", "1g", "4096": bytes; nothing if it is no size.
std::optional<i64> parse_size(std::string_view);

}  // namespace utakata::ecs
