#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"

// What other services may ask of CloudWatch Logs.
namespace utakata::logs {

bool group_exists(const Tx&, const World&, std::string_view group);
/// Makes the group when it is missing (awslogs-create-group, EventBridge targets); a name that no group may have is
/// ignored.
void ensure_group(Tx&, const World&, std::string_view group);
/// The id of the stream in the log store, made when it is missing. Fault ResourceNotFoundException without the group.
Outcome<str> ensure_stream(Tx&, const World&, std::string_view group, std::string_view stream);
/// The same of a stream that is there; empty if it is not.
str stream_id(const Tx&, const World&, std::string_view group, std::string_view stream);

struct LogLine {
  Instant at;
  str text;
};
/// Adds events in their order; makes the stream when it is missing. Fault ResourceNotFoundException without the group.
/// They are durable with this step, and in the log store a moment later.
Outcome<> append(Tx&, const World&, std::string_view group, std::string_view stream, const list<LogLine>& lines);

}  // namespace utakata::logs
