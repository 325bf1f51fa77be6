#include "services/ecs/find.hpp"

#include "services/ecs/errors.hpp"

namespace utakata::ecs {

str short_name(std::string_view text) { return str(text.substr(text.rfind('/') + 1)); }

str arn_of(const World& world, std::string_view resource) {
  return cat("arn:aws:ecs:", world.region, ":", world.account, ":", resource);
}

Key key_of(const World& world, const TaskRow& row) { return task_key(world, row.cluster_name, row.id); }
Key key_of(const World& world, const ServiceRow& row) { return service_key(world, row.cluster_name, row.name); }

Outcome<const ClusterRow*> find_cluster(const Tx& tx, const opt<str>& name_or_arn) {
  const str name = name_or_arn && !name_or_arn->empty() ? short_name(*name_or_arn) : str("default");
  const ClusterRow* row = tx.find<ClusterRow>(cluster_key(tx.world(), name));
  if (row == nullptr || !row->active) return cluster_not_found();
  return row;
}

Outcome<const TaskDefinitionRow*> find_definition(const Tx& tx, std::string_view text) {
  const str name = short_name(text);
  const std::size_t colon = name.rfind(':');
  if (colon != str::npos) {
    const auto revision = parse_integer(std::string_view(name).substr(colon + 1));
    if (!revision || *revision < 1) return invalid(cat("Invalid revision number. Number: ", name.substr(colon + 1)));
    const auto* row =
        tx.find<TaskDefinitionRow>(definition_key(tx.world(), name.substr(0, colon), static_cast<i32>(*revision)));
    if (row == nullptr) return definition_not_found();
    return row;
  }
  const TaskDefinitionRow* newest = nullptr;
  tx.each<TaskDefinitionRow>(tx.world().key("definition/", name, ":"), [&](const Key&, const TaskDefinitionRow& row) {
    if (*row.definition.status == "ACTIVE") newest = &row;
  });
  if (newest == nullptr) return definition_not_found();
  return newest;
}

const ServiceRow* find_service(const Tx& tx, const ClusterRow& cluster, std::string_view name_or_arn) {
  return tx.find<ServiceRow>(service_key(tx.world(), cluster.name, short_name(name_or_arn)));
}

const TaskRow* find_task(const Tx& tx, const ClusterRow& cluster, std::string_view id_or_arn) {
  return tx.find<TaskRow>(task_key(tx.world(), cluster.name, short_name(id_or_arn)));
}

}  // namespace utakata::ecs
