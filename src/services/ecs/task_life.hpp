#pragma once

#include "services/ecs/state.hpp"

// The life of one task as steps over its row:
//
//   PROVISIONING -> PENDING -> RUNNING -> DEACTIVATING -> STOPPING -> DEPROVISIONING -> STOPPED
//
// Nothing here waits and nothing acts; the agent on the host does (src/agent), and its reports move the row on.
namespace utakata::ecs {

/// What a new task is made of.
struct TaskPlan {
  const ClusterRow* cluster = nullptr;
  const TaskDefinitionRow* definition = nullptr;
  const api::AwsVpcConfiguration* network = nullptr;
  str capacity_provider;  // empty: a launch type
  str group, started_by;
  str service_key, deployment_id;
  list<api::LoadBalancer> load_balancers;
  list<api::ServiceRegistry> registries;
  api::TaskOverride overrides;
  i32 cpu = 0, memory_mib = 0;  // 0: the definition's
  list<api::Tag> tags;
  bool enable_execute_command = false;
  std::size_t zone_turn = 0;  // chooses the subnet: tasks are spread over them in turn
};

/// Fault CapacityUnavailable: no room of that kind now. Other faults: subnets, groups, addresses.
Outcome<Key> place_task(Tx&, const World&, const TaskPlan&);

/// Begins its farewell; a task that is stopping already keeps its first reason.
void stop_task(Tx&, const Key&, std::string_view code, const str& reason);

/// Takes Spot capacity away: the warning event, deregistration and the stop signal in the order that is set, the end
/// after two minutes.
void reclaim_task(Tx&, const Key&);

/// What the runtime says. Reports repeat and may be late.
void take_task_report(Tx&, const Report&);
void take_inventory(Tx&, const Report&);

/// The ARN or name of the role that its containers act in; empty: none.
str task_role(const Tx&, const World&, const TaskRow&);

/// A target of this task has changed: deregistration may be over, or the service must look at it.
void target_changed(Tx&, const Fact&);

/// A timer of the row: the signal, the kill, the end of its hour.
void task_due(Tx&, const Key&);

/// After a restart: everything asked for is asked for again.
void recover_tasks(Tx&);

}  // namespace utakata::ecs
