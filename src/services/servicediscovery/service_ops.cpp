#include <algorithm>

#include "services/servicediscovery/ops.hpp"
#include "wire/pagination.hpp"

namespace utakata::servicediscovery {
namespace {

constexpr std::size_t service_name_max = 127;

api::Service view(const Tx& tx, const ServiceRow& row) {
  const World& world = tx.world();
  api::Service out{.Id = row.id,
                   .Arn = arn_of(world, "service", row.id),
                   .Name = row.name,
                   .NamespaceId = row.namespace_id,
                   .InstanceCount = static_cast<i32>(tx.where<InstanceRow>(InstanceRow::by_service, row.id).size()),
                   .DnsConfig = api::DnsConfig{.NamespaceId = row.namespace_id},
                   .Type = "DNS_HTTP",
                   .HealthCheckCustomConfig = row.check,
                   .CreateDate = row.created_at};
  if (row.weighted)
    out.DnsConfig->RoutingPolicy = "WEIGHTED";
  else
    out.DnsConfig->RoutingPolicy = "MULTIVALUE";
  if (row.a_ttl) out.DnsConfig->DnsRecords.push_back({.Type = "A", .TTL = *row.a_ttl});
  if (row.srv_ttl) out.DnsConfig->DnsRecords.push_back({.Type = "SRV", .TTL = *row.srv_ttl});
  if (!row.description.empty()) out.Description = row.description;
  if (!row.request_id.empty()) out.CreatorRequestId = row.request_id;
  return out;
}

Outcome<> take_records(ServiceRow& row, const api::DnsConfig& config) {
  if (config.DnsRecords.empty()) return refuse("InvalidInput", "DnsConfig.DnsRecords: at least one record is needed");
  for (const api::DnsRecord& record : config.DnsRecords) {
    if (record.TTL < 0 || record.TTL > 2'147'483'647)
      return refuse("InvalidInput", cat("DnsConfig.DnsRecords.TTL: ", record.TTL, " is not in 0 to 2147483647"));
    if (record.Type == "A")
      row.a_ttl = record.TTL;
    else if (record.Type == "SRV")
      row.srv_ttl = record.TTL;
    else
      return refuse("InvalidInput",
                    cat("DnsConfig.DnsRecords.Type: ", record.Type.name(), " is not served: only A and SRV are"));
  }
  row.weighted = config.RoutingPolicy && *config.RoutingPolicy == "WEIGHTED";
  return {};
}

api::ServiceSummary summary(api::Service of) {
  return {.Id = std::move(of.Id),
          .Arn = std::move(of.Arn),
          .Name = std::move(of.Name),
          .Description = std::move(of.Description),
          .InstanceCount = of.InstanceCount,
          .DnsConfig = std::move(of.DnsConfig),
          .Type = std::move(of.Type),
          .HealthCheckCustomConfig = of.HealthCheckCustomConfig,
          .CreateDate = of.CreateDate};
}

}  // namespace

Outcome<api::CreateServiceResponse> create_service(Tx& tx, const api::CreateServiceRequest& request) {
  const World& world = tx.world();
  if (request.Name.empty() || request.Name.size() > service_name_max)
    return refuse("InvalidInput", cat("Name must have 1 to ", service_name_max, " characters"));
  if (!request.DnsConfig) return refuse("InvalidInput", "DnsConfig: services without DNS records are not served");
  const opt<str> space = request.NamespaceId ? request.NamespaceId : request.DnsConfig->NamespaceId;
  const NamespaceRow owner = TRY(find_namespace(tx, world, space.value_or("")));
  const ServiceRow* same = nullptr;
  tx.each<ServiceRow>(world.key("service/"), [&](const Key&, const ServiceRow& row) {
    if (row.namespace_id == owner.id && equals_ignoring_case(row.name, request.Name)) same = &row;
  });
  if (same != nullptr) return refuse("ServiceAlreadyExists", cat("Service already exists: ", same->id));
  ServiceRow row{.id = "srv-" + tx.random_hex(16),
                 .name = request.Name,
                 .namespace_id = owner.id,
                 .description = request.Description.value_or(""),
                 .request_id = request.CreatorRequestId.value_or(""),
                 .check = request.HealthCheckCustomConfig,
                 .created_at = tx.now()};
  TRY_VOID(take_records(row, *request.DnsConfig));
  tx.put(service_key(world, row.id), row);
  return api::CreateServiceResponse{.Service = view(tx, row)};
}

Outcome<api::DeleteServiceResponse> delete_service(Tx& tx, const api::DeleteServiceRequest& request) {
  const ServiceRow row = TRY(find_service(tx, tx.world(), request.Id));
  if (!tx.where<InstanceRow>(InstanceRow::by_service, row.id).empty())
    return refuse(
        "ResourceInUse",
        cat("Service contains registered instances; delete the instances before deleting the service: ", row.id));
  tx.erase<ServiceRow>(service_key(tx.world(), row.id));
  return api::DeleteServiceResponse{};
}

Outcome<api::GetServiceResponse> describe_service(Tx& tx, const api::GetServiceRequest& request) {
  const ServiceRow row = TRY(find_service(tx, tx.world(), request.Id));
  return api::GetServiceResponse{.Service = view(tx, row)};
}

Outcome<api::ListServicesResponse> list_services(Tx& tx, const api::ListServicesRequest& request) {
  list<ServiceRow> rows;
  tx.each<ServiceRow>(tx.world().key("service/"), [&](const Key&, const ServiceRow& row) {
    const bool all = !request.Filters || std::ranges::all_of(*request.Filters, [&](const api::ServiceFilter& filter) {
      const str value = filter.Name == "NAMESPACE_ID" ? row.namespace_id : str("SELF");
      return std::ranges::find(filter.Values, value) != filter.Values.end();
    });
    if (all) rows.push_back(row);
  });
  auto page = TRY(wire::paginate(
      std::move(rows), [](const ServiceRow& row) -> const str& { return row.id; },
      {.operation = "ListServices", .default_size = 100, .max_size = 100}, request.NextToken, request.MaxResults));
  api::ListServicesResponse response{.Services = list<api::ServiceSummary>{}, .NextToken = page.next};
  for (const ServiceRow& row : page.items) response.Services->push_back(summary(view(tx, row)));
  return response;
}

}  // namespace utakata::servicediscovery
