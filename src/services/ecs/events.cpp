#include "services/ecs/events.hpp"

#include "base/json.hpp"
#include "core/facts.hpp"
#include "services/ecs/exec_ops.hpp"
#include "services/ecs/find.hpp"

namespace utakata::ecs {
namespace {

constexpr std::size_t service_events_max = 100;
constexpr Duration repeat_after = hours(6);

void publish(Tx& tx, const World& world, std::string_view detail_type, const str& resource, Json detail) {
  Json event = Json::object();
  event.set("source", "aws.ecs");
  event.set("detail-type", detail_type);
  event.set("resources", Json::array()).push(resource);
  event.set("detail", std::move(detail));
  tx.publish({.kind = facts::event, .key = world.prefix(), .body = event.write()});
}

void set_time(Json& object, std::string_view name, Instant at) {
  if (at.set()) object.set(name, iso8601(at, 3));
}
void set_text(Json& object, std::string_view name, const str& text) {
  if (!text.empty()) object.set(name, text);
}

Json attachment(const TaskRow& task) {
  Json object = Json::object();
  object.set("id", task.attachment_id);
  object.set("type", "eni");
  object.set("status", task.attachment_status);
  Json& details = object.set("details", Json::array());
  const auto detail = [&](std::string_view name, const str& value) {
    Json& pair = details.push(Json::object());
    pair.set("name", name);
    pair.set("value", value);
  };
  detail("subnetId", task.network.subnet_id);
  if (!task.network.interface_id.empty()) {
    detail("networkInterfaceId", task.network.interface_id);
    detail("macAddress", task.network.mac);
    detail("privateDnsName", task.network.host_name);
    detail("privateIPv4Address", task.network.address);
  }
  return object;
}

// The event says `status` where DescribeTasks says lastStatus (facts: ecs.md §11).
Json managed_agent_event(const ContainerRow& row) {
  const ManagedAgentState state = managed_agent(row);
  Json agent = Json::object();
  agent.set("name", "ExecuteCommandAgent");
  agent.set("status", state.status);
  set_text(agent, "reason", state.reason);
  set_time(agent, "startedAt", row.agent_started_at);
  return agent;
}

Json container(const TaskRow& task, const ContainerRow& row) {
  Json object = Json::object();
  object.set("containerArn", row.arn);
  object.set("lastStatus", row.status);
  object.set("name", row.name);
  object.set("image", row.image);
  set_text(object, "imageDigest", row.digest);
  set_text(object, "runtimeId", row.runtime_id);
  object.set("taskArn", task.arn);
  Json& interface = object.set("networkInterfaces", Json::array()).push(Json::object());
  interface.set("attachmentId", task.attachment_id);
  interface.set("privateIpv4Address", task.network.address);
  object.set("cpu", row.cpu);
  set_text(object, "memory", row.memory);
  set_text(object, "memoryReservation", row.memory_reservation);
  if (task.enable_execute_command) object.set("managedAgents", Json::array()).push(managed_agent_event(row));
  if (row.exit_code) object.set("exitCode", *row.exit_code);
  set_text(object, "reason", row.reason);
  return object;
}

Json task_detail(const TaskRow& task, Instant now) {
  Json d = Json::object();
  d.set("attachments", Json::array()).push(attachment(task));
  Json& attribute = d.set("attributes", Json::array()).push(Json::object());
  attribute.set("name", "ecs.cpu-architecture");
  attribute.set("value", "x86_64");
  d.set("availabilityZone", task.availability_zone);
  set_text(d, "capacityProviderName", task.capacity_provider);
  d.set("clusterArn", task.cluster_arn);
  if (task.connectivity_at.set()) d.set("connectivity", "CONNECTED");
  set_time(d, "connectivityAt", task.connectivity_at);
  Json& containers = d.set("containers", Json::array());
  for (const ContainerRow& each : task.containers) containers.push(container(task, each));
  d.set("cpu", cat(task.cpu));
  set_time(d, "createdAt", task.created_at);
  d.set("desiredStatus", task.desired_status);
  d.set("enableExecuteCommand", task.enable_execute_command);
  d.set("ephemeralStorage", Json::object()).set("sizeInGiB", 20);
  set_time(d, "executionStoppedAt", task.execution_stopped_at);
  d.set("group", task.group);
  d.set("launchType", "FARGATE");
  d.set("lastStatus", task.last_status);
  d.set("memory", cat(task.memory_mib));
  Json& overrides = d.set("overrides", Json::object()).set("containerOverrides", Json::array());
  for (const ContainerRow& each : task.containers) overrides.push(Json::object()).set("name", each.name);
  d.set("platformVersion", "1.4.0");
  set_time(d, "pullStartedAt", task.pull_started_at);
  set_time(d, "pullStoppedAt", task.pull_stopped_at);
  set_time(d, "startedAt", task.started_at);
  set_text(d, "startedBy", task.started_by);
  set_time(d, "stoppingAt", task.stopping_at);
  set_time(d, "stoppedAt", task.stopped_at);
  set_text(d, "stopCode", task.stop_code);
  set_text(d, "stoppedReason", task.stopped_reason);
  d.set("taskArn", task.arn);
  d.set("taskDefinitionArn", task.task_definition_arn);
  d.set("updatedAt", iso8601(now, 3));
  d.set("version", task.version);
  return d;
}

}  // namespace

void publish_task(Tx& tx, const World& world, TaskRow& task) {
  publish(tx, world, "ECS Task State Change", task.arn, task_detail(task, tx.now()));
  ++task.version;
}

void publish_service_action(Tx& tx, const World& world, const ServiceRow& service, std::string_view event_type,
                            std::string_view event_name, std::string_view reason, const list<str>& capacity_providers) {
  Json detail = Json::object();
  detail.set("eventType", event_type);
  detail.set("eventName", event_name);
  detail.set("clusterArn", service.cluster_arn);
  if (!capacity_providers.empty()) {
    Json& arns = detail.set("capacityProviderArns", Json::array());
    for (const str& name : capacity_providers) arns.push(arn_of(world, cat("capacity-provider/", name)));
  }
  if (!reason.empty()) detail.set("reason", reason);
  detail.set("createdAt", iso8601(tx.now(), 3));
  publish(tx, world, "ECS Service Action", service.arn, std::move(detail));
}

void publish_deployment(Tx& tx, const World& world, const ServiceRow& service, const DeploymentRow& deployment,
                        std::string_view event_type, std::string_view event_name, const str& reason) {
  Json detail = Json::object();
  detail.set("eventType", event_type);
  detail.set("eventName", event_name);
  detail.set("deploymentId", deployment.id);
  detail.set("updatedAt", iso8601(tx.now(), 3));
  detail.set("reason", reason);
  publish(tx, world, "ECS Deployment State Change", service.arn, std::move(detail));
}

void add_service_event(Tx& tx, ServiceRow& service, const str& text) {
  const str message = cat("(service ", service.name, ") ", text);
  if (!service.events.empty() && *service.events.front().message == message &&
      tx.now() - *service.events.front().createdAt < repeat_after)
    return;
  service.events.insert(service.events.begin(), {.id = tx.uuid(), .createdAt = tx.now(), .message = message});
  if (service.events.size() > service_events_max) service.events.resize(service_events_max);
}

}  // namespace utakata::ecs
