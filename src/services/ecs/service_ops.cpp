#include "services/ecs/service_ops.hpp"
#include "services/ecs/discovery.hpp"

#include <algorithm>
#include <functional>

#include "services/ecs/cluster_ops.hpp"
#include "services/ecs/errors.hpp"
#include "services/ecs/exec_ops.hpp"
#include "services/ecs/find.hpp"
#include "services/ecs/service_reconcile.hpp"
#include "services/ecs/task_ops.hpp"
#include "services/ecs/view.hpp"
#include "services/elb/public.hpp"
#include "wire/pagination.hpp"

namespace utakata::ecs {
namespace {

Outcome<const TaskDefinitionRow*> usable_definition(Tx& tx, const str& text) {
  const TaskDefinitionRow* definition = TRY(find_definition(tx, text));
  if (*definition->definition.status != "ACTIVE") return client_fault("TaskDefinition is inactive");
  if (definition->cpu == 0 ||
      definition->definition.networkMode != decltype(definition->definition.networkMode.value)("awsvpc"))
    return invalid("Task definition does not support launch_type FARGATE.");
  return definition;
}

Outcome<> check_load_balancers(Tx& tx, const list<api::LoadBalancer>& balancers, const TaskDefinitionRow& definition) {
  if (balancers.size() > 5) return invalid("load balancers can have at most 5 items.");
  for (const api::LoadBalancer& each : balancers) {
    if (each.loadBalancerName) return invalid("Classic load balancers are not served; name a targetGroupArn.");
    if (!each.targetGroupArn || !each.containerName || !each.containerPort)
      return invalid("loadBalancers: targetGroupArn, containerName and containerPort are required.");
    const auto group = elb::target_group(tx, tx.world(), *each.targetGroupArn);
    if (!group) return invalid(cat("The target group with targetGroupArn ", *each.targetGroupArn, " does not exist."));
    if (!group->has_load_balancer)
      return invalid(cat("The target group with targetGroupArn ", *each.targetGroupArn,
                         " does not have an associated load balancer."));
    if (group->target_type != "ip")
      return invalid(cat("The provided target group ", *each.targetGroupArn, " has target type ", group->target_type,
                         ", which is incompatible with the awsvpc network mode specified in the task definition."));
    const auto& containers = *definition.definition.containerDefinitions;
    const auto container = std::ranges::find(containers, each.containerName, &api::ContainerDefinition::name);
    if (container == containers.end())
      return invalid(cat("The container ", *each.containerName, " does not exist in the task definition."));
    const auto mappings = container->portMappings.value_or(list<api::PortMapping>{});
    const auto serves = [&](const api::PortMapping& mapping) {
      const std::string_view protocol = mapping.protocol ? mapping.protocol->name() : "tcp";
      const bool fits = group->protocol == "TCP_UDP" || (group->protocol == "UDP") == (protocol == "udp");
      return mapping.containerPort == each.containerPort && fits;
    };
    if (std::ranges::none_of(mappings, serves))
      return invalid(cat("The container ", *each.containerName, " did not have a container port ", *each.containerPort,
                         " defined."));
  }
  return {};
}

Outcome<> take_configuration(ServiceRow& service, const opt<api::DeploymentConfiguration>& configuration) {
  if (!configuration) return {};
  if (configuration->strategy && *configuration->strategy != "ROLLING")
    return invalid(
        cat("deploymentConfiguration.strategy ", configuration->strategy->name(), " is not served yet; use ROLLING."));
  service.minimum_percent = configuration->minimumHealthyPercent.value_or(service.minimum_percent);
  service.maximum_percent = configuration->maximumPercent.value_or(service.maximum_percent);
  if (configuration->deploymentCircuitBreaker) service.breaker = *configuration->deploymentCircuitBreaker;
  if (service.minimum_percent < 0) return invalid("minimumHealthyPercent must be 0 or greater.");
  if (service.maximum_percent < 1) return invalid("maximumPercent must be greater than 0.");
  if (service.minimum_percent >= 100 && service.maximum_percent <= 100 &&
      service.minimum_percent >= service.maximum_percent)
    return invalid("Deployment configuration minimumHealthyPercent must be less than maximumPercent.");
  return {};
}

Outcome<> check_count(i32 count) {
  if (count < 0 || count > 5000) return invalid("desiredCount must be between 0 and 5000.");
  return {};
}

Outcome<ServiceRow> active_service(Tx& tx, const opt<str>& cluster_name, const str& name) {
  const ClusterRow* cluster = TRY(find_cluster(tx, cluster_name));
  const ServiceRow* row = find_service(tx, *cluster, name);
  if (row == nullptr) return service_not_found();
  if (row->status != "ACTIVE") return service_not_active();
  return *row;
}

// Rows that carry tags, by their ARN's kind.
Outcome<> change_tags(Tx& tx, const str& arn, const std::function<void(list<api::Tag>&)>& change) {
  // arn:aws:ecs:REGION:ACCOUNT:RESOURCE
  std::string_view resource = arn;
  for (int i = 0; i < 5 && resource.contains(':'); ++i) resource.remove_prefix(resource.find(':') + 1);
  if (!arn.starts_with("arn:aws:ecs:") || resource.empty()) return invalid("The ARN provided is invalid.");
  const World& world = tx.world();
  const auto pieces = split(resource, '/');
  const auto updated = [&]<class Row>(Row*, const Key& key) {
    return tx.update<Row>(key, [&](Row& row) { change(row.tags); });
  };
  if (pieces[0] == "cluster" && pieces.size() == 2 &&
      updated(static_cast<ClusterRow*>(nullptr), cluster_key(world, pieces[1])))
    return {};
  if (pieces[0] == "service" && pieces.size() == 3 &&
      updated(static_cast<ServiceRow*>(nullptr), service_key(world, pieces[1], pieces[2])))
    return {};
  if (pieces[0] == "task" && pieces.size() == 3 &&
      updated(static_cast<TaskRow*>(nullptr), task_key(world, pieces[1], pieces[2])))
    return {};
  if (pieces[0] == "task-definition") {
    const TaskDefinitionRow* row = TRY(find_definition(tx, resource));
    if (updated(static_cast<TaskDefinitionRow*>(nullptr), definition_key(world, row->family, row->revision))) return {};
  }
  return invalid("The specified resource was not found. Specify a valid ARN and try again.");
}

}  // namespace

Outcome<api::CreateServiceResponse> create_service(Tx& tx, const api::CreateServiceRequest& request) {
  const ClusterRow* cluster = TRY(find_cluster(tx, request.cluster));
  const Key key = service_key(tx.world(), cluster->name, request.serviceName);
  if (const ServiceRow* known = tx.find<ServiceRow>(key); known != nullptr && known->status != "INACTIVE") {
    if (request.clientToken && known->client_token == *request.clientToken)
      return api::CreateServiceResponse{.service = view(tx, key, *known, true)};
    return invalid("Creation of service was not idempotent.");
  }
  if (request.serviceName.empty() || request.serviceName.find('/') != str::npos)
    return invalid("serviceName must have up to 255 letters, numbers, underscores and hyphens.");
  if (request.schedulingStrategy && *request.schedulingStrategy != "REPLICA")
    return invalid("The scheduling strategy DAEMON is not supported with the FARGATE launch type.");
  if (request.deploymentController && request.deploymentController->type != "ECS")
    return invalid(
        cat("The deployment controller ", request.deploymentController->type.name(), " is not served yet; use ECS."));
  if (!request.taskDefinition) return invalid("TaskDefinition cannot be empty.");
  const TaskDefinitionRow* definition = TRY(usable_definition(tx, *request.taskDefinition));
  ServiceRow service{.arn = arn_of(tx.world(), cat("service/", cluster->name, "/", request.serviceName)),
                     .name = request.serviceName,
                     .cluster_arn = cluster->arn,
                     .cluster_name = cluster->name,
                     .desired = request.desiredCount.value_or(1),
                     .grace_seconds = request.healthCheckGracePeriodSeconds.value_or(0),
                     .tags = request.tags.value_or(list<api::Tag>{}),
                     .propagate = request.propagateTags,
                     .client_token = request.clientToken.value_or(""),
                     .created_at = tx.now()};
  TRY_VOID(check_count(service.desired));
  if (request.launchType && request.capacityProviderStrategy && !request.capacityProviderStrategy->empty())
    return invalid(
        "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.");
  if (request.launchType && *request.launchType != "FARGATE")
    return invalid(cat("The launch type ", request.launchType->name(), " is not served yet; use FARGATE."));
  if (!request.launchType) {
    service.strategy = request.capacityProviderStrategy ? *request.capacityProviderStrategy : cluster->default_strategy;
    if (service.strategy.empty())
      return invalid(
          "The EC2 launch type is not served yet: name the launch type FARGATE or a capacity provider strategy.");
    TRY_VOID(check_strategy(*cluster, service.strategy));
  } else {
    service.launch_type = "FARGATE";
  }
  if (request.enableExecuteCommand) service.enable_execute_command = *request.enableExecuteCommand;
  if (service.enable_execute_command.value_or(false)) TRY_VOID(check_exec_role(*definition, {}, "service", "created"));
  if (request.enableECSManagedTags) service.managed_tags = *request.enableECSManagedTags;
  TRY_VOID(take_configuration(service, request.deploymentConfiguration));
  TRY_VOID(check_network(tx, request.networkConfiguration));
  const auto balancers = request.loadBalancers.value_or(list<api::LoadBalancer>{});
  TRY_VOID(check_load_balancers(tx, balancers, *definition));
  service.registries = request.serviceRegistries.value_or(list<api::ServiceRegistry>{});
  TRY_VOID(check_registries(tx, service.registries));
  begin_deployment(tx, tx.world(), service, definition->arn, *request.networkConfiguration, balancers);
  tx.put(key, service);
  tx.mark("ecs.service", key);
  return api::CreateServiceResponse{.service = view(tx, key, service, true)};
}

Outcome<api::UpdateServiceResponse> update_service(Tx& tx, const api::UpdateServiceRequest& request) {
  ServiceRow service = TRY(active_service(tx, request.cluster, request.service));
  const ClusterRow* cluster = tx.find<ClusterRow>(cluster_key(tx.world(), service.cluster_name));
  const DeploymentRow primary = service.deployments.front();
  if (request.desiredCount) {
    TRY_VOID(check_count(*request.desiredCount));
    service.desired = *request.desiredCount;
    service.steady = false;
  }
  if (request.capacityProviderStrategy) {
    if (request.capacityProviderStrategy->empty())
      return invalid("capacityProviderStrategy cannot be empty: going back to a launch type is not served yet.");
    TRY_VOID(check_strategy(*cluster, *request.capacityProviderStrategy));
    service.strategy = *request.capacityProviderStrategy;
    service.launch_type.reset();
  }
  TRY_VOID(take_configuration(service, request.deploymentConfiguration));
  if (request.serviceRegistries) {
    TRY_VOID(check_registries(tx, *request.serviceRegistries));
    service.registries = *request.serviceRegistries;
  }
  if (request.healthCheckGracePeriodSeconds) service.grace_seconds = *request.healthCheckGracePeriodSeconds;
  if (request.propagateTags) service.propagate = *request.propagateTags;
  if (request.enableExecuteCommand) service.enable_execute_command = *request.enableExecuteCommand;
  if (request.enableECSManagedTags) service.managed_tags = *request.enableECSManagedTags;
  str definition_arn = primary.task_definition_arn;
  const TaskDefinitionRow* definition = TRY(find_definition(tx, definition_arn));
  if (request.taskDefinition) {
    definition = TRY(usable_definition(tx, *request.taskDefinition));
    definition_arn = definition->arn;
  }
  if (service.enable_execute_command.value_or(false)) TRY_VOID(check_exec_role(*definition, {}, "service", "updated"));
  api::NetworkConfiguration network = primary.network;
  if (request.networkConfiguration) {
    TRY_VOID(check_network(tx, request.networkConfiguration));
    network = *request.networkConfiguration;
  }
  const list<api::LoadBalancer> balancers = request.loadBalancers ? *request.loadBalancers : primary.load_balancers;
  TRY_VOID(check_load_balancers(tx, balancers, *definition));
  const bool redeploy = request.forceNewDeployment.value_or(false) || definition_arn != primary.task_definition_arn ||
                        request.networkConfiguration || request.loadBalancers || request.serviceRegistries;
  if (redeploy) begin_deployment(tx, tx.world(), service, definition_arn, network, balancers);
  service.try_again_at = {};
  const Key key = key_of(tx.world(), service);
  tx.put(key, service);
  tx.mark("ecs.service", key);
  return api::UpdateServiceResponse{.service = view(tx, key, service, true)};
}

Outcome<api::DescribeServicesResponse> describe_services(Tx& tx, const api::DescribeServicesRequest& request) {
  const ClusterRow* cluster = TRY(find_cluster(tx, request.cluster));
  if (request.services.empty()) return invalid("Services cannot be empty.");
  if (request.services.size() > 10) return invalid("Services cannot have more than 10 elements.");
  api::DescribeServicesResponse response{.services = list<api::Service>{}, .failures = list<api::Failure>{}};
  for (const str& each : request.services) {
    if (const ServiceRow* row = find_service(tx, *cluster, each); row != nullptr)
      response.services->push_back(
          view(tx, key_of(tx.world(), *row), *row, request.include && !request.include->empty()));
    else
      response.failures->push_back(
          {.arn = arn_of(tx.world(), cat("service/", cluster->name, "/", short_name(each))), .reason = str("MISSING")});
  }
  return response;
}

Outcome<api::ListServicesResponse> list_services(Tx& tx, const api::ListServicesRequest& request) {
  const ClusterRow* cluster = TRY(find_cluster(tx, request.cluster));
  list<str> arns;
  for (const Key& key : tx.where<ServiceRow>(ServiceRow::by_cluster, cluster->arn)) {
    const ServiceRow& row = *tx.find<ServiceRow>(key);
    if (row.status == "ACTIVE" && (!request.launchType || row.launch_type == *request.launchType))
      arns.push_back(row.arn);
  }
  std::ranges::sort(arns);
  auto page = TRY(wire::paginate(
      std::move(arns), [](const str& arn) -> const str& { return arn; },
      {.operation = "ListServices", .default_size = 10}, request.nextToken, request.maxResults));
  return api::ListServicesResponse{.serviceArns = std::move(page.items), .nextToken = page.next};
}

Outcome<api::DeleteServiceResponse> delete_service(Tx& tx, const api::DeleteServiceRequest& request) {
  ServiceRow service = TRY(active_service(tx, request.cluster, request.service));
  if (service.desired > 0 && !request.force.value_or(false))
    return invalid("The service cannot be stopped while it is scaled above 0.");
  service.desired = 0;
  service.status = "DRAINING";
  const Key key = key_of(tx.world(), service);
  tx.put(key, service);
  tx.mark("ecs.service", key);
  return api::DeleteServiceResponse{.service = view(tx, key, service, true)};
}

Outcome<api::TagResourceResponse> tag_resource(Tx& tx, const api::TagResourceRequest& request) {
  TRY_VOID(change_tags(tx, request.resourceArn, [&](list<api::Tag>& tags) {
    for (const api::Tag& tag : request.tags) {
      std::erase_if(tags, [&](const api::Tag& known) { return known.key == tag.key; });
      tags.push_back(tag);
    }
  }));
  return api::TagResourceResponse{};
}

Outcome<api::UntagResourceResponse> untag_resource(Tx& tx, const api::UntagResourceRequest& request) {
  TRY_VOID(change_tags(tx, request.resourceArn, [&](list<api::Tag>& tags) {
    for (const str& key : request.tagKeys)
      std::erase_if(tags, [&](const api::Tag& known) { return known.key == opt<str>(key); });
  }));
  return api::UntagResourceResponse{};
}

Outcome<api::ListTagsForResourceResponse> list_tags_for_resource(Tx& tx,
                                                                 const api::ListTagsForResourceRequest& request) {
  list<api::Tag> found;
  TRY_VOID(change_tags(tx, request.resourceArn, [&](list<api::Tag>& tags) { found = tags; }));
  return api::ListTagsForResourceResponse{.tags = found};
}

}  // namespace utakata::ecs
