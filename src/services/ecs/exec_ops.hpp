#pragma once

#include "core/session.hpp"
#include "services/ecs/api/exec.hpp"
#include "services/ecs/state.hpp"

// ECS Exec: sessions of commands in running containers (facts: ecs.md §11). Here they are allowed, counted and logged;
// the shell carries them.
namespace utakata::ecs {

Outcome<api::ExecuteCommandResponse> execute_command(Tx&, const api::ExecuteCommandRequest&);
/// Once, while the token is fresh.
Outcome<OpenSessionResponse> open_session(Tx&, const OpenSessionRequest&);
/// What its command said goes to its log, if it has one; a session that is not known is over.
Outcome<CloseSessionResponse> close_session(Tx&, const CloseSessionRequest&);
/// No session outlives the daemon; what those with a log left is still to come.
void recover_sessions(Tx&);

/// AWS wants a task role where execute command is enabled. `what` is "created", "updated" or "run".
Outcome<> check_exec_role(const TaskDefinitionRow&, const opt<api::TaskOverride>&, std::string_view subject,
                          std::string_view what);

/// The execute command agent of a container, as AWS tells of it.
struct ManagedAgentState {
  str status, reason;
};
ManagedAgentState managed_agent(const ContainerRow&);

}  // namespace utakata::ecs
