#include "services/ecs/view.hpp"

#include <algorithm>

#include "services/ecs/exec_ops.hpp"

namespace utakata::ecs {
namespace {

opt<str> text(const str& value) { return value.empty() ? opt<str>() : opt<str>(value); }

api::HealthStatus health_of(const str& name) {
  if (name == "HEALTHY") return "HEALTHY";
  return name == "UNHEALTHY" ? api::HealthStatus("UNHEALTHY") : api::HealthStatus("UNKNOWN");
}

// facts: ecs.md §3.3: one unhealthy essential container makes the task so; else one unknown; else it is healthy.
api::HealthStatus task_health(const TaskRow& task) {
  bool unknown = false;
  for (const ContainerRow& c : task.containers) {
    if (!c.essential) continue;
    if (c.health == "UNHEALTHY") return "UNHEALTHY";
    unknown = unknown || c.health != "HEALTHY";
  }
  return unknown ? api::HealthStatus("UNKNOWN") : api::HealthStatus("HEALTHY");
}

list<api::ManagedAgent> managed_agents(const ContainerRow& row) {
  const ManagedAgentState agent = managed_agent(row);
  return {{.lastStartedAt = if_set(row.agent_started_at),
           .name = "ExecuteCommandAgent",
           .reason = text(agent.reason),
           .lastStatus = agent.status}};
}

api::Container container_view(const TaskRow& task, const ContainerRow& row) {
  api::Container c{.containerArn = row.arn,
                   .taskArn = task.arn,
                   .name = row.name,
                   .image = row.image,
                   .imageDigest = text(row.digest),
                   .runtimeId = text(row.runtime_id),
                   .lastStatus = row.status,
                   .exitCode = row.exit_code,
                   .reason = text(row.reason),
                   .networkBindings = list<api::NetworkBinding>{},
                   .networkInterfaces = list<api::NetworkInterface>{},
                   .healthStatus = health_of(row.health),
                   .cpu = row.cpu,
                   .memory = text(row.memory),
                   .memoryReservation = text(row.memory_reservation)};
  if (task.enable_execute_command) c.managedAgents = managed_agents(row);
  if (!task.network.address.empty())
    c.networkInterfaces->push_back({.attachmentId = task.attachment_id, .privateIpv4Address = task.network.address});
  return c;
}

api::Attachment attachment_view(const TaskRow& task) {
  api::Attachment a{.id = task.attachment_id,
                    .type = str("ElasticNetworkInterface"),
                    .status = task.attachment_status,
                    .details = list<api::KeyValuePair>{}};
  const auto detail = [&](const char* name, const str& value) {
    if (!value.empty()) a.details->push_back({.name = str(name), .value = value});
  };
  detail("subnetId", task.network.subnet_id);
  detail("networkInterfaceId", task.network.interface_id);
  detail("macAddress", task.network.mac);
  detail("privateDnsName", task.network.host_name);
  detail("privateIPv4Address", task.network.address);
  return a;
}

api::StopCode stop_code_of(const str& code) {
  api::StopCode out;
  for (std::uint8_t i = 0; i < std::size(api::StopCode::names); ++i)
    if (api::StopCode::names[i] == code) out.index = i;
  return out;
}

}  // namespace

api::Task view(const TaskRow& task, bool tags) {
  api::Task t{.attachments = list<api::Attachment>{attachment_view(task)},
              .attributes = list<api::Attribute>{{.name = "ecs.cpu-architecture", .value = str("x86_64")}},
              .availabilityZone = task.availability_zone,
              .capacityProviderName = text(task.capacity_provider),
              .clusterArn = task.cluster_arn,
              .connectivityAt = if_set(task.connectivity_at),
              .containers = list<api::Container>{},
              .cpu = cat(task.cpu),
              .createdAt = task.created_at,
              .desiredStatus = task.desired_status,
              .enableExecuteCommand = task.enable_execute_command,
              .executionStoppedAt = if_set(task.execution_stopped_at),
              .group = task.group,
              .healthStatus = task_health(task),
              .lastStatus = task.last_status,
              .launchType = "FARGATE",
              .memory = cat(task.memory_mib),
              .overrides = task.overrides,
              .platformVersion = str("1.4.0"),
              .platformFamily = str("Linux"),
              .pullStartedAt = if_set(task.pull_started_at),
              .pullStoppedAt = if_set(task.pull_stopped_at),
              .startedAt = if_set(task.started_at),
              .startedBy = text(task.started_by),
              .stoppedAt = if_set(task.stopped_at),
              .stoppedReason = text(task.stopped_reason),
              .stoppingAt = if_set(task.stopping_at),
              .tags = tags ? task.tags : list<api::Tag>{},
              .taskArn = task.arn,
              .taskDefinitionArn = task.task_definition_arn,
              .version = task.version,
              .ephemeralStorage = api::EphemeralStorage{task.storage_gib}};
  if (task.connectivity_at.set()) t.connectivity = "CONNECTED";
  if (!task.stop_code.empty()) t.stopCode = stop_code_of(task.stop_code);
  for (const ContainerRow& each : task.containers) t.containers->push_back(container_view(task, each));
  return t;
}

api::Service view(const Tx& tx, const Key& key, const ServiceRow& row, bool tags) {
  api::Service s{.serviceArn = row.arn,
                 .serviceName = row.name,
                 .clusterArn = row.cluster_arn,
                 .loadBalancers = list<api::LoadBalancer>{},
                 .serviceRegistries = row.registries,
                 .status = str(row.status.name()),
                 .desiredCount = row.desired,
                 .runningCount = 0,
                 .pendingCount = 0,
                 .launchType = row.launch_type,
                 .platformVersion = str("LATEST"),
                 .platformFamily = str("Linux"),
                 .deployments = list<api::Deployment>{},
                 .events = row.events,
                 .createdAt = row.created_at,
                 .healthCheckGracePeriodSeconds = row.grace_seconds,
                 .schedulingStrategy = "REPLICA",
                 .deploymentController = api::DeploymentController{.type = "ECS"},
                 .createdBy = cat("arn:aws:iam::", world_of(key).account, ":root"),
                 .enableECSManagedTags = row.managed_tags.value_or(false),
                 .propagateTags = row.propagate ? *row.propagate : api::PropagateTags("NONE"),
                 .enableExecuteCommand = row.enable_execute_command.value_or(false)};
  if (!row.strategy.empty()) s.capacityProviderStrategy = row.strategy;
  if (tags) s.tags = row.tags;
  s.deploymentConfiguration = api::DeploymentConfiguration{
      .maximumPercent = row.maximum_percent, .minimumHealthyPercent = row.minimum_percent, .strategy = "ROLLING"};
  s.deploymentConfiguration->deploymentCircuitBreaker = row.breaker ? *row.breaker : api::DeploymentCircuitBreaker{};
  const std::vector<Key> tasks = tx.where<TaskRow>(TaskRow::by_service, key);
  for (const DeploymentRow& d : row.deployments) {
    api::Deployment out{.id = d.id,
                        .status = str(d.primary ? "PRIMARY" : "ACTIVE"),
                        .taskDefinition = d.task_definition_arn,
                        .desiredCount = d.primary ? row.desired : 0,
                        .pendingCount = 0,
                        .runningCount = 0,
                        .failedTasks = d.failed_tasks,
                        .createdAt = d.created_at,
                        .updatedAt = d.updated_at,
                        .launchType = row.launch_type,
                        .platformVersion = str("1.4.0"),
                        .platformFamily = str("Linux"),
                        .networkConfiguration = d.network,
                        .rolloutStateReason = d.rollout_reason};
    if (d.rollout == "COMPLETED")
      out.rolloutState = "COMPLETED";
    else if (d.rollout == "FAILED")
      out.rolloutState = "FAILED";
    else
      out.rolloutState = "IN_PROGRESS";
    if (!row.strategy.empty()) out.capacityProviderStrategy = row.strategy;
    for (const Key& task_key : tasks) {
      const TaskRow& task = *tx.find<TaskRow>(task_key);
      if (task.deployment_id != d.id || task.desired_status != "RUNNING") continue;
      ++*(task.last_status == "RUNNING" ? out.runningCount : out.pendingCount);
    }
    *s.runningCount += *out.runningCount;
    *s.pendingCount += *out.pendingCount;
    s.deployments->push_back(std::move(out));
  }
  if (!row.deployments.empty()) {
    s.taskDefinition = row.deployments.front().task_definition_arn;
    s.networkConfiguration = row.deployments.front().network;
    s.loadBalancers = row.deployments.front().load_balancers;
  }
  return s;
}

}  // namespace utakata::ecs
