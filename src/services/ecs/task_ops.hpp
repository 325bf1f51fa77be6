#pragma once

#include "services/ecs/state.hpp"

namespace utakata::ecs {

Outcome<api::RunTaskResponse> run_task(Tx&, const api::RunTaskRequest&);
Outcome<api::StopTaskResponse> stop_task_call(Tx&, const api::StopTaskRequest&);
Outcome<api::DescribeTasksResponse> describe_tasks(Tx&, const api::DescribeTasksRequest&);
Outcome<api::ListTasksResponse> list_tasks(Tx&, const api::ListTasksRequest&);

/// Faults for subnets and security groups that do not exist, and for what Fargate needs.
Outcome<> check_network(Tx&, const opt<api::NetworkConfiguration>&);

}  // namespace utakata::ecs
