#include <doctest/doctest.h>

#include <array>

#include "core/machine.hpp"
#include "services/acm/module.hpp"
#include "services/ec2/module.hpp"
#include "services/ec2/ops.hpp"
#include "services/ecs/cluster_ops.hpp"
#include "services/ecs/exec_ops.hpp"
#include "services/ecs/module.hpp"
#include "services/ecs/task_definition_ops.hpp"
#include "services/ecs/task_ops.hpp"
#include "services/elb/module.hpp"
#include "services/logs/module.hpp"
#include "services/logs/public.hpp"
#include "services/secretsmanager/module.hpp"
#include "services/ssm/module.hpp"
#include "services/ssm/ops.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::ecs;  // NOLINT: a test

namespace {

struct MakeGroupRequest {
  str name;
};
struct MakeGroupResponse {};
Outcome<MakeGroupResponse> make_group(Tx& tx, const MakeGroupRequest& request) {
  logs::ensure_group(tx, tx.world(), request.name);
  return MakeGroupResponse{};
}

constexpr std::array<void (*)(Schema&), 7> modules{acm::declare, logs::declare,           ec2::declare, elb::declare,
                                                   ssm::declare, secretsmanager::declare, ecs::declare};

// A cluster with a task of two containers.
struct Bench {
  Machine machine{7, modules};
  World world{"111122223333", "ap-northeast-1"};
  Instant now{seconds(1000).ns};
  Origin origin{.caller = "AKIA", .endpoint = "127.0.0.1:4566", .secret = "s1"};
  str task;

  Bench() {
    machine.step(now, Report(CapacityReport{.cpu_units = 65536, .memory_mib = 65536}));
    REQUIRE(call<create_cluster, api::CreateClusterResponse>(api::CreateClusterRequest{.clusterName = str("c")}));
  }
  template <auto Handler, class Response, class Request>
  Outcome<Response> call(const Request& request) {
    static constexpr Operation made = operation<Handler>("Test");
    Response response;
    Step step = machine.step(now, ApiCall{world, &made, &request, &response, false, origin});
    if (step.fault) return std::unexpected(*step.fault);
    return response;
  }
  Outcome<api::RunTaskResponse> run(bool enabled, const str& role, bool read_only = false) {
    api::ContainerDefinition app{.name = str("app"), .image = str("busybox")};
    if (read_only) app.readonlyRootFilesystem = true;
    const api::ContainerDefinition side{.name = str("side"), .image = str("busybox")};
    api::RegisterTaskDefinitionRequest definition{.family = "f", .networkMode = "awsvpc", .cpu = str("256")};
    definition.containerDefinitions = {app, side};
    definition.memory = str("512");
    if (!role.empty()) definition.taskRoleArn = role;
    const auto made = call<register_task_definition, api::RegisterTaskDefinitionResponse>(definition);
    REQUIRE_MESSAGE(made, (made ? str() : made.error().message));
    const auto subnets =
        call<ec2::describe_subnets, ec2::api::DescribeSubnetsResult>(ec2::api::DescribeSubnetsRequest{});
    REQUIRE(subnets);
    api::RunTaskRequest request{.cluster = str("c"), .enableExecuteCommand = enabled, .launchType = "FARGATE"};
    request.networkConfiguration = api::NetworkConfiguration{
        .awsvpcConfiguration = api::AwsVpcConfiguration{.subnets = {*subnets->Subnets->front().SubnetId}}};
    request.taskDefinition = "f";
    auto answer = call<run_task, api::RunTaskResponse>(request);
    if (answer) task = *answer->tasks->front().taskArn;
    return answer;
  }
  void report(std::string_view app) {
    TaskReport report{.task_arn = task, .status = "RUNNING"};
    ContainerState first{.name = "app", .status = "RUNNING"};
    if (app == "STOPPED") first.status = "STOPPED";
    if (app == "PENDING") first.status = "PENDING";
    report.containers = {first, {.name = "side", .status = "RUNNING"}};
    machine.step(now, Report(report));
  }
  Outcome<api::ExecuteCommandResponse> exec(const str& command = "sh", const opt<str>& container = str("app"),
                                            bool interactive = true) {
    return call<execute_command, api::ExecuteCommandResponse>(api::ExecuteCommandRequest{
        .cluster = str("c"), .container = container, .command = command, .interactive = interactive, .task = task});
  }
  str refusal(const str& command = "sh", const opt<str>& container = str("app"), bool interactive = true) {
    const auto answer = exec(command, container, interactive);
    return answer ? str("accepted") : cat(answer.error().code, ": ", answer.error().message);
  }
  Outcome<OpenSessionResponse> open(const str& id, const str& token) {
    return call<open_session, OpenSessionResponse>(OpenSessionRequest{id, token});
  }
  api::ManagedAgent agent() {
    const auto tasks = call<describe_tasks, api::DescribeTasksResponse>(
        api::DescribeTasksRequest{.cluster = str("c"), .tasks = {task}});
    return tasks->tasks->front().containers->front().managedAgents->front();
  }
  list<str> sessions() {
    return machine.read(now, [](const Tx& tx) {
      list<str> ids;
      tx.each<ExecSessionRow>("", [&](const Key&, const ExecSessionRow& row) { ids.push_back(row.id); });
      return ids;
    });
  }
};

const str role = "arn:aws:iam::111122223333:role/task";

}  // namespace

