#pragma once

#include "base/outcome.hpp"
#include "core/report.hpp"
#include "core/tx.hpp"

// What other services may ask of CloudWatch Logs.
namespace utakata::logs {

bool group_exists(const Tx&, const World&, std::string_view group);
/// Makes the group when it is missing (awslogs-create-group, EventBridge targets); a name that no group may have is
/// ignored.
void ensure_group(Tx&, const World&, std::string_view group);
/// Adds events in their order; makes the stream when it is missing. Fault ResourceNotFoundException without the group.
Outcome<> append(Tx&, const World&, std::string_view group, std::string_view stream, const list<LogLine>& lines);

}  // namespace utakata::logs
