#include "services/ecs/control_ops.hpp"

#include <doctest/doctest.h>

#include <array>

#include "core/machine.hpp"
#include "services/acm/module.hpp"
#include "services/ec2/module.hpp"
#include "services/ec2/ops.hpp"
#include "services/ecs/cluster_ops.hpp"
#include "services/ecs/module.hpp"
#include "services/ecs/task_definition_ops.hpp"
#include "services/ecs/task_ops.hpp"
#include "services/elb/module.hpp"
#include "services/logs/module.hpp"
#include "services/secretsmanager/module.hpp"
#include "services/ssm/module.hpp"
#include "services/sts/module.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::ecs;  // NOLINT: a test

namespace {

constexpr std::array<void (*)(Schema&), 8> modules{acm::declare, logs::declare,           ec2::declare, elb::declare,
                                                   ssm::declare, secretsmanager::declare, sts::declare, ecs::declare};

struct Bench {
  Machine machine{7, modules};
  World world{"111122223333", "ap-northeast-1"};
  Instant now{1};

  Bench() { tell(CapacityReport{.cpu_units = 65536, .memory_mib = 65536}); }
  void tell(const Report& report) { machine.step(now, report); }
  template <auto Handler, class Response, class Request>
  Response call(const Request& request) {
    static constexpr Operation made = operation<Handler>("Test");
    Response response;
    const Step step = machine.step(now, ApiCall{world, &made, &request, &response, false});
    REQUIRE_MESSAGE(!step.fault, (step.fault ? step.fault->message : str()));
    return response;
  }
  void begin_world() {
    const list<str> providers{"FARGATE", "FARGATE_SPOT"};
    call<create_cluster, api::CreateClusterResponse>(
        api::CreateClusterRequest{.clusterName = str("c"), .capacityProviders = providers});
    call<register_task_definition, api::RegisterTaskDefinitionResponse>(
        api::RegisterTaskDefinitionRequest{.family = "f",
                                           .networkMode = "awsvpc",
                                           .containerDefinitions = {{.name = str("app"), .image = str("busybox")}},
                                           .cpu = str("256"),
                                           .memory = str("512")});
  }
  api::RunTaskResponse try_to_run(const str& provider) {
    const auto subnets =
        call<ec2::describe_subnets, ec2::api::DescribeSubnetsResult>(ec2::api::DescribeSubnetsRequest{});
    api::RunTaskRequest run;
    run.capacityProviderStrategy = list<api::CapacityProviderStrategyItem>{{.capacityProvider = provider, .weight = 1}};
    run.cluster = str("c");
    run.networkConfiguration = api::NetworkConfiguration{
        .awsvpcConfiguration = api::AwsVpcConfiguration{.subnets = {*subnets.Subnets->front().SubnetId}}};
    run.taskDefinition = str("f");
    return call<run_task, api::RunTaskResponse>(run);
  }
  str run(const str& provider) { return *try_to_run(provider).tasks->front().taskArn; }
  bool refused(const str& provider) { return try_to_run(provider).failures->size() == 1; }
  list<api::SpotTask> spot_tasks() {
    return call<describe_capacity, api::DescribeCapacityResponse>(api::DescribeCapacityRequest{}).spotTasks;
  }
  api::Task task(const str& arn) {
    return call<describe_tasks, api::DescribeTasksResponse>(
               api::DescribeTasksRequest{.cluster = str("c"), .tasks = {arn}})
        .tasks->front();
  }
};

}  // namespace

TEST_CASE("ecs control: the Spot tasks that are named are the caller's own") {
  Bench bench;
  bench.begin_world();
  bench.run("FARGATE");
  const str spot = bench.run("FARGATE_SPOT");
  REQUIRE(bench.spot_tasks().size() == 1);
  CHECK(bench.spot_tasks().front().taskArn == spot);
  CHECK(bench.spot_tasks().front().group == "family:f");
  bench.world.region = "eu-west-1";
  bench.begin_world();
  CHECK(bench.spot_tasks().empty());
}

TEST_CASE("ecs control: a full pool says what was asked for and what there was, and what Spot gave back") {
  Bench bench;
  bench.begin_world();
  bench.tell(CapacityReport{.cpu_units = 512, .memory_mib = 1024});
  const auto capacity = [&] {
    return bench.call<describe_capacity, api::DescribeCapacityResponse>(api::DescribeCapacityRequest{});
  };
  bench.run("FARGATE");
  const str spot = bench.run("FARGATE_SPOT");
  CHECK_FALSE(capacity().lastRefusal);
  CHECK(bench.refused("FARGATE_SPOT"));
  REQUIRE(capacity().lastRefusal);
  CHECK(capacity().lastRefusal->provider == "FARGATE_SPOT");
  CHECK(capacity().lastRefusal->memoryMiB == 512);
  CHECK(capacity().lastRefusal->roomMemoryMiB == 0);
  CHECK_FALSE(capacity().lastSqueeze);
  CHECK(bench.task(spot).desiredStatus == str("RUNNING"));
  CHECK(bench.refused("FARGATE"));  // it comes again once Spot has left
  CHECK(capacity().lastRefusal->provider == "FARGATE");
  REQUIRE(capacity().lastSqueeze);
  CHECK(capacity().lastSqueeze->cpu == 256);
  CHECK(bench.task(spot).stopCode->name() == "SpotInterruption");
}

TEST_CASE("ecs inventory: tasks that are gone ended with the host, or with the platform when it says so") {
  for (const bool by_platform : {false, true}) {
    Bench bench;
    bench.begin_world();
    const str arn = bench.run("FARGATE");
    bench.tell(TaskReport{.task_arn = arn, .status = "RUNNING"});
    REQUIRE(bench.task(arn).lastStatus == str("RUNNING"));
    bench.tell(InventoryReport{.stopped_by_platform = by_platform});
    CHECK(bench.task(arn).lastStatus == str("STOPPED"));
    CHECK(bench.task(arn).stoppedReason == str(by_platform ? "The platform was stopped" : "Host was restarted"));
  }
}

TEST_CASE("ecs: a task's execution has not stopped later than the task, whenever its host's report arrives") {
  Bench bench;
  bench.begin_world();
  bench.now = Instant{} + seconds(100);
  const str arn = bench.run("FARGATE");
  bench.tell(TaskReport{.task_arn = arn, .status = "RUNNING"});
  bench.now = bench.now + seconds(10);
  bench.tell(TaskReport{.task_arn = arn, .status = "STOPPED", .stopped_at = bench.now - milliseconds(16)});
  const api::Task stopped = bench.task(arn);
  CHECK(stopped.lastStatus == str("STOPPED"));
  CHECK(*stopped.stoppedAt >= *stopped.executionStoppedAt);
  CHECK(*stopped.executionStoppedAt >= *stopped.stoppingAt);
}
