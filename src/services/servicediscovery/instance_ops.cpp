#include <algorithm>

#include "base/ipv4.hpp"
#include "services/servicediscovery/ops.hpp"
#include "services/servicediscovery/public.hpp"
#include "wire/pagination.hpp"

namespace utakata::servicediscovery {
namespace {

constexpr std::size_t instances_max = 1000;  // AWS's quota of a service
constexpr std::size_t discovered_max = 1000, id_max = 64, attributes_max = 30;

str id_in(std::string_view arn) { return str(arn.substr(arn.rfind('/') + 1)); }

Outcome<> check_attributes(const ServiceRow& service, const dict<str>& attributes) {
  if (attributes.size() > attributes_max)
    return refuse("InvalidInput", cat("Attributes: at most ", attributes_max, " are allowed"));
  const auto address = attributes.find("AWS_INSTANCE_IPV4");
  if (address == attributes.end() || !parse_ipv4(address->second))
    return refuse("InvalidInput", "Attributes: AWS_INSTANCE_IPV4 must be an IPv4 address");
  if (!service.srv_ttl) return {};
  const auto port = attributes.find("AWS_INSTANCE_PORT");
  const auto number = port == attributes.end() ? std::nullopt : parse_integer(port->second);
  if (!number || *number < 1 || *number > 65'535)
    return refuse("InvalidInput", "Attributes: AWS_INSTANCE_PORT must be a port, because the service has SRV records");
  return {};
}

}  // namespace

Outcome<api::OperationResponse> register_instance(Tx& tx, const api::RegisterInstanceRequest& request) {
  const World& world = tx.world();
  const ServiceRow service = TRY(find_service(tx, world, request.ServiceId));
  if (request.InstanceId.empty() || request.InstanceId.size() > id_max)
    return refuse("InvalidInput", cat("InstanceId must have 1 to ", id_max, " characters"));
  TRY_VOID(check_attributes(service, request.Attributes));
  if (tx.where<InstanceRow>(InstanceRow::by_service, service.id).size() >= instances_max)
    return refuse("ResourceLimitExceeded", "The maximum number of instances of a service has been reached.");
  enter(tx, world, arn_of(world, "service", service.id), request.InstanceId, request.Attributes);
  return api::OperationResponse{.OperationId = done(tx, "REGISTER_INSTANCE", "INSTANCE", request.InstanceId)};
}

Outcome<api::OperationResponse> deregister_instance(Tx& tx, const api::DeregisterInstanceRequest& request) {
  const World& world = tx.world();
  const ServiceRow service = TRY(find_service(tx, world, request.ServiceId));
  if (tx.find<InstanceRow>(instance_key(world, service.id, request.InstanceId)) == nullptr)
    return refuse("InstanceNotFound", cat("Instance not found: ", request.InstanceId));
  leave(tx, world, arn_of(world, "service", service.id), request.InstanceId);
  return api::OperationResponse{.OperationId = done(tx, "DEREGISTER_INSTANCE", "INSTANCE", request.InstanceId)};
}

Outcome<api::ListInstancesResponse> list_instances(Tx& tx, const api::ListInstancesRequest& request) {
  const ServiceRow service = TRY(find_service(tx, tx.world(), request.ServiceId));
  auto page = TRY(wire::paginate(
      instances_of(tx, service.id), [](const InstanceRow& row) -> const str& { return row.id; },
      {.operation = "ListInstances", .default_size = 100, .max_size = 100}, request.NextToken, request.MaxResults));
  api::ListInstancesResponse response{.Instances = list<api::InstanceSummary>{}, .NextToken = page.next};
  for (const InstanceRow& row : page.items) response.Instances->push_back({.Id = row.id, .Attributes = row.attributes});
  return response;
}

Outcome<api::DiscoverInstancesResponse> discover_instances(Tx& tx, const api::DiscoverInstancesRequest& request) {
  const World& world = tx.world();
  str namespace_id;
  tx.each<NamespaceRow>(world.key("namespace/"), [&](const Key&, const NamespaceRow& row) {
    if (equals_ignoring_case(row.name, request.NamespaceName)) namespace_id = row.id;
  });
  if (namespace_id.empty()) return refuse("NamespaceNotFound", cat("Namespace not found: ", request.NamespaceName));
  str service_id;
  tx.each<ServiceRow>(world.key("service/"), [&](const Key&, const ServiceRow& row) {
    if (row.namespace_id == namespace_id && equals_ignoring_case(row.name, request.ServiceName)) service_id = row.id;
  });
  if (service_id.empty()) return refuse("ServiceNotFound", cat("Service not found: ", request.ServiceName));
  const auto most =
      static_cast<std::size_t>(std::clamp<i64>(request.MaxResults.value_or(100), 1, static_cast<i64>(discovered_max)));
  api::DiscoverInstancesResponse response{.Instances = list<api::HttpInstanceSummary>{}};
  for (const InstanceRow& row : instances_of(tx, service_id)) {
    const bool fits =
        !request.QueryParameters || std::ranges::all_of(*request.QueryParameters, [&](const auto& wanted) {
          const auto at = row.attributes.find(wanted.first);
          return at != row.attributes.end() && at->second == wanted.second;
        });
    if (!fits || response.Instances->size() == most) continue;
    response.Instances->push_back({.InstanceId = row.id,
                                   .NamespaceName = request.NamespaceName,
                                   .ServiceName = request.ServiceName,
                                   .HealthStatus = "HEALTHY",
                                   .Attributes = row.attributes});
  }
  return response;
}

Outcome<RegistryView> registry(const Tx& tx, const World& world, std::string_view service_arn) {
  const ServiceRow row = TRY(find_service(tx, world, id_in(service_arn)));
  return RegistryView{.service_id = row.id, .has_srv = row.srv_ttl.has};
}

void enter(Tx& tx, const World& world, std::string_view service_arn, const str& instance_id,
           const dict<str>& attributes) {
  const auto service = find_service(tx, world, id_in(service_arn));
  if (!service) return;
  tx.put(instance_key(world, service->id, instance_id),
         InstanceRow{.id = instance_id, .service_id = service->id, .attributes = attributes});
  tell_names(tx, world, *service);
}

void leave(Tx& tx, const World& world, std::string_view service_arn, const str& instance_id) {
  const auto service = find_service(tx, world, id_in(service_arn));
  if (!service) return;
  const Key key = instance_key(world, service->id, instance_id);
  if (tx.find<InstanceRow>(key) == nullptr) return;
  tx.erase<InstanceRow>(key);
  tell_names(tx, world, *service, instance_id);
}

}  // namespace utakata::servicediscovery
