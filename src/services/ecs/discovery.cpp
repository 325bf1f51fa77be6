#include "services/ecs/discovery.hpp"

#include "services/ecs/errors.hpp"
#include "services/servicediscovery/public.hpp"

namespace utakata::ecs {

Outcome<> check_registries(const Tx& tx, const list<api::ServiceRegistry>& registries) {
  if (registries.size() > 1) return invalid("serviceRegistries can have at most 1 item.");
  for (const api::ServiceRegistry& each : registries) {
    const auto registry = servicediscovery::registry(tx, tx.world(), each.registryArn.value_or(""));
    if (!registry)
      return invalid(cat("serviceRegistries: the registry ", each.registryArn.value_or(""), " does not exist."));
    if (registry->has_srv && !each.port && !each.containerPort)
      return invalid(
          "serviceRegistries: a registry with SRV records needs a port or a containerName and containerPort.");
  }
  return {};
}

list<RegistryRow> registries_of(const list<api::ServiceRegistry>& registries) {
  list<RegistryRow> rows;
  for (const api::ServiceRegistry& each : registries) {
    RegistryRow& row = rows.emplace_back(RegistryRow{.arn = each.registryArn.value_or("")});
    row.port = each.containerPort ? each.containerPort : each.port;
  }
  return rows;
}

void enter_registries(Tx& tx, const World& world, TaskRow& task) {
  if (task.discovered || task.registries.empty()) return;
  task.discovered = true;
  for (const RegistryRow& each : task.registries) {
    dict<str> attributes{{"AWS_INSTANCE_IPV4", task.network.address},
                         {"AVAILABILITY_ZONE", task.availability_zone},
                         {"REGION", world.region},
                         {"ECS_CLUSTER_NAME", task.cluster_name},
                         {"ECS_SERVICE_NAME", task.group.substr(task.group.find(':') + 1)},
                         {"ECS_TASK_DEFINITION_FAMILY", task.family}};
    if (each.port) attributes["AWS_INSTANCE_PORT"] = cat(*each.port);
    servicediscovery::enter(tx, world, each.arn, task.id, attributes);
  }
}

void leave_registries(Tx& tx, const World& world, TaskRow& task) {
  if (!task.discovered) return;
  task.discovered = false;
  for (const RegistryRow& each : task.registries) servicediscovery::leave(tx, world, each.arn, task.id);
}

}  // namespace utakata::ecs
