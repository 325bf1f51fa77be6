#pragma once

#include "base/outcome.hpp"
#include "core/task_spec.hpp"

namespace utakata::sandbox {

/// Writes DIR/log-plan for the supervisor (log_main.hpp) and makes the folder that it names: the stream's below
/// `logs_dir`, or one beside the container's that keeps only the newest of what nobody asked for.
/// Fault ResourceInitializationError: the pattern, or the disk.
Outcome<> write_log_plan(const str& container_dir, const str& logs_dir, const opt<LogTarget>& target);

/// What the supervisor has not been able to keep, for people: empty if nothing.
str lost_output(const str& container_dir);

}  // namespace utakata::sandbox