TEST_CASE("ecs exec: a session is given for a running container of a task that was run with it") {
  Bench bench;
  REQUIRE(bench.run(true, role));
  CHECK(bench.agent().lastStatus == str("PENDING"));
  CHECK(
      bench.refusal().contains("execute command was not enabled when the task was run or the execute command agent "
                               "isn\u2019t running"));
  bench.report("RUNNING");
  CHECK(bench.agent().lastStatus == str("RUNNING"));
  CHECK(bench.agent().lastStartedAt == bench.now);
  const auto answer = bench.exec("sh -c 'echo hi'");
  REQUIRE(answer);
  const api::Session session = *answer->session;
  CHECK(session.sessionId->starts_with("ecs-execute-command-"));
  CHECK(session.sessionId->size() == 37);
  CHECK(*session.streamUrl ==
        cat("ws://127.0.0.1:4566/v1/data-channel/", *session.sessionId, "?role=publish_subscribe"));
  CHECK(answer->containerName == str("app"));
  const auto opened = bench.open(*session.sessionId, *session.tokenValue);
  REQUIRE(opened);
  CHECK(opened->words == list<str>{"sh", "-c", "echo hi"});
  CHECK(opened->caller == "AKIA");
  CHECK(opened->task_arn == bench.task);
}

TEST_CASE("ecs exec: an open session is resumed by a token of ResumeSession, once, until it ends") {
  Bench bench;
  REQUIRE(bench.run(true, role));
  bench.report("RUNNING");
  const api::Session session = *bench.exec()->session;
  const str id = *session.sessionId;
  const auto resume = [&] {
    return bench.call<ssm::resume_session, ssm::api::ResumeSessionResponse>(
        ssm::api::ResumeSessionRequest{.SessionId = id});
  };
  CHECK(resume().error().code == "DoesNotExistException");  // nobody has opened it
  REQUIRE(bench.open(id, *session.tokenValue));
  CHECK_FALSE(bench.open(id, *session.tokenValue));
  const auto first = resume();
  const auto second = resume();
  REQUIRE(second);
  CHECK(*second->StreamUrl == *session.streamUrl);
  CHECK_FALSE(bench.open(id, *first->TokenValue));
  const auto opened = bench.open(id, *second->TokenValue);
  REQUIRE(opened);
  CHECK(opened->resumed);
  CHECK_FALSE(bench.open(id, *second->TokenValue));
  const auto late = resume();
  bench.now = bench.now + minutes(1);
  CHECK_FALSE(bench.open(id, *late->TokenValue));
  const auto last = resume();
  bench.call<close_session, CloseSessionResponse>(CloseSessionRequest{.session_id = id});
  CHECK_FALSE(bench.open(id, *last->TokenValue));
  CHECK(resume().error().code == "DoesNotExistException");
}

TEST_CASE("ecs exec: refusals are AWS's") {
  Bench bench;
  CHECK(bench.run(true, "").error().message.contains("a valid taskRoleArn is not being used"));
  REQUIRE(bench.run(false, ""));
  bench.report("RUNNING");
  CHECK(bench.refusal().starts_with("InvalidParameterException: The execute command failed because"));
  REQUIRE(bench.run(true, role));
  bench.report("RUNNING");
  CHECK(bench.refusal("sh", str("app"), false) ==
        "InvalidParameterException: Interactive is the only mode supported currently.");
  CHECK(bench.refusal("sh", str("nobody")).contains("The container nobody was not found"));
  CHECK(bench.refusal("sh", {}).contains("a container name must be specified"));
  CHECK(bench.refusal(" ").contains("command cannot be empty"));
  CHECK(bench.refusal("echo 'x").contains("command is malformed"));
  CHECK(bench.refusal(str(8193, 'x')).contains("command can have at most 8192"));
  CHECK(bench.refusal() == "accepted");
  bench.report("STOPPED");
  CHECK(bench.refusal().contains("the execute command agent"));
  bench.task = "0123456789";
  CHECK(bench.refusal().contains("The referenced task was not found."));
}

