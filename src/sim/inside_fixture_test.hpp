#pragma once

#include <doctest/doctest.h>

#include "ports/task_desk_contract.hpp"
#include "services/ec2/ops.hpp"
#include "services/ecs/cluster_ops.hpp"
#include "services/ecs/service_ops.hpp"
#include "services/ecs/task_definition_ops.hpp"
#include "services/ecs/task_ops.hpp"

// The tasks of the contract of TaskDesk, on whatever makes calls by call<handler, Response>(request).
namespace utakata::ports::test {

namespace task_desk {

template <class Caller>
ecs::api::NetworkConfiguration network_of(Caller& caller) {
  const auto subnets =
      caller.template call<ec2::describe_subnets, ec2::api::DescribeSubnetsResult>(ec2::api::DescribeSubnetsRequest{});
  REQUIRE(subnets);
  return {.awsvpcConfiguration = ecs::api::AwsVpcConfiguration{.subnets = {*subnets->Subnets->front().SubnetId}}};
}

template <class Caller>
void define(Caller& caller, const str& family, const opt<str>& role) {
  ecs::api::RegisterTaskDefinitionRequest request{.family = family, .networkMode = "awsvpc", .cpu = str("256")};
  request.taskRoleArn = role;
  request.containerDefinitions = {{.name = str("app"), .image = str("app")}};
  request.memory = str("512");
  REQUIRE(caller.template call<ecs::register_task_definition, ecs::api::RegisterTaskDefinitionResponse>(request));
}

}  // namespace task_desk

template <class Caller>
void make_tasks(Caller& caller, DeskHost& host) {
  namespace api = ecs::api;
  REQUIRE(caller.template call<ecs::create_cluster, api::CreateClusterResponse>(
      api::CreateClusterRequest{.clusterName = str("c")}));
  task_desk::define(caller, "plain", {});
  task_desk::define(caller, "worker", str("worker"));
  api::RunTaskRequest run{.cluster = str("c"), .launchType = "FARGATE"};
  run.networkConfiguration = task_desk::network_of(caller);
  run.taskDefinition = "plain";
  run.tags = list<api::Tag>{{.key = str("team"), .value = str("blue")}};
  const auto ran = caller.template call<ecs::run_task, api::RunTaskResponse>(run);
  REQUIRE(ran);
  host.alone = *ran->tasks->at(0).taskArn;
  api::CreateServiceRequest service{.cluster = str("c"), .desiredCount = 1, .launchType = "FARGATE"};
  service.serviceName = "s";
  service.taskDefinition = str("worker");
  service.networkConfiguration = run.networkConfiguration;
  REQUIRE(caller.template call<ecs::create_service, api::CreateServiceResponse>(service));
  const auto tasks = caller.template call<ecs::list_tasks, api::ListTasksResponse>(
      api::ListTasksRequest{.cluster = str("c"), .serviceName = str("s")});
  REQUIRE(tasks);
  REQUIRE(tasks->taskArns->size() == 1);
  host.of_service = tasks->taskArns->at(0);
}

}  // namespace utakata::ports::test
