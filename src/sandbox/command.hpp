#pragma once

#include "ports/commands.hpp"
#include "reactor/co.hpp"
#include "sandbox/container.hpp"

namespace utakata::sandbox {

struct Host;

/// The text of process.json for a command: the container's own process with other words, as root, as ECS Exec runs it.
/// Nothing: the container's config.json cannot be read.
std::optional<str> process_of_command(const str& config, const ports::CommandPlan&);

/// Why a command did not start, in plain words, from what the session's supervisor tells: CommandNotFound,
/// CommandNotExecutable, or CommandNotStarted for any other reason.
Fault why_not_started(std::string_view supervisors_word, std::string_view program);

/// Starts the command by a supervisor of its own (session_main.hpp) in the container of this folder.
reactor::Co<Outcome<ports::CommandEnds>> begin_command(Host&, ContainerFolder, str runtime_id, ports::CommandPlan);

}  // namespace utakata::sandbox
