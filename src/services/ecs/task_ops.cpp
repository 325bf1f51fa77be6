#include "services/ecs/task_ops.hpp"

#include <algorithm>

#include "services/ec2/public.hpp"
#include "services/ecs/cluster_ops.hpp"
#include "services/ecs/container_check.hpp"
#include "services/ecs/definition_check.hpp"
#include "services/ecs/errors.hpp"
#include "services/ecs/exec_ops.hpp"
#include "services/ecs/find.hpp"
#include "services/ecs/strategy.hpp"
#include "services/ecs/task_definition_ops.hpp"
#include "services/ecs/task_life.hpp"
#include "services/ecs/view.hpp"
#include "wire/json.hpp"
#include "wire/pagination.hpp"

namespace utakata::ecs {
namespace {

constexpr Duration client_token_life = hours(24);
constexpr std::size_t overrides_max = 8192;  // characters, as JSON

// The same token with the same request gets the same tasks; with another one it is a conflict.
Outcome<const TokenRow*> find_token(Tx& tx, const Key& key, const str& request) {
  const TokenRow* token = tx.find<TokenRow>(key);
  if (token != nullptr && token->request != request)
    return refuse("ConflictException", "The clientToken was used before with other parameters.");
  return token;
}

Outcome<Strategy> strategy_of(const ClusterRow& cluster, const api::RunTaskRequest& request) {
  if (request.launchType && request.capacityProviderStrategy && !request.capacityProviderStrategy->empty())
    return invalid(
        "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.");
  if (request.launchType) {
    if (*request.launchType != "FARGATE")
      return invalid(cat("The launch type ", request.launchType->name(), " is not served yet; use FARGATE."));
    return Strategy{};
  }
  const Strategy strategy =
      request.capacityProviderStrategy ? *request.capacityProviderStrategy : cluster.default_strategy;
  if (strategy.empty())
    return invalid(
        "No Container Instances were found in your cluster. The EC2 launch type is not served yet: name the launch "
        "type FARGATE or a capacity provider strategy.");
  TRY_VOID(check_strategy(cluster, strategy));
  return strategy;
}

Outcome<> check_container_override(const api::ContainerOverride& wanted, api::ContainerDefinition& c,
                                   const HostRow& host) {
  if (wanted.resourceRequirements && !wanted.resourceRequirements->empty())
    return invalid("Tasks using the Fargate launch type do not support resourceRequirements.");
  if (wanted.environmentFiles) TRY_VOID(check_environment_files(*c.name, *wanted.environmentFiles, host));
  TRY_VOID(check_secret_names(c.secrets, wanted.environment));
  if (wanted.cpu) c.cpu = wanted.cpu;
  if (wanted.memory) c.memory = wanted.memory;
  if (wanted.memoryReservation) c.memoryReservation = wanted.memoryReservation;
  return {};
}

Outcome<TaskSize> check_overrides(const Tx& tx, const TaskDefinitionRow& definition,
                                  const opt<api::TaskOverride>& overrides) {
  const TaskSize plain{definition.cpu, definition.memory_mib};
  if (!overrides) return plain;
  if (wire::write_json(*overrides).size() > overrides_max)
    return invalid(cat("Overrides can have at most ", overrides_max, " characters."));
  if (overrides->inferenceAcceleratorOverrides && !overrides->inferenceAcceleratorOverrides->empty())
    return invalid("Tasks using the Fargate launch type do not support inferenceAcceleratorOverrides.");
  TRY_VOID(check_storage(overrides->ephemeralStorage));
  const opt<str> cpu = overrides->cpu ? overrides->cpu : definition.definition.cpu;
  const opt<str> memory = overrides->memory ? overrides->memory : definition.definition.memory;
  const TaskSize size = TRY(fargate_size(cpu, memory));
  list<api::ContainerDefinition> containers = *definition.definition.containerDefinitions;
  if (overrides->containerOverrides)
    for (const auto& each : *overrides->containerOverrides) {
      const auto at = std::ranges::find(containers, each.name, &api::ContainerDefinition::name);
      if (at == containers.end())
        return invalid(
            cat("Override for container named ", each.name.value_or(""), " is not a container in the TaskDefinition."));
      TRY_VOID(check_container_override(each, *at, host_row(tx)));
    }
  TRY_VOID(check_shares(containers, size.cpu, size.memory_mib));
  return size;
}

Outcome<> check_placement(const api::RunTaskRequest& request) {
  if (request.placementConstraints && !request.placementConstraints->empty())
    return invalid("Placement constraints are not supported with FARGATE launch type.");
  if (request.placementStrategy && !request.placementStrategy->empty())
    return invalid("Placement strategies are not supported with FARGATE launch type.");
  if (request.volumeConfigurations && !request.volumeConfigurations->empty())
    return invalid("volumeConfigurations (EBS volumes) are not served.");
  return {};
}

}  // namespace

Outcome<> check_network(Tx& tx, const opt<api::NetworkConfiguration>& network) {
  ec2::ensure_default_vpc(tx, tx.world());
  if (!network || !network->awsvpcConfiguration)
    return invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  const api::AwsVpcConfiguration& config = *network->awsvpcConfiguration;
  if (config.subnets.empty()) return invalid("subnets can not be empty.");
  if (config.subnets.size() > 16) return invalid("subnets can have at most 16 items.");
  str vpc;
  for (const str& id : config.subnets) {
    const auto subnet = ec2::subnet(tx, tx.world(), id);
    if (!subnet)
      return invalid(cat("Error retrieving subnet information for [", id, "]: ", subnet.error().message,
                         " (ErrorCode: ", subnet.error().code, ")"));
    if (!vpc.empty() && subnet->vpc_id != vpc) return invalid("subnets must all belong to the same VPC.");
    vpc = subnet->vpc_id;
  }
  if (config.securityGroups && config.securityGroups->size() > 5)
    return invalid("securityGroups can have at most 5 items.");
  if (config.securityGroups)
    for (const str& id : *config.securityGroups) {
      const auto group = ec2::security_group(tx, tx.world(), id);
      if (!group)
        return invalid(cat("Error retrieving security group information for [", id, "]: ", group.error().message,
                           " (ErrorCode: ", group.error().code, ")"));
      if (group->vpc_id != vpc)
        return invalid(cat("Security group ", id, " does not appear to belong to the same VPC as the input subnets."));
    }
  return {};
}

Outcome<api::RunTaskResponse> run_task(Tx& tx, const api::RunTaskRequest& request) {
  const ClusterRow* cluster = TRY(find_cluster(tx, request.cluster));
  const i32 count = request.count.value_or(1);
  if (count < 1 || count > 10) return invalid("Count must be between 1 and 10.");
  const Key token_key = tx.world().key("token/", cluster->name, "/", request.clientToken.value_or(""));
  const str as_text = request.clientToken ? wire::write_json(request) : str();
  api::RunTaskResponse response{.tasks = list<api::Task>{}, .failures = list<api::Failure>{}};
  if (request.clientToken) {
    const TokenRow* token = TRY(find_token(tx, token_key, as_text));
    if (token != nullptr) {
      for (const Key& key : token->task_keys)
        if (const TaskRow* task = tx.find<TaskRow>(key); task != nullptr) response.tasks->push_back(view(*task, true));
      return response;
    }
  }
  const TaskDefinitionRow* definition = TRY(find_definition(tx, request.taskDefinition));
  if (*definition->definition.status != "ACTIVE") return client_fault("TaskDefinition is inactive");
  if (definition->cpu == 0 ||
      definition->definition.networkMode != decltype(definition->definition.networkMode.value)("awsvpc"))
    return invalid("Task definition does not support launch_type FARGATE.");
  const Strategy strategy = TRY(strategy_of(*cluster, request));
  TRY_VOID(check_network(tx, request.networkConfiguration));
  TRY_VOID(check_placement(request));
  const TaskSize size = TRY(check_overrides(tx, *definition, request.overrides));
  const bool exec = request.enableExecuteCommand.value_or(false);
  if (exec) TRY_VOID(check_exec_role(*definition, request.overrides, "task", "run"));
  CountByProvider counted;
  list<Key> placed;
  for (i32 i = 0; i < count; ++i) {
    const str provider = next_provider(strategy, counted);
    ++counted[provider];
    const bool from_definition = request.propagateTags && *request.propagateTags == "TASK_DEFINITION";
    const auto key = place_task(tx, tx.world(),
                                {.cluster = cluster,
                                 .definition = definition,
                                 .network = &*request.networkConfiguration->awsvpcConfiguration,
                                 .capacity_provider = provider,
                                 .group = request.group.value_or("family:" + definition->family),
                                 .started_by = request.startedBy.value_or(""),
                                 .overrides = request.overrides.value_or(api::TaskOverride{}),
                                 .cpu = size.cpu,
                                 .memory_mib = size.memory_mib,
                                 .tags = request.tags      ? *request.tags
                                         : from_definition ? definition->tags
                                                           : list<api::Tag>{},
                                 .enable_execute_command = exec,
                                 .zone_turn = static_cast<std::size_t>(i) + tx.random("zone") % 16});
    if (key) {
      placed.push_back(*key);
      response.tasks->push_back(view(*tx.find<TaskRow>(*key), true));
    } else if (key.error().code == "CapacityUnavailable") {
      response.failures->push_back({.reason = key.error().message});
    } else {
      return invalid(key.error().message);
    }
  }
  if (request.clientToken && !placed.empty())
    tx.put(token_key, TokenRow{.request = as_text, .task_keys = placed, .until = tx.now() + client_token_life});
  return response;
}

Outcome<api::StopTaskResponse> stop_task_call(Tx& tx, const api::StopTaskRequest& request) {
  const ClusterRow* cluster = TRY(find_cluster(tx, request.cluster));
  const TaskRow* task = find_task(tx, *cluster, request.task);
  if (task == nullptr) return task_not_found();
  const Key key = key_of(tx.world(), *task);
  stop_task(tx, key, "UserInitiated", request.reason.value_or("Task stopped by user"));
  return api::StopTaskResponse{.task = view(*tx.find<TaskRow>(key), true)};
}

Outcome<api::DescribeTasksResponse> describe_tasks(Tx& tx, const api::DescribeTasksRequest& request) {
  const ClusterRow* cluster = TRY(find_cluster(tx, request.cluster));
  if (request.tasks.empty()) return invalid("Tasks cannot be empty.");
  if (request.tasks.size() > 100) return invalid("Tasks cannot have more than 100 elements.");
  api::DescribeTasksResponse response{.tasks = list<api::Task>{}, .failures = list<api::Failure>{}};
  const bool tags = request.include && !request.include->empty();
  for (const str& each : request.tasks) {
    if (const TaskRow* task = find_task(tx, *cluster, each); task != nullptr)
      response.tasks->push_back(view(*task, tags));
    else
      response.failures->push_back(
          {.arn = arn_of(tx.world(), cat("task/", cluster->name, "/", short_name(each))), .reason = str("MISSING")});
  }
  return response;
}

Outcome<api::ListTasksResponse> list_tasks(Tx& tx, const api::ListTasksRequest& request) {
  const ClusterRow* cluster = TRY(find_cluster(tx, request.cluster));
  const str desired(request.desiredStatus ? request.desiredStatus->name() : "RUNNING");
  str service;
  if (request.serviceName) {
    const ServiceRow* row = find_service(tx, *cluster, *request.serviceName);
    if (row == nullptr) return service_not_found();
    service = key_of(tx.world(), *row);
  }
  const std::vector<Key> keys = service.empty() ? tx.where<TaskRow>(TaskRow::by_cluster, cluster->arn)
                                                : tx.where<TaskRow>(TaskRow::by_service, service);
  list<str> arns;
  for (const Key& key : keys) {
    const TaskRow& task = *tx.find<TaskRow>(key);
    const bool wanted = task.desired_status == desired && (!request.family || task.family == *request.family) &&
                        (!request.startedBy || task.started_by == *request.startedBy) &&
                        (!request.launchType || *request.launchType == "FARGATE");
    if (wanted) arns.push_back(task.arn);
  }
  std::ranges::sort(arns);
  auto page = TRY(wire::paginate(
      std::move(arns), [](const str& arn) -> const str& { return arn; }, {.operation = "ListTasks"}, request.nextToken,
      request.maxResults));
  return api::ListTasksResponse{.taskArns = std::move(page.items), .nextToken = page.next};
}

}  // namespace utakata::ecs
