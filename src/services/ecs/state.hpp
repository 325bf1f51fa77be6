#pragma once

#include "core/report.hpp"
#include "core/task_spec.hpp"
#include "core/tx.hpp"
#include "services/ecs/api/cluster.hpp"
#include "services/ecs/api/service.hpp"
#include "services/ecs/api/task.hpp"
#include "services/ecs/api/task_definition.hpp"

// The rows of ECS. Keys: WORLD/cluster/NAME, WORLD/family/NAME, WORLD/definition/FAMILY:REVISION (padded),
// WORLD/service/CLUSTER/NAME, WORLD/task/CLUSTER/ID. Wire shapes stand in rows where AWS keeps what a caller sent, to
// the letter.
namespace utakata::ecs {

struct ClusterRow {
  static constexpr std::string_view table_name = "ecs.clusters";
  str arn, name;
  bool active = true;
  list<str> capacity_providers;
  list<api::CapacityProviderStrategyItem> default_strategy;
  list<api::Tag> tags;
  list<api::ClusterSetting> settings;
  opt<api::ClusterConfiguration> configuration;
};

struct FamilyRow {
  static constexpr std::string_view table_name = "ecs.families";
  str name;
  i32 last_revision = 0;  // never used again
};

struct TaskDefinitionRow {
  static constexpr std::string_view table_name = "ecs.task_definitions";
  static constexpr std::size_t by_family = 0;
  str arn, family;
  i32 revision = 0;
  api::TaskDefinition definition;
  list<api::Tag> tags;
  i32 cpu = 0, memory_mib = 0;  // of the task, in numbers
};

struct DeploymentRow {
  str id;  // ecs-svc/...
  bool primary = false;
  str task_definition_arn;
  api::NetworkConfiguration network;
  list<api::LoadBalancer> load_balancers;
  Instant created_at, updated_at;
  OneOf<"IN_PROGRESS", "COMPLETED", "FAILED"> rollout;
  str rollout_reason;
  i32 failed_tasks = 0;  // in a row
  bool completed_once = false;
  bool is_rollback = false;  // of the circuit breaker, which does not judge its own work
};

/// Where a service's tasks are found by name (Cloud Map).
struct RegistryRow {
  str arn;
  opt<i32> port;  // of SRV records
};

struct ServiceRow {
  static constexpr std::string_view table_name = "ecs.services";
  static constexpr std::size_t by_cluster = 0;
  static constexpr std::size_t by_target_group = 1;  // of its first load balancer
  static constexpr std::size_t by_waiting = 2;       // "on-demand" or "spot": what the task is that could not be placed
  str arn, name, cluster_arn, cluster_name;
  OneOf<"ACTIVE", "DRAINING", "INACTIVE"> status;
  i32 desired = 0;
  opt<api::LaunchType> launch_type;
  list<api::CapacityProviderStrategyItem> strategy;
  i32 minimum_percent = 100, maximum_percent = 200;
  opt<api::DeploymentCircuitBreaker> breaker;
  i32 grace_seconds = 0;
  list<DeploymentRow> deployments;  // the primary first
  list<api::ServiceRegistry> registries;
  list<api::ServiceEvent> events;  // the newest first
  list<api::Tag> tags;
  opt<api::PropagateTags> propagate;
  opt<bool> enable_execute_command, managed_tags;
  str client_token;
  Instant created_at;
  bool steady = false;              // the steady state has been announced
  i32 place_failures = 0;           // in a row: the next try waits longer
  i32 new_failures = 0;             // starts that failed since the last look
  Instant try_again_at;             // placement or start was refused
  bool room_again = false;          // there may be room: one try before its time, which costs nothing if it fails
  Instant look_at;                  // a grace period ends
  bool held_by_protection = false;  // it would stop tasks that are protected
  str waiting = "no";
};

struct ContainerRow {
  str name, arn, image;
  opt<i32> exit_code;
  str status = "PENDING", reason, runtime_id, digest, health = "UNKNOWN";
  bool essential = true, checked = false, read_only_root = false;
  str cpu = "0", memory, memory_reservation;
  Instant signalled_at, killed_at, exited_at;
  Instant agent_started_at;  // of the task's execute command agent in it
};

struct RegisteredTarget {
  str target_group_arn;
  i32 port = 0;
};

struct TaskRow {
  static constexpr std::string_view table_name = "ecs.tasks";
  static constexpr std::size_t by_service = 0;  // service key, or ""
  static constexpr std::size_t by_cluster = 1;  // cluster name with its world
  static constexpr std::size_t by_arn = 2;
  static constexpr std::size_t by_target = 3;  // world/TARGET_GROUP_ARN ADDRESS of its first target
  str arn, id, cluster_arn, cluster_name, service_key, deployment_id;
  str task_definition_arn, family;
  str group, started_by, capacity_provider;
  bool spot = false, enable_execute_command = false;
  str last_status = "PROVISIONING", desired_status = "RUNNING";
  i64 version = 1;
  i32 cpu = 0, memory_mib = 0, storage_gib = 20;
  bool holds_capacity = false;
  InterfaceSpec network;
  str attachment_id, attachment_status = "PRECREATED";
  str availability_zone;
  api::TaskOverride overrides;
  list<api::Tag> tags;
  list<ContainerRow> containers;
  list<str> warnings;                     // what its host could not give it as asked
  list<RegisteredTarget> wanted_targets;  // to be registered when it runs
  bool registered = false;
  list<RegistryRow> registries;
  bool discovered = false;  // they have it
  Instant created_at, connectivity_at, pull_started_at, pull_stopped_at, started_at, stopping_at, execution_stopped_at,
      stopped_at;
  str stop_code, stopped_reason;
  bool stop_sent = false;
  Instant warned_at, deregistered_at, signal_at, kill_at, erase_at;  // signal_at, kill_at, erase_at are timers
  Instant protected_until;                                           // from scale-in and deployments; a timer
};

/// One setting of an account that is not as it comes.
struct AccountSettingRow {
  static constexpr std::string_view table_name = "ecs.account_settings";
  str value;
};

/// RunTask's client tokens, for a day.
struct TokenRow {
  static constexpr std::string_view table_name = "ecs.client_tokens";
  str request;  // its JSON, to tell the same from another
  list<str> task_keys;
  Instant until;
};

/// The session of a command in a container. Its token opens it once, until `until`; from then on it is open.
struct ExecSessionRow {
  static constexpr std::string_view table_name = "ecs.exec_sessions";
  static constexpr std::size_t by_id = 0;
  static constexpr std::size_t by_container = 1;
  str id, token_digest;
  str task_arn, container_arn, container;
  str command;
  str caller;  // the access key that asked for it
  opt<LogTarget> log;
  Instant opened_at, until;
};

/// The order of a Spot reclaim's event, deregistration and stop signal; it differs in the field (facts: ecs.md §6.1,
/// demand.md).
struct SpotSettingsRow {
  static constexpr std::string_view table_name = "ecs.spot_settings";
  OneOf<"together", "deregister-first", "signal-first", "legacy"> order;
  i32 lead_milliseconds = 2'000;  // of deregister-first and signal-first
};
inline constexpr std::string_view spot_settings_key = "spot-settings";

/// What this host offers beside room, as it said at its last start. For all worlds, under the key "host".
struct HostRow {
  static constexpr std::string_view table_name = "ecs.host";
  bool host_paths = false, efs = false, s3 = false;
};
inline constexpr std::string_view host_key = "host";
HostRow host_row(const Tx&);

void declare_tables(Schema&);

// Keys.
inline Key cluster_key(const World& w, std::string_view name) { return w.key("cluster/", name); }
inline Key family_key(const World& w, std::string_view name) { return w.key("family/", name); }
Key definition_key(const World&, std::string_view family, i32 revision);
inline Key service_key(const World& w, std::string_view cluster, std::string_view name) {
  return w.key("service/", cluster, "/", name);
}
inline Key task_key(const World& w, std::string_view cluster, std::string_view id) {
  return w.key("task/", cluster, "/", id);
}

}  // namespace utakata::ecs