TEST_CASE("ecs exec: AWS's agent cannot run where the root file system is read-only") {
  Bench bench;
  REQUIRE(bench.run(true, role, true));
  bench.report("RUNNING");
  CHECK(bench.agent().lastStatus == str("STOPPED"));
  CHECK(bench.refusal() ==
        "TargetNotConnectedException: The execute command failed due to an internal error. Try again later.");
  CHECK(bench.refusal("sh", str("side")) == "accepted");
}

TEST_CASE("ecs exec: a token opens its session once and for a minute, and cannot be told from what was seen") {
  Bench bench;
  REQUIRE(bench.run(true, role));
  bench.report("RUNNING");
  const api::Session session = *bench.exec()->session;
  const auto refused = [&](const str& id, const str& token) {
    const auto opened = bench.open(id, token);
    return !opened && opened.error().code == "AccessDeniedException";
  };
  CHECK(refused(*session.sessionId, "wrong"));
  CHECK(refused(*session.sessionId, ""));
  CHECK(refused("ecs-execute-command-0", *session.tokenValue));
  CHECK(bench.open(*session.sessionId, *session.tokenValue));
  CHECK(refused(*session.sessionId, *session.tokenValue));
  const api::Session late = *bench.exec()->session;
  CHECK(refused(*late.sessionId, *session.tokenValue));
  bench.now = bench.now + minutes(1);
  CHECK(refused(*late.sessionId, *late.tokenValue));
  bench.machine.step(bench.now, Tick{});
  CHECK(bench.sessions() == list<str>{*session.sessionId});  // the open one
  bench.machine.step(bench.now, Recovered{});
  CHECK(bench.sessions().empty());
  // The same history with another secret of the shell gives another token.
  Bench twin;
  twin.origin.secret = "s2";
  REQUIRE(twin.run(true, role));
  twin.report("RUNNING");
  const api::Session other = *twin.exec()->session;
  CHECK(other.sessionId == session.sessionId);
  CHECK_FALSE(other.tokenValue == session.tokenValue);
}

TEST_CASE("ecs exec: what a session said goes where the cluster's configuration says, once") {
  Bench bench;
  api::ExecuteCommandConfiguration exec;
  exec.logging = "OVERRIDE";
  const auto configure = [&] {
    return bench.call<update_cluster, api::UpdateClusterResponse>(api::UpdateClusterRequest{
        .cluster = "c", .configuration = api::ClusterConfiguration{.executeCommandConfiguration = exec}});
  };
  CHECK(configure().error().message.contains("logConfiguration is required"));
  exec.logConfiguration = api::ExecuteCommandLogConfiguration{.cloudWatchLogGroupName = str("/exec")};
  const auto configured = configure();
  REQUIRE(configured);
  CHECK(configured->cluster->configuration->executeCommandConfiguration->logging->name() == "OVERRIDE");
  REQUIRE(bench.run(true, role));
  bench.report("RUNNING");
  api::Session session = *bench.exec()->session;
  CHECK(bench.open(*session.sessionId, *session.tokenValue).error().message.contains("/exec, does not exist"));
  REQUIRE(bench.call<make_group, MakeGroupResponse>(MakeGroupRequest{"/exec"}));
  const auto opened = bench.open(*session.sessionId, *session.tokenValue);
  REQUIRE(opened);
  CHECK(opened->logged);
  // A daemon that was killed left it: the next one brings its lines, or it is forgotten.
  bench.machine.step(bench.now, Recovered{});
  CHECK(bench.sessions().size() == 1);
  CHECK_FALSE(bench.open(*session.sessionId, *session.tokenValue));
  const CloseSessionRequest over{.session_id = *session.sessionId, .lines = {{.at = bench.now, .text = "hello"}}};
  const auto steps_to = [&] {
    static constexpr Operation close = operation<close_session>("Test");
    CloseSessionResponse response;
    return bench.machine.step(bench.now, ApiCall{bench.world, &close, &over, &response, false}).changes;
  };
  CHECK_FALSE(steps_to().empty());
  CHECK(bench.sessions().empty());
  CHECK(steps_to().empty());  // repeated
  session = *bench.exec()->session;
  REQUIRE(bench.open(*session.sessionId, *session.tokenValue));
  bench.machine.step(bench.now, Recovered{});
  bench.now = bench.now + minutes(1);
  bench.machine.step(bench.now, Tick{});
  CHECK(bench.sessions().empty());
}

TEST_CASE("ecs exec: a container has a bounded number of sessions") {
  Bench bench;
  REQUIRE(bench.run(true, role));
  bench.report("RUNNING");
  for (int i = 0; i < 1000; ++i) REQUIRE(bench.exec());
  CHECK(bench.refusal().contains("which is the most it can have"));
  CHECK(bench.refusal("sh", str("side")) == "accepted");
}
