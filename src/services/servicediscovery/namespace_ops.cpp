#include <algorithm>

#include "services/ec2/public.hpp"
#include "services/servicediscovery/ops.hpp"
#include "wire/pagination.hpp"

namespace utakata::servicediscovery {
namespace {

constexpr std::size_t namespaces_max = 50;  // AWS's default quota of a region
constexpr std::size_t namespace_name_max = 253;

std::size_t services_in(const Tx& tx, const World& world, const str& id) {
  std::size_t count = 0;
  tx.each<ServiceRow>(world.key("service/"),
                      [&](const Key&, const ServiceRow& row) { count += row.namespace_id == id ? 1 : 0; });
  return count;
}

api::Namespace view(const Tx& tx, const NamespaceRow& row) {
  const World& world = tx.world();
  api::Namespace out{.Id = row.id,
                     .Arn = arn_of(world, "namespace", row.id),
                     .Name = row.name,
                     .Type = "DNS_PRIVATE",
                     .ServiceCount = static_cast<i32>(services_in(tx, world, row.id)),
                     .CreateDate = row.created_at};
  if (!row.description.empty()) out.Description = row.description;
  if (!row.request_id.empty()) out.CreatorRequestId = row.request_id;
  return out;
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= namespace_name_max && name.front() != '.' && name.back() != '.' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.';
         });
}

api::NamespaceSummary summary(api::Namespace of) {
  return {.Id = std::move(of.Id),
          .Arn = std::move(of.Arn),
          .Name = std::move(of.Name),
          .Type = std::move(of.Type),
          .Description = std::move(of.Description),
          .ServiceCount = of.ServiceCount,
          .Properties = std::move(of.Properties),
          .CreateDate = of.CreateDate};
}

bool passes(const NamespaceRow& row, const api::NamespaceFilter& filter) {
  const auto has = [&](const str& value) {
    if (filter.Condition && *filter.Condition == "BEGINS_WITH")
      return std::ranges::any_of(filter.Values, [&](const str& each) { return value.starts_with(each); });
    return std::ranges::find(filter.Values, value) != filter.Values.end();
  };
  if (filter.Name == "TYPE") return has("DNS_PRIVATE");
  if (filter.Name == "NAME") return has(row.name);
  return filter.Name == "RESOURCE_OWNER" ? has("SELF") : false;
}

}  // namespace

Outcome<api::OperationResponse> create_private_dns_namespace(Tx& tx,
                                                             const api::CreatePrivateDnsNamespaceRequest& request) {
  const World& world = tx.world();
  if (!is_name(request.Name)) return refuse("InvalidInput", cat("Name: '", request.Name, "' is no domain name"));
  ec2::ensure_default_vpc(tx, world);
  if (ec2::default_security_group(tx, world, request.Vpc).empty())
    return refuse("InvalidInput", cat("Vpc: the VPC '", request.Vpc, "' does not exist"));
  std::size_t there = 0;
  const NamespaceRow* same = nullptr;
  tx.each<NamespaceRow>(world.key("namespace/"), [&](const Key&, const NamespaceRow& row) {
    if (row.vpc_id == request.Vpc && equals_ignoring_case(row.name, request.Name)) same = &row;
    ++there;
  });
  if (same != nullptr)
    return refuse("NamespaceAlreadyExists", cat("Namespace with name ", request.Name, " already exists: ", same->id));
  if (there >= namespaces_max)
    return refuse("ResourceLimitExceeded", "The maximum number of namespaces has been reached.");
  const NamespaceRow row{.id = "ns-" + tx.random_hex(16),
                         .name = request.Name,
                         .vpc_id = request.Vpc,
                         .description = request.Description.value_or(""),
                         .request_id = request.CreatorRequestId.value_or(""),
                         .created_at = tx.now()};
  tx.put(namespace_key(world, row.id), row);
  return api::OperationResponse{.OperationId = done(tx, "CREATE_NAMESPACE", "NAMESPACE", row.id)};
}

Outcome<api::OperationResponse> delete_namespace(Tx& tx, const api::DeleteNamespaceRequest& request) {
  const World& world = tx.world();
  const NamespaceRow row = TRY(find_namespace(tx, world, request.Id));
  if (services_in(tx, world, row.id) > 0)
    return refuse("ResourceInUse", cat("Namespace has associated services: ", row.id));
  tx.erase<NamespaceRow>(namespace_key(world, row.id));
  return api::OperationResponse{.OperationId = done(tx, "DELETE_NAMESPACE", "NAMESPACE", row.id)};
}

Outcome<api::GetNamespaceResponse> describe_namespace(Tx& tx, const api::GetNamespaceRequest& request) {
  const NamespaceRow row = TRY(find_namespace(tx, tx.world(), request.Id));
  return api::GetNamespaceResponse{.Namespace = view(tx, row)};
}

Outcome<api::ListNamespacesResponse> list_namespaces(Tx& tx, const api::ListNamespacesRequest& request) {
  list<NamespaceRow> rows;
  tx.each<NamespaceRow>(tx.world().key("namespace/"), [&](const Key&, const NamespaceRow& row) {
    const bool all = !request.Filters || std::ranges::all_of(*request.Filters, [&](const api::NamespaceFilter& filter) {
      return passes(row, filter);
    });
    if (all) rows.push_back(row);
  });
  auto page = TRY(wire::paginate(
      std::move(rows), [](const NamespaceRow& row) -> const str& { return row.id; },
      {.operation = "ListNamespaces", .default_size = 100, .max_size = 100}, request.NextToken, request.MaxResults));
  api::ListNamespacesResponse response{.Namespaces = list<api::NamespaceSummary>{}, .NextToken = page.next};
  for (const NamespaceRow& row : page.items) response.Namespaces->push_back(summary(view(tx, row)));
  return response;
}

Outcome<api::GetOperationResponse> describe_operation(Tx& tx, const api::GetOperationRequest& request) {
  const auto* row = tx.find<OperationRow>(operation_key(tx.world(), request.OperationId));
  if (row == nullptr) return refuse("OperationNotFound", cat("Operation not found: ", request.OperationId));
  return api::GetOperationResponse{.Operation = api::Operation{.Id = row->id,
                                                               .Type = row->type,
                                                               .Status = "SUCCESS",
                                                               .CreateDate = row->at,
                                                               .UpdateDate = row->at,
                                                               .Targets = dict<str>{{row->target_type, row->target}}}};
}

}  // namespace utakata::servicediscovery
