#include "services/servicediscovery/state.hpp"
#include "core/effect.hpp"

namespace utakata::servicediscovery {
namespace {

constexpr Duration remembered_for = hours(24);
constexpr i32 answers_max = 8;  // of a name, as Route 53 has it

str attribute(const InstanceRow& row, const char* name) {
  const auto at = row.attributes.find(name);
  return at == row.attributes.end() ? str() : at->second;
}

}  // namespace

Outcome<NamespaceRow> find_namespace(const Tx& tx, const World& world, std::string_view id) {
  const auto* row = tx.find<NamespaceRow>(namespace_key(world, id));
  if (row == nullptr) return refuse("NamespaceNotFound", cat("Namespace not found: ", id));
  return *row;
}

Outcome<ServiceRow> find_service(const Tx& tx, const World& world, std::string_view id) {
  const auto* row = tx.find<ServiceRow>(service_key(world, id));
  if (row == nullptr) return refuse("ServiceNotFound", cat("Service not found: ", id));
  return *row;
}

list<InstanceRow> instances_of(const Tx& tx, std::string_view service_id) {
  list<InstanceRow> rows;
  for (const Key& key : tx.where<InstanceRow>(InstanceRow::by_service, service_id))
    rows.push_back(*tx.find<InstanceRow>(key));
  return rows;
}

// An SRV record leads to a name of the instance, which has its address.
void tell_names(Tx& tx, const World& world, const ServiceRow& row, const str& gone) {
  const auto* space = tx.find<NamespaceRow>(namespace_key(world, row.namespace_id));
  if (space == nullptr) return;
  const str name = to_lower(cat(row.name, ".", space->name));
  ChangeVpc change{.vpc_id = space->vpc_id};
  DnsName whole{.name = name,
                .ttl_seconds = static_cast<i32>(row.a_ttl ? *row.a_ttl : row.srv_ttl.value_or(60)),
                .answers_max = row.weighted ? 1 : answers_max};
  for (const InstanceRow& each : instances_of(tx, row.id)) {
    const str address = attribute(each, "AWS_INSTANCE_IPV4");
    if (address.empty()) continue;
    if (row.a_ttl) whole.addresses.push_back(address);
    if (!row.srv_ttl) continue;
    const str own = to_lower(cat(each.id, ".", name));
    whole.places.push_back(
        {.host = own, .port = static_cast<i32>(parse_integer(attribute(each, "AWS_INSTANCE_PORT")).value_or(0))});
    change.names.push_back({.name = own, .ttl_seconds = whole.ttl_seconds, .addresses = {address}});
  }
  if (!gone.empty()) change.names.push_back({.name = to_lower(cat(gone, ".", name))});
  change.names.push_back(std::move(whole));
  tx.emit(std::move(change));
}

void tell_all_names(Tx& tx) {
  list<std::pair<World, ServiceRow>> all;
  tx.each<ServiceRow>("", [&](const Key& key, const ServiceRow& row) { all.emplace_back(world_of(key), row); });
  for (const auto& [world, row] : all) tell_names(tx, world, row);
}

str done(Tx& tx, std::string_view type, std::string_view target_type, const str& target) {
  const OperationRow row{.id = tx.random_hex(32),
                         .type = str(type),
                         .target_type = str(target_type),
                         .target = target,
                         .at = tx.now(),
                         .forget_at = tx.now() + remembered_for};
  tx.put(operation_key(tx.world(), row.id), row);
  return row.id;
}

}  // namespace utakata::servicediscovery
