#include "services/ecs/exec_ops.hpp"

#include <algorithm>

#include "base/sha256.hpp"
#include "base/shell_words.hpp"
#include "services/ecs/errors.hpp"
#include "services/ecs/find.hpp"
#include "services/logs/public.hpp"
#include "services/ssm/public.hpp"

namespace utakata::ecs {
namespace {

constexpr std::size_t command_max = 8192;             // characters
constexpr std::size_t sessions_per_container = 1000;  // AWS's quota
constexpr Duration session_token_life = minutes(1);   // from ExecuteCommand to the opening of its channel
constexpr Duration session_life = hours(24);          // of a row whose session's end is never heard of
constexpr Duration left_life = minutes(1);            // after a start, for the shell to bring what a session left

auto not_enabled() {
  return invalid(
      "The execute command failed because execute command was not enabled when the task was run or the execute command "
      "agent isn\u2019t running. Wait and try again or run a new task with execute command enabled and try again.");
}

Outcome<const ContainerRow*> find_container(const TaskRow& task, const opt<str>& name) {
  if (!name && task.containers.size() > 1)
    return invalid("The task has more than one container: a container name must be specified.");
  if (!name) return &task.containers.front();
  const auto at = std::ranges::find(task.containers, *name, &ContainerRow::name);
  if (at == task.containers.end())
    return invalid(cat("The container ", *name, " was not found in the task. Specify a valid name and try again."));
  return &*at;
}

// Where the output of a session is kept: DEFAULT is where the container's own output is.
opt<LogTarget> log_of(const Tx& tx, const ClusterRow& cluster, const TaskRow& task, const str& container,
                      const str& session_id) {
  const auto configured = cluster.configuration && cluster.configuration->executeCommandConfiguration;
  const api::ExecuteCommandConfiguration exec =
      configured ? *cluster.configuration->executeCommandConfiguration : api::ExecuteCommandConfiguration{};
  LogTarget log{.group = {}, .stream = session_id, .region = tx.world().region};
  if (exec.logging && *exec.logging == "NONE") return {};
  if (exec.logging && *exec.logging == "OVERRIDE") {
    log.group = exec.logConfiguration->cloudWatchLogGroupName.value_or("");
  } else if (const auto definition = find_definition(tx, task.task_definition_arn); definition) {
    const auto& all = *(*definition)->definition.containerDefinitions;
    const auto at = std::ranges::find(all, opt<str>(container), &api::ContainerDefinition::name);
    if (at != all.end() && at->logConfiguration && at->logConfiguration->logDriver == "awslogs")
      if (const auto options = at->logConfiguration->options.value_or(dict<str>{}); options.contains("awslogs-group"))
        log.group = options.at("awslogs-group");
  }
  return log.group.empty() ? opt<LogTarget>() : opt<LogTarget>(log);
}

const ExecSessionRow* find_session(const Tx& tx, const str& id, Key& key) {
  const std::vector<Key> keys = tx.where<ExecSessionRow>(ExecSessionRow::by_id, id);
  if (keys.empty()) return nullptr;
  key = keys.front();
  return tx.find<ExecSessionRow>(key);
}

Outcome<> check_request(const api::ExecuteCommandRequest& request) {
  if (!request.interactive) return invalid("Interactive is the only mode supported currently.");
  if (request.command.size() > command_max)
    return invalid(cat("command can have at most ", command_max, " characters."));
  const auto words = split_shell_words(request.command);
  if (!words) return invalid(cat("command is malformed: ", words.error().message, "."));
  if (words->empty() || words->front().empty()) return invalid("command cannot be empty.");
  return {};
}

}  // namespace

ManagedAgentState managed_agent(const ContainerRow& row) {
  // AWS's agent lives in the container and has to write there.
  if (row.status == "RUNNING" && row.read_only_root)
    return {.status = "STOPPED", .reason = "The root file system of the container is read-only."};
  return {.status = row.status, .reason = {}};
}

Outcome<> check_exec_role(const TaskDefinitionRow& definition, const opt<api::TaskOverride>& overrides,
                          std::string_view subject, std::string_view what) {
  const bool overridden = overrides && overrides->taskRoleArn && !overrides->taskRoleArn->empty();
  if (overridden || !definition.definition.taskRoleArn.value_or("").empty()) return {};
  return invalid(cat("The ", subject, " couldn't be ", what,
                     " because a valid taskRoleArn is not being used. Specify a valid task role in your task "
                     "definition and try again."));
}

Outcome<api::ExecuteCommandResponse> execute_command(Tx& tx, const api::ExecuteCommandRequest& request) {
  const ClusterRow* cluster = TRY(find_cluster(tx, request.cluster));
  TRY_VOID(check_request(request));
  const TaskRow* task = find_task(tx, *cluster, request.task);
  if (task == nullptr) return task_not_found();
  if (!task->enable_execute_command || task->desired_status != "RUNNING") return not_enabled();
  const ContainerRow* container = TRY(find_container(*task, request.container));
  if (container->status != "RUNNING") return not_enabled();
  if (managed_agent(*container).status != "RUNNING")
    return refuse("TargetNotConnectedException",
                  "The execute command failed due to an internal error. Try again later.");
  if (tx.where<ExecSessionRow>(ExecSessionRow::by_container, container->arn).size() >= sessions_per_container)
    return client_fault(cat("The container has ", sessions_per_container, " sessions, which is the most it can have."));
  const str id = cat("ecs-execute-command-", tx.random_hex(17));
  const str token = ssm::new_session_token(tx, id);
  ExecSessionRow session{.id = id,
                         .token_digest = sha256_hex(token),
                         .task_arn = task->arn,
                         .container_arn = container->arn,
                         .container = container->name,
                         .command = request.command,
                         .caller = tx.origin().caller,
                         .log = log_of(tx, *cluster, *task, container->name, id),
                         .until = tx.now() + session_token_life};
  tx.put(tx.world().key("exec-session/", id), session);
  return api::ExecuteCommandResponse{
      .clusterArn = task->cluster_arn,
      .containerArn = container->arn,
      .containerName = container->name,
      .interactive = true,
      .session = api::Session{.sessionId = id, .streamUrl = ssm::data_channel_url(tx, id), .tokenValue = token},
      .taskArn = task->arn};
}

Outcome<OpenSessionResponse> open_session(Tx& tx, const OpenSessionRequest& request) {
  Key key;
  const ExecSessionRow* known = find_session(tx, request.session_id, key);
  const bool resumed =
      known != nullptr && known->opened_at.set() && ssm::resumes(tx, world_of(key), known->id, request.token);
  if (known == nullptr || known->until <= tx.now() ||
      (!resumed && (known->opened_at.set() || known->token_digest != sha256_hex(request.token))))
    return refuse("AccessDeniedException", "the session's token is wrong, used or expired");
  const World world = world_of(key);
  ExecSessionRow session = *known;
  if (resumed)
    return OpenSessionResponse{.task_arn = session.task_arn, .container = session.container, .resumed = true};
  // AWS's agent does not start a session whose log it could not keep.
  if (session.log && !logs::group_exists(tx, world, session.log->group))
    return refuse("LogGroupNotFound",
                  cat("the log group of the session's output, ", session.log->group, ", does not exist"));
  session.opened_at = tx.now();
  session.until = tx.now() + session_life;
  OpenSessionResponse response {
    .account = world.account, .region = world.region, .caller = session.caller, .task_arn = session.task_arn,
    .container = session.container, .command = session.command, .words = TRY(split_shell_words(session.command))
    , .logged = bool(session.log)
  };
  ssm::let_resume(tx, world, session.id);
  tx.put(key, std::move(session));
  return response;
}

Outcome<CloseSessionResponse> close_session(Tx& tx, const CloseSessionRequest& over) {
  Key key;
  const ExecSessionRow* session = find_session(tx, over.session_id, key);
  if (session == nullptr) return CloseSessionResponse{};
  // A group that was deleted meanwhile loses the lines, as it does for containers.
  list<logs::LogLine> lines;
  for (const SessionLine& each : over.lines) lines.push_back({.at = each.at, .text = each.text});
  if (session->log && !lines.empty())
    static_cast<void>(logs::append(tx, world_of(key), session->log->group, session->log->stream, lines));
  ssm::end_session(tx, world_of(key), over.session_id);
  tx.erase<ExecSessionRow>(key);
  return CloseSessionResponse{};
}

void recover_sessions(Tx& tx) {
  list<Key> open;
  tx.each<ExecSessionRow>("", [&](const Key& key, const ExecSessionRow& row) {
    if (row.opened_at.set()) open.push_back(key);
  });
  for (const Key& key : open) {
    ssm::end_session(tx, world_of(key), tx.find<ExecSessionRow>(key)->id);
    if (tx.find<ExecSessionRow>(key)->log)
      tx.update<ExecSessionRow>(key, [&](ExecSessionRow& row) { row.until = tx.now() + left_life; });
    else
      tx.erase<ExecSessionRow>(key);
  }
}

}  // namespace utakata::ecs
