#include "services/ecs/cluster_ops.hpp"

#include <algorithm>
#include <array>

#include "services/ecs/errors.hpp"
#include "services/ecs/find.hpp"
#include "wire/pagination.hpp"

namespace utakata::ecs {
namespace {

constexpr std::array<std::string_view, 2> fargate_providers{"FARGATE", "FARGATE_SPOT"};
constexpr std::size_t strategy_items_max = 20;

bool valid_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

Outcome<> check_providers(const list<str>& names) {
  for (const str& name : names)
    if (!(std::ranges::find(fargate_providers, name) != fargate_providers.end()))
      return invalid(
          cat("The specified capacity provider ", name, " was not found. Specify a valid name or ARN and try again."));
  return {};
}

Outcome<> check_configuration(const opt<api::ClusterConfiguration>& configuration) {
  if (!configuration || !configuration->executeCommandConfiguration) return {};
  const api::ExecuteCommandConfiguration& exec = *configuration->executeCommandConfiguration;
  const bool own = exec.logging && *exec.logging == "OVERRIDE";
  if (own && !exec.logConfiguration)
    return invalid("executeCommandConfiguration.logConfiguration is required when logging is OVERRIDE.");
  if (!own && exec.logConfiguration)
    return invalid("executeCommandConfiguration.logConfiguration can only be specified when logging is OVERRIDE.");
  return {};
}

// What callers want to see of a cluster beside its name and numbers.
struct Include {
  bool tags = false, settings = false, statistics = false, configuration = false;
};
constexpr Include after_change{.tags = true, .settings = true, .statistics = false, .configuration = true};

api::Cluster view(const Tx& tx, const ClusterRow& row, Include include) {
  i32 running = 0;
  i32 pending = 0;
  for (const Key& key : tx.where<TaskRow>(TaskRow::by_cluster, row.arn)) {
    const TaskRow& task = *tx.find<TaskRow>(key);
    if (task.last_status == "RUNNING") ++running;
    if (task.desired_status == "RUNNING" && !task.started_at.set()) ++pending;
  }
  i32 services = 0;
  for (const Key& key : tx.where<ServiceRow>(ServiceRow::by_cluster, row.arn))
    if (tx.find<ServiceRow>(key)->status != "INACTIVE") ++services;
  api::Cluster cluster{.clusterArn = row.arn,
                       .clusterName = row.name,
                       .status = str(row.active ? "ACTIVE" : "INACTIVE"),
                       .registeredContainerInstancesCount = 0,
                       .runningTasksCount = running,
                       .pendingTasksCount = pending,
                       .activeServicesCount = services,
                       .statistics = list<api::KeyValuePair>{},
                       .tags = list<api::Tag>{},
                       .settings = list<api::ClusterSetting>{},
                       .capacityProviders = row.capacity_providers,
                       .defaultCapacityProviderStrategy = row.default_strategy};
  if (include.tags) cluster.tags = row.tags;
  if (include.settings) cluster.settings = row.settings;
  if (include.configuration) cluster.configuration = row.configuration;
  if (include.statistics)
    for (const auto& [name, value] :
         {std::pair("runningFargateTasksCount", running), std::pair("pendingFargateTasksCount", pending),
          std::pair("activeFargateServiceCount", services)})
      cluster.statistics->push_back({.name = str(name), .value = cat(value)});
  return cluster;
}

}  // namespace

Outcome<> check_strategy(const ClusterRow& cluster, const list<api::CapacityProviderStrategyItem>& strategy) {
  if (strategy.size() > strategy_items_max)
    return invalid("A capacity provider strategy can contain a maximum of 20 capacity providers.");
  int bases = 0;
  bool usable = strategy.empty();
  for (const auto& item : strategy) {
    if (!(std::ranges::find(cluster.capacity_providers, item.capacityProvider) != cluster.capacity_providers.end()))
      return invalid(
          "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the "
          "cluster. Associate the capacity provider with the cluster and try again.");
    const i32 weight = item.weight.value_or(0);
    const i32 base = item.base.value_or(0);
    if (weight < 0 || weight > 1000) return invalid("capacityProviderStrategy.weight must be between 0 and 1000.");
    if (base < 0 || base > 100'000) return invalid("capacityProviderStrategy.base must be between 0 and 100000.");
    bases += base > 0 ? 1 : 0;
    usable = usable || weight > 0 || (strategy.size() == 1 && base > 0);
  }
  if (bases > 1)
    return invalid("Only one capacity provider in a capacity provider strategy can have a base value defined.");
  if (!usable)
    return invalid(
        "The capacity provider strategy must contain at least one capacity provider with a weight greater than 0.");
  return {};
}

Outcome<api::CreateClusterResponse> create_cluster(Tx& tx, const api::CreateClusterRequest& request) {
  const str name = request.clusterName.value_or("default");
  if (!valid_name(name))
    return invalid(
        "Identifier was invalid. clusterName may have letters, numbers, hyphens and underscores, up to 255.");
  const Key key = cluster_key(tx.world(), name);
  if (const ClusterRow* known = tx.find<ClusterRow>(key); known != nullptr && known->active)
    return api::CreateClusterResponse{.cluster = view(tx, *known, after_change)};
  ClusterRow row{
      .arn = arn_of(tx.world(), cat("cluster/", name)),
      .name = name,
      .capacity_providers = request.capacityProviders.value_or(list<str>{}),
      .default_strategy = request.defaultCapacityProviderStrategy.value_or(list<api::CapacityProviderStrategyItem>{}),
      .tags = request.tags.value_or(list<api::Tag>{}),
      .settings = request.settings.value_or(list<api::ClusterSetting>{}),
      .configuration = request.configuration};
  TRY_VOID(check_configuration(row.configuration));
  TRY_VOID(check_providers(row.capacity_providers));
  TRY_VOID(check_strategy(row, row.default_strategy));
  tx.put(key, row);
  return api::CreateClusterResponse{.cluster = view(tx, row, after_change)};
}

Outcome<api::UpdateClusterResponse> update_cluster(Tx& tx, const api::UpdateClusterRequest& request) {
  const ClusterRow* known = TRY(find_cluster(tx, request.cluster));
  ClusterRow row = *known;
  if (request.settings) row.settings = *request.settings;
  TRY_VOID(check_configuration(request.configuration));
  if (request.configuration) row.configuration = request.configuration;
  tx.put(cluster_key(tx.world(), row.name), row);
  return api::UpdateClusterResponse{.cluster = view(tx, row, after_change)};
}

Outcome<api::DescribeClustersResponse> describe_clusters(Tx& tx, const api::DescribeClustersRequest& request) {
  Include include;
  if (request.include)
    for (const auto& part : *request.include) {
      include.tags = include.tags || part == "TAGS";
      include.settings = include.settings || part == "SETTINGS";
      include.statistics = include.statistics || part == "STATISTICS";
      include.configuration = include.configuration || part == "CONFIGURATIONS";
    }
  api::DescribeClustersResponse response{.clusters = list<api::Cluster>{}, .failures = list<api::Failure>{}};
  const list<str> names = request.clusters && !request.clusters->empty() ? *request.clusters : list<str>{"default"};
  if (names.size() > 100) return invalid("Clusters cannot have more than 100 elements.");
  for (const str& name : names) {
    const ClusterRow* row = tx.find<ClusterRow>(cluster_key(tx.world(), short_name(name)));
    if (row == nullptr)
      response.failures->push_back(
          {.arn = arn_of(tx.world(), cat("cluster/", short_name(name))), .reason = str("MISSING")});
    else
      response.clusters->push_back(view(tx, *row, include));
  }
  return response;
}

Outcome<api::ListClustersResponse> list_clusters(Tx& tx, const api::ListClustersRequest& request) {
  list<str> arns;
  tx.each<ClusterRow>(tx.world().key("cluster/"), [&](const Key&, const ClusterRow& row) {
    if (row.active) arns.push_back(row.arn);
  });
  auto page = TRY(wire::paginate(
      std::move(arns), [](const str& arn) -> const str& { return arn; }, {.operation = "ListClusters"},
      request.nextToken, request.maxResults));
  return api::ListClustersResponse{.clusterArns = std::move(page.items), .nextToken = page.next};
}

Outcome<api::PutClusterCapacityProvidersResponse> put_cluster_capacity_providers(
    Tx& tx, const api::PutClusterCapacityProvidersRequest& request) {
  const ClusterRow* known = TRY(find_cluster(tx, request.cluster));
  ClusterRow row = *known;
  row.capacity_providers = request.capacityProviders;
  row.default_strategy = request.defaultCapacityProviderStrategy;
  TRY_VOID(check_providers(row.capacity_providers));
  TRY_VOID(check_strategy(row, row.default_strategy));
  tx.put(cluster_key(tx.world(), row.name), row);
  return api::PutClusterCapacityProvidersResponse{.cluster = view(tx, row, after_change)};
}

Outcome<api::DeleteClusterResponse> delete_cluster(Tx& tx, const api::DeleteClusterRequest& request) {
  const ClusterRow* known = TRY(find_cluster(tx, request.cluster));
  for (const Key& key : tx.where<ServiceRow>(ServiceRow::by_cluster, known->arn))
    if (tx.find<ServiceRow>(key)->status != "INACTIVE")
      return refuse("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.");
  for (const Key& key : tx.where<TaskRow>(TaskRow::by_cluster, known->arn))
    if (tx.find<TaskRow>(key)->last_status != "STOPPED")
      return refuse("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.");
  ClusterRow row = *known;
  row.active = false;
  tx.put(cluster_key(tx.world(), row.name), row);
  return api::DeleteClusterResponse{.cluster = view(tx, row, after_change)};
}

Outcome<api::DescribeCapacityProvidersResponse> describe_capacity_providers(
    Tx& tx, const api::DescribeCapacityProvidersRequest& request) {
  api::DescribeCapacityProvidersResponse response{.capacityProviders = list<api::CapacityProvider>{},
                                                  .failures = list<api::Failure>{}};
  const list<str> all(fargate_providers.begin(), fargate_providers.end());
  for (const str& each :
       request.capacityProviders && !request.capacityProviders->empty() ? *request.capacityProviders : all) {
    const str name = short_name(each);
    const str arn = arn_of(tx.world(), cat("capacity-provider/", name));
    if (!(std::ranges::find(fargate_providers, name) != fargate_providers.end()))
      response.failures->push_back({.arn = arn, .reason = str("MISSING")});
    else
      response.capacityProviders->push_back(
          {.capacityProviderArn = arn, .name = name, .status = "ACTIVE", .tags = list<api::Tag>{}});
  }
  return response;
}

}  // namespace utakata::ecs
