#include "services/ecs/module.hpp"

#include <array>

#include "core/facts.hpp"
#include "core/report.hpp"
#include "market/market.hpp"
#include "services/ecs/account_setting_ops.hpp"
#include "services/ecs/cluster_ops.hpp"
#include "services/ecs/control_ops.hpp"
#include "services/ecs/exec_ops.hpp"
#include "services/ecs/protection_ops.hpp"
#include "services/ecs/service_ops.hpp"
#include "services/ecs/service_reconcile.hpp"
#include "services/ecs/task_definition_ops.hpp"
#include "services/ecs/task_life.hpp"
#include "services/ecs/task_ops.hpp"

namespace utakata::ecs {
namespace {

constexpr std::array protocols{wire::Protocol::json_1_1};

constexpr std::array operations{
    operation<create_cluster>("CreateCluster"),
    operation<update_cluster>("UpdateCluster"),
    operation<describe_clusters>("DescribeClusters"),
    operation<list_clusters>("ListClusters"),
    operation<put_cluster_capacity_providers>("PutClusterCapacityProviders"),
    operation<delete_cluster>("DeleteCluster"),
    operation<describe_capacity_providers>("DescribeCapacityProviders"),
    operation<register_task_definition>("RegisterTaskDefinition"),
    operation<describe_task_definition>("DescribeTaskDefinition"),
    operation<deregister_task_definition>("DeregisterTaskDefinition"),
    operation<delete_task_definitions>("DeleteTaskDefinitions"),
    operation<list_task_definitions>("ListTaskDefinitions"),
    operation<list_task_definition_families>("ListTaskDefinitionFamilies"),
    operation<run_task>("RunTask"),
    operation<stop_task_call>("StopTask"),
    operation<describe_tasks>("DescribeTasks"),
    operation<list_tasks>("ListTasks"),
    operation<update_task_protection>("UpdateTaskProtection"),
    operation<get_task_protection>("GetTaskProtection"),
    operation<execute_command>("ExecuteCommand"),
    operation<create_service>("CreateService"),
    operation<update_service>("UpdateService"),
    operation<describe_services>("DescribeServices"),
    operation<list_services>("ListServices"),
    operation<delete_service>("DeleteService"),
    operation<tag_resource>("TagResource"),
    operation<untag_resource>("UntagResource"),
    operation<list_tags_for_resource>("ListTagsForResource"),
    operation<put_account_setting>("PutAccountSetting"),
    operation<put_account_setting_default>("PutAccountSettingDefault"),
    operation<delete_account_setting>("DeleteAccountSetting"),
    operation<list_account_settings>("ListAccountSettings"),
};

constexpr std::array control_operations{
    operation<reclaim_spot>("ReclaimSpot"),
    operation<describe_capacity>("DescribeCapacity"),
    operation<put_spot_settings>("PutSpotSettings"),
    operation<describe_task_timeline>("DescribeTaskTimeline"),
};

void take_capacity(Tx& tx, const Report& report) {
  const auto& capacity = std::get<CapacityReport>(report);
  market::set_total(tx, {capacity.cpu_units, capacity.memory_mib});
  tx.put(Key(host_key), HostRow{.host_paths = capacity.host_paths, .efs = capacity.efs, .s3 = capacity.s3});
}

}  // namespace

const wire::Service container_service{.name = "ecs",
                                      .target_prefix = "AmazonEC2ContainerServiceV20141113",
                                      .protocols = protocols,
                                      .operations = operations};

const wire::Service control_service{.name = "utakata",
                                    .target_prefix = "Utakata_20261101",
                                    .protocols = protocols,
                                    .operations = control_operations,
                                    .published_by_aws = false};

const Operation open_session_operation = operation<open_session>("OpenSession");
const Operation close_session_operation = operation<close_session>("CloseSession");

void declare(Schema& schema) {
  market::declare(schema);
  declare_tables(schema);
  schema.reconciler("ecs.service", reconcile_service);
  schema.listen(facts::target_health, target_changed);
  schema.listen(market::room_fact, room_again);
  schema.listen(market::squeeze_fact, squeeze);
  schema.report(report_kind<TaskReport>, take_task_report);
  schema.report(report_kind<InventoryReport>, take_inventory);
  schema.report(report_kind<CapacityReport>, take_capacity);
  schema.on_recover(recover_tasks);
  schema.on_recover(recover_sessions);
  schema.on_recover(recover_services);
}

}  // namespace utakata::ecs
