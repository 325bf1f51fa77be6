#include <doctest/doctest.h>

#include <array>

#include "core/machine.hpp"
#include "services/acm/module.hpp"
#include "services/ec2/module.hpp"
#include "services/ec2/ops.hpp"
#include "services/ecs/cluster_ops.hpp"
#include "services/ecs/inside_ops.hpp"
#include "services/ecs/module.hpp"
#include "services/ecs/protection_ops.hpp"
#include "services/ecs/task_definition_ops.hpp"
#include "services/ecs/task_ops.hpp"
#include "services/elb/module.hpp"
#include "services/logs/module.hpp"
#include "services/secretsmanager/module.hpp"
#include "services/ssm/module.hpp"
#include "services/sts/module.hpp"
#include "services/sts/public.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::ecs;  // NOLINT: a test

namespace {

constexpr std::array<void (*)(Schema&), 8> modules{acm::declare, logs::declare,           ec2::declare, elb::declare,
                                                   ssm::declare, secretsmanager::declare, sts::declare, ecs::declare};

struct Bench {
  Machine machine{7, modules};
  World world{"111122223333", "ap-northeast-1"};
  Instant now = *parse_iso8601("2026-05-06T11:42:34Z");
  Step step = {};

  Bench() {
    machine.step(now, Report(CapacityReport{.cpu_units = 65536, .memory_mib = 65536}));
    REQUIRE(call<create_cluster, api::CreateClusterResponse>(api::CreateClusterRequest{.clusterName = str("c")}));
  }
  template <auto Handler, class Response, class Request>
  Outcome<Response> call(const Request& request) {
    static constexpr Operation made = operation<Handler>("Test");
    Response response;
    step = machine.step(now, ApiCall{.world = world,
                                     .operation = &made,
                                     .input = &request,
                                     .output = &response,
                                     .last_try = false,
                                     .origin = {.caller = {}, .endpoint = {}, .secret = "unguessable"}});
    if (step.fault) return std::unexpected(*step.fault);
    return response;
  }
  str run(const opt<str>& role) {
    api::RegisterTaskDefinitionRequest request;
    request.family = "f";
    request.taskRoleArn = role;
    request.networkMode = "awsvpc";
    request.containerDefinitions = {{.name = str("app"), .image = str("busybox")}};
    request.cpu = str("256");
    request.memory = str("512");
    REQUIRE(call<register_task_definition, api::RegisterTaskDefinitionResponse>(request));
    const auto subnets =
        call<ec2::describe_subnets, ec2::api::DescribeSubnetsResult>(ec2::api::DescribeSubnetsRequest{});
    api::RunTaskRequest run;
    run.cluster = str("c");
    run.launchType = "FARGATE";
    run.networkConfiguration = api::NetworkConfiguration{
        .awsvpcConfiguration = api::AwsVpcConfiguration{.subnets = {*subnets->Subnets->front().SubnetId}}};
    run.taskDefinition = str("f");
    run.tags = list<api::Tag>{{.key = str("team"), .value = str("blue")}};
    const auto ran = call<run_task, api::RunTaskResponse>(run);
    REQUIRE(ran);
    REQUIRE(ran->tasks->size() == 1);
    return *ran->tasks->front().taskArn;
  }
  Outcome<inside::Credentials> credentials(const str& arn) {
    return call<task_credentials, inside::Credentials>(inside::Question{arn});
  }
};

}  // namespace

TEST_CASE("ecs inside: a task's credentials are its role's, stay the same for hours and end with the task") {
  Bench bench;
  const str arn = bench.run(str("worker"));
  const auto first = bench.credentials(arn);
  REQUIRE(first);
  CHECK(first->role_arn == "arn:aws:iam::111122223333:role/worker");
  CHECK(first->access_key.starts_with("ASIA"));
  bench.now = bench.now + hours(4);
  CHECK(bench.credentials(arn)->access_key == first->access_key);
  bench.now = bench.now + minutes(90);
  const auto renewed = bench.credentials(arn);
  CHECK(renewed->access_key != first->access_key);
  CHECK(renewed->expires_at > first->expires_at);
  const auto find = [&](const str& key) {
    return bench.machine.read(bench.now, [&](const Tx& tx) { return sts::find_session(tx, key); });
  };
  CHECK(find(renewed->access_key)->arn ==
        cat("arn:aws:sts::111122223333:assumed-role/worker/", arn.substr(arn.rfind('/') + 1)));
  bench.machine.step(bench.now, Report(TaskReport{.task_arn = arn, .status = "STOPPED"}));
  CHECK(find(renewed->access_key)->expires_at <= bench.now);
  CHECK(bench.credentials(arn).error().code == "InvalidParameterException");
}

TEST_CASE("ecs inside: a task without a role has no credentials, and is told its desired status and tags") {
  Bench bench;
  const str arn = bench.run({});
  CHECK(bench.credentials(arn).error().code == "AccessDeniedException");
  const auto facts = bench.call<task_facts, inside::Facts>(inside::Question{arn});
  REQUIRE(facts);
  CHECK(facts->desired_status == "RUNNING");
  CHECK(facts->tags == dict<str>{{"team", "blue"}});
  CHECK(bench.step.changes.empty());
  bench.world.account = "999999999999";
  CHECK_FALSE(bench.call<task_facts, inside::Facts>(inside::Question{arn}));
}

TEST_CASE("ecs inside: only tasks of services can be protected, each request is held to its limits") {
  Bench bench;
  const str arn = bench.run(str("worker"));
  const auto from_inside = bench.call<task_protection, inside::Protection>(
      inside::ProtectionQuestion{.task_arn = arn, .enable = true, .minutes = {}});
  REQUIRE(from_inside);
  CHECK(from_inside->failure == "TASK_NOT_VALID");
  const auto updated = bench.call<update_task_protection, api::UpdateTaskProtectionResponse>(
      api::UpdateTaskProtectionRequest{.cluster = "c", .tasks = {arn, "none"}, .protectionEnabled = true});
  REQUIRE(updated);
  REQUIRE(updated->failures->size() == 2);
  CHECK(*updated->failures->at(0).reason == "TASK_NOT_VALID");
  CHECK(*updated->failures->at(1).reason == "MISSING");
  CHECK_FALSE(bench.call<update_task_protection, api::UpdateTaskProtectionResponse>(api::UpdateTaskProtectionRequest{
      .cluster = "c", .tasks = {arn}, .protectionEnabled = true, .expiresInMinutes = 2881}));
  CHECK_FALSE(bench.call<update_task_protection, api::UpdateTaskProtectionResponse>(
      api::UpdateTaskProtectionRequest{.cluster = "c", .tasks = list<str>(11, arn), .protectionEnabled = true}));
  CHECK_FALSE(bench.call<get_task_protection, api::GetTaskProtectionResponse>(
      api::GetTaskProtectionRequest{.cluster = "c", .tasks = {}}));
}
