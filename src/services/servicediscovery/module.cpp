#include "services/servicediscovery/module.hpp"

#include <array>

#include "services/servicediscovery/ops.hpp"

namespace utakata::servicediscovery {
namespace {

constexpr std::array protocols{wire::Protocol::json_1_1};
constexpr std::array operations{
    operation<create_private_dns_namespace>("CreatePrivateDnsNamespace"),
    operation<delete_namespace>("DeleteNamespace"),
    operation<describe_namespace>("GetNamespace"),
    operation<list_namespaces>("ListNamespaces"),
    operation<create_service>("CreateService"),
    operation<delete_service>("DeleteService"),
    operation<describe_service>("GetService"),
    operation<list_services>("ListServices"),
    operation<register_instance>("RegisterInstance"),
    operation<deregister_instance>("DeregisterInstance"),
    operation<list_instances>("ListInstances"),
    operation<discover_instances>("DiscoverInstances"),
    operation<describe_operation>("GetOperation"),
};

}  // namespace

constexpr wire::Service service{.name = "servicediscovery",
                                .target_prefix = "Route53AutoNaming_v20170314",
                                .protocols = protocols,
                                .operations = operations};

void declare(Schema& schema) {
  schema.table<NamespaceRow>();
  schema.table<ServiceRow>();
  schema.table<InstanceRow>({.indexes = {[](const InstanceRow& row) { return row.service_id; }}});
  schema.table<OperationRow>({.due = [](const OperationRow& row) { return row.forget_at; },
                              .on_due = [](Tx& tx, const Key& key) { tx.erase<OperationRow>(key); }});
  schema.on_recover(tell_all_names);
}

}  // namespace utakata::servicediscovery
