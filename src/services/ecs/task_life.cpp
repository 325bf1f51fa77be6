#include "services/ecs/task_life.hpp"
#include "services/ecs/discovery.hpp"

#include <algorithm>

#include "core/effect.hpp"
#include "market/market.hpp"
#include "services/ec2/public.hpp"
#include "services/ecs/errors.hpp"
#include "services/ecs/events.hpp"
#include "services/ecs/find.hpp"
#include "services/ecs/secrets.hpp"
#include "services/ecs/task_logs.hpp"
#include "services/ecs/task_spec.hpp"
#include "services/elb/public.hpp"
#include "services/logs/public.hpp"
#include "services/sts/public.hpp"

namespace utakata::ecs {
namespace {

constexpr Duration visible_after_stop = hours(1);
constexpr Duration spot_warning = seconds(120);
// "together": the balancer has heard of the deregistration before the container hears its signal, and hardly more.
constexpr Duration same_breath = milliseconds(50);

market::Purchase purchase_of(const TaskRow& task) {
  return task.spot ? market::Purchase::spot : market::Purchase::on_demand;
}
market::Amount amount_of(const TaskRow& task) { return {task.cpu, task.memory_mib}; }

void mark_service(Tx& tx, const TaskRow& task) {
  if (!task.service_key.empty()) tx.mark("ecs.service", task.service_key);
}

const TaskDefinitionRow* definition_of(const Tx& tx, const World& world, const TaskRow& task) {
  const str name = short_name(task.task_definition_arn);
  const std::size_t colon = name.rfind(':');
  return tx.find<TaskDefinitionRow>(definition_key(
      world, name.substr(0, colon), static_cast<i32>(parse_integer(name.substr(colon + 1)).value_or(0))));
}

void send_start(Tx& tx, const World& world, const TaskRow& task) {
  const TaskDefinitionRow* definition = definition_of(tx, world, task);
  if (definition == nullptr) return;
  StartTask start{.spec = task_spec(world, task, *definition)};
  fill_secrets(tx, world, *definition, start.spec);
  fill_logs(tx, world, definition->definition, start.spec);
  tx.emit(std::move(start));
}

void register_targets(Tx& tx, const World& world, TaskRow& task) {
  if (task.registered || task.wanted_targets.empty()) return;
  task.registered = true;
  for (const RegisteredTarget& target : task.wanted_targets)
    static_cast<void>(elb::register_target(tx, world, target.target_group_arn, task.network.address, target.port));
}

void deregister_targets(Tx& tx, const World& world, TaskRow& task) {
  leave_registries(tx, world, task);
  if (!task.registered || task.deregistered_at.set()) return;
  task.deregistered_at = tx.now();
  for (const RegisteredTarget& target : task.wanted_targets)
    elb::deregister_target(tx, world, target.target_group_arn, task.network.address, target.port);
}

bool drained(const Tx& tx, const World& world, const TaskRow& task) {
  if (!task.registered) return true;
  return std::ranges::all_of(task.wanted_targets, [&](const RegisteredTarget& target) {
    const elb::TargetView view = elb::target(tx, world, target.target_group_arn, task.network.address, target.port);
    return view.state.empty() || view.state == "unused" || view.idle;
  });
}

void send_stop(Tx& tx, const World& world, TaskRow& task) {
  task.signal_at = {};
  if (task.stop_sent || task.last_status == "STOPPED") return;
  task.stop_sent = true;
  task.last_status = "STOPPING";
  tx.emit(StopTask{.task_arn = task.arn});
  publish_task(tx, world, task);
}

// The stop signal goes out when the load balancer has let go of the task.
void continue_stopping(Tx& tx, const World& world, TaskRow& task) {
  if (task.stop_sent || task.warned_at.set() || task.desired_status != "STOPPED") return;
  if (drained(tx, world, task)) send_stop(tx, world, task);
}

void release(Tx& tx, const World& world, TaskRow& task) {
  if (!task.network.interface_id.empty()) {
    ec2::delete_interface(tx, world, task.network.interface_id);
    task.network.interface_id.clear();
  }
  task.attachment_status = "DELETED";
  if (std::exchange(task.holds_capacity, false)) market::give_back(tx, purchase_of(task), amount_of(task));
}

void finish(Tx& tx, const World& world, TaskRow& task, Instant stopped_at) {
  deregister_targets(tx, world, task);
  task.desired_status = "STOPPED";
  if (!task.stopping_at.set()) task.stopping_at = tx.now();
  task.last_status = "DEPROVISIONING";
  publish_task(tx, world, task);
  release(tx, world, task);
  for (ContainerRow& each : task.containers) each.status = "STOPPED";
  task.last_status = "STOPPED";
  // The host says when it ended; what was noted here when that was heard of comes no later than it.
  const Instant ended = stopped_at.set() ? stopped_at : tx.now();
  task.stopped_at = std::max({ended, task.created_at, task.stopping_at, task.execution_stopped_at});
  task.signal_at = task.kill_at = task.protected_until = {};
  sts::end_sessions(tx, task.arn);
  task.erase_at = tx.now() + visible_after_stop;
  publish_task(tx, world, task);
  const bool failed_start = !task.started_at.set() && task.stop_code == "TaskFailedToStart";
  if (failed_start && !task.service_key.empty())
    tx.update<ServiceRow>(task.service_key, [](ServiceRow& row) { ++row.new_failures; });
  mark_service(tx, task);
}

ContainerRow container_row(Tx& tx, const World& world, const ClusterRow& cluster, const str& task_id,
                           const api::ContainerDefinition& c) {
  ContainerRow row{.name = *c.name,
                   .arn = arn_of(world, cat("container/", cluster.name, "/", task_id, "/", tx.uuid())),
                   .image = *c.image,
                   .essential = c.essential.value_or(true),
                   .checked = bool(c.healthCheck),
                   .read_only_root = c.readonlyRootFilesystem.value_or(false),
                   .cpu = cat(c.cpu.value_or(0))};
  if (c.memory) row.memory = cat(*c.memory);
  if (c.memoryReservation) row.memory_reservation = cat(*c.memoryReservation);
  return row;
}

// Where a container's row is told by the runtime; true if anything that callers see has changed.
bool take_container(ContainerRow& row, const ContainerState& state, Instant now) {
  const ContainerRow before = row;
  row.status = state.status.name();
  if (row.status == "RUNNING" && before.status != "RUNNING") row.agent_started_at = now;
  if (state.exit_code) row.exit_code = *state.exit_code;
  if (!state.reason.empty()) row.reason = state.reason;
  if (!state.runtime_id.empty()) row.runtime_id = state.runtime_id;
  if (!state.image_digest.empty()) row.digest = state.image_digest;
  row.health = state.health.name();
  row.signalled_at = state.signalled_at;
  row.killed_at = state.killed_at;
  row.exited_at = state.exited_at;
  return row.status != before.status || row.exit_code != before.exit_code || row.reason != before.reason ||
         row.health != before.health || row.runtime_id != before.runtime_id;
}

// The first report of a task's end that the core did not ask for says why it ended.
void take_reason(TaskRow& task, const TaskReport& report) {
  if (!task.stop_code.empty() || report.stop_code == "") return;
  task.stop_code = report.stop_code.name();
  task.stopped_reason = report.reason;
}

// A task that has been given up and runs nevertheless is ended. Such a report may also be late, and then this does
// nothing.
void end_if_alive(Tx& tx, const TaskReport& report) {
  if (report.status != "STOPPED") tx.emit(KillTask{.task_arn = report.task_arn});
}

void take(Tx& tx, const Key& key, const TaskReport& report) {
  TaskRow task = *tx.find<TaskRow>(key);
  if (task.last_status == "STOPPED") return end_if_alive(tx, report);
  const World world = world_of(key);
  bool changed = false;
  for (const ContainerState& state : report.containers) {
    const auto row = std::ranges::find(task.containers, state.name, &ContainerRow::name);
    if (row != task.containers.end()) changed = take_container(*row, state, tx.now()) || changed;
  }
  if (report.pull_started_at.set()) task.pull_started_at = report.pull_started_at;
  if (report.pull_stopped_at.set()) task.pull_stopped_at = report.pull_stopped_at;
  if (!report.warnings.empty()) task.warnings = report.warnings;
  const bool alive = task.desired_status == "RUNNING";
  if (report.status == "PENDING" && alive && task.last_status == "PROVISIONING") {
    task.last_status = "PENDING";
    task.attachment_status = "ATTACHED";
    task.connectivity_at = tx.now();
    changed = true;
  } else if (report.status == "RUNNING" && alive && task.last_status != "RUNNING") {
    task.last_status = "RUNNING";
    task.attachment_status = "ATTACHED";
    if (!task.connectivity_at.set()) task.connectivity_at = tx.now();
    task.started_at = report.started_at.set() ? report.started_at : tx.now();
    register_targets(tx, world, task);
    enter_registries(tx, world, task);
    changed = true;
  } else if (report.status == "STOPPING" && alive) {
    take_reason(task, report);
    task.desired_status = "STOPPED";
    task.stopping_at = task.execution_stopped_at = tx.now();
    deregister_targets(tx, world, task);
    changed = true;
  }
  if (report.status == "STOPPED") {
    take_reason(task, report);
    if (task.stop_code.empty() && alive) {
      task.stop_code = task.started_at.set() ? "EssentialContainerExited" : "TaskFailedToStart";
      task.stopped_reason = report.reason.empty() ? str("The task is not known to its host any more") : report.reason;
    }
    if (!task.execution_stopped_at.set()) task.execution_stopped_at = tx.now();
    finish(tx, world, task, report.stopped_at);
  } else if (changed) {
    publish_task(tx, world, task);
  }
  if (changed || report.status == "STOPPED") mark_service(tx, task);
  tx.put(key, std::move(task));
}

}  // namespace

str task_role(const Tx& tx, const World& world, const TaskRow& task) {
  const TaskDefinitionRow* definition = definition_of(tx, world, task);
  return definition != nullptr ? role_of(task, *definition) : str();
}

Outcome<Key> place_task(Tx& tx, const World& world, const TaskPlan& plan) {
  const TaskDefinitionRow& definition = *plan.definition;
  TaskRow task{.cluster_arn = plan.cluster->arn,
               .cluster_name = plan.cluster->name,
               .service_key = plan.service_key,
               .deployment_id = plan.deployment_id,
               .task_definition_arn = definition.arn,
               .family = definition.family,
               .group = plan.group,
               .started_by = plan.started_by,
               .capacity_provider = plan.capacity_provider,
               .spot = plan.capacity_provider == "FARGATE_SPOT",
               .enable_execute_command = plan.enable_execute_command,
               .cpu = plan.cpu > 0 ? plan.cpu : definition.cpu,
               .memory_mib = plan.memory_mib > 0 ? plan.memory_mib : definition.memory_mib,
               .overrides = plan.overrides,
               .tags = plan.tags,
               .created_at = tx.now()};
  const auto& storage =
      plan.overrides.ephemeralStorage ? plan.overrides.ephemeralStorage : definition.definition.ephemeralStorage;
  if (storage) task.storage_gib = storage->sizeInGiB;
  task.id = tx.random_hex(32);
  task.arn = arn_of(world, cat("task/", task.cluster_name, "/", task.id));
  task.attachment_id = tx.uuid();
  const list<str>& subnets = plan.network->subnets;
  const str& subnet = subnets[plan.zone_turn % subnets.size()];
  task.availability_zone = TRY(ec2::subnet(tx, world, subnet))
  .availability_zone;
  if (!market::take(tx, purchase_of(task), amount_of(task)))
    return refuse("CapacityUnavailable",
                  "Capacity is unavailable at this time. Please try again later or in a different availability zone");
  task.holds_capacity = true;
  auto interface = ec2::create_interface(
      tx, world,
      {.subnet_id = subnet,
       .security_groups = plan.network->securityGroups.value_or(list<str>{}),
       .description = arn_of(world, cat("attachment/", task.attachment_id)),
       .public_address = plan.network->assignPublicIp && *plan.network->assignPublicIp == "ENABLED"});
  if (!interface) {
    market::give_back(tx, purchase_of(task), amount_of(task));
    return std::unexpected(interface.error());
  }
  task.network = *std::move(interface);
  for (const auto& c : *definition.definition.containerDefinitions) {
    task.containers.push_back(container_row(tx, world, *plan.cluster, task.id, c));
    for (const api::LoadBalancer& balancer : plan.load_balancers)
      if (balancer.containerName == c.name && balancer.targetGroupArn && balancer.containerPort)
        task.wanted_targets.push_back({*balancer.targetGroupArn, *balancer.containerPort});
  }
  task.registries = registries_of(plan.registries);
  send_start(tx, world, task);
  publish_task(tx, world, task);
  task.version = 1;
  const Key key = task_key(world, task.cluster_name, task.id);
  tx.put(key, std::move(task));
  return key;
}

void stop_task(Tx& tx, const Key& key, std::string_view code, const str& reason) {
  const TaskRow* known = tx.find<TaskRow>(key);
  if (known == nullptr || known->desired_status == "STOPPED") return;
  const World world = world_of(key);
  TaskRow task = *known;
  task.desired_status = "STOPPED";
  task.stop_code = code;
  task.stopped_reason = reason;
  task.stopping_at = tx.now();
  publish_task(tx, world, task);
  leave_registries(tx, world, task);
  if (task.registered) {
    task.last_status = "DEACTIVATING";
    deregister_targets(tx, world, task);
    publish_task(tx, world, task);
  }
  continue_stopping(tx, world, task);
  mark_service(tx, task);
  tx.put(key, std::move(task));
}

void reclaim_task(Tx& tx, const Key& key) {
  const TaskRow* known = tx.find<TaskRow>(key);
  if (known == nullptr || known->desired_status == "STOPPED") return;
  const World world = world_of(key);
  const SpotSettingsRow* row = tx.find<SpotSettingsRow>(spot_settings_key);
  const SpotSettingsRow settings = row != nullptr ? *row : SpotSettingsRow{};
  const Duration lead = milliseconds(settings.lead_milliseconds);
  TaskRow task = *known;
  task.desired_status = "STOPPED";
  task.stop_code = "SpotInterruption";
  task.stopped_reason = "Your Spot Task was interrupted.";
  task.stopping_at = task.warned_at = tx.now();
  task.kill_at = tx.now() + spot_warning;
  publish_task(tx, world, task);
  if (settings.order == "together" || settings.order == "deregister-first") {
    if (task.registered) task.last_status = "DEACTIVATING";
    deregister_targets(tx, world, task);
    task.signal_at = tx.now() + (settings.order == "together" ? same_breath : lead);
  } else {
    // The signal first: deregistration follows after the lead, or only when the task has stopped (legacy).
    send_stop(tx, world, task);
    if (settings.order == "signal-first") task.signal_at = tx.now() + lead;
  }
  mark_service(tx, task);
  tx.put(key, std::move(task));
}

void task_due(Tx& tx, const Key& key) {
  TaskRow task = *tx.find<TaskRow>(key);
  const World world = world_of(key);
  if (task.erase_at.set() && task.erase_at <= tx.now()) {
    return tx.erase<TaskRow>(key);
  }
  if (task.protected_until.set() && task.protected_until <= tx.now()) {
    task.protected_until = {};
    mark_service(tx, task);
  }
  if (task.kill_at.set() && task.kill_at <= tx.now()) {
    task.kill_at = {};
    tx.emit(KillTask{.task_arn = task.arn});
  }
  if (task.signal_at.set() && task.signal_at <= tx.now()) {
    task.signal_at = {};
    deregister_targets(tx, world, task);
    send_stop(tx, world, task);
  }
  tx.put(key, std::move(task));
}

void take_task_report(Tx& tx, const Report& report) {
  const auto& task = std::get<TaskReport>(report);
  const std::vector<Key> keys = tx.where<TaskRow>(TaskRow::by_arn, task.task_arn);
  if (keys.empty()) return end_if_alive(tx, task);
  for (const Key& key : keys) take(tx, key, task);
}

void take_inventory(Tx& tx, const Report& report) {
  const auto& inventory = std::get<InventoryReport>(report);
  std::map<str, const TaskReport*> known;
  for (const TaskReport& task : inventory.tasks) {
    known[task.task_arn] = &task;
    const std::vector<Key> keys = tx.where<TaskRow>(TaskRow::by_arn, task.task_arn);
    if (keys.empty() || tx.find<TaskRow>(keys.front())->last_status == "STOPPED") end_if_alive(tx, task);
  }
  const str reason = inventory.stopped_by_platform ? "The platform was stopped" : "Host was restarted";
  list<Key> living;
  tx.each<TaskRow>("", [&](const Key& key, const TaskRow& row) {
    if (row.last_status != "STOPPED") living.push_back(key);
  });
  for (const Key& key : living) {
    const TaskRow& row = *tx.find<TaskRow>(key);
    const auto at = known.find(row.arn);
    if (at != known.end())
      take(tx, key, *at->second);
    else if (row.started_at.set() || row.desired_status == "STOPPED")
      take(tx, key, TaskReport{.task_arn = row.arn, .status = "STOPPED", .reason = reason});
  }
}

void target_changed(Tx& tx, const Fact& fact) {
  const World world = world_of(fact.key);
  const str address = fact.body.substr(0, fact.body.find(':'));
  const str group(local_part(fact.key));
  for (const Key& key : tx.where<TaskRow>(TaskRow::by_target, cat(group, " ", address))) {
    if (world_of(key) != world) continue;
    TaskRow task = *tx.find<TaskRow>(key);
    if (task.last_status == "STOPPED") continue;
    mark_service(tx, task);
    if (task.desired_status != "STOPPED" || task.stop_sent) continue;
    continue_stopping(tx, world, task);
    tx.put(key, std::move(task));
  }
}

void recover_tasks(Tx& tx) {
  list<Key> living;
  tx.each<TaskRow>("", [&](const Key& key, const TaskRow& row) {
    if (row.last_status != "STOPPED") living.push_back(key);
  });
  for (const Key& key : living) {
    const TaskRow& task = *tx.find<TaskRow>(key);
    if (task.desired_status == "RUNNING")
      send_start(tx, world_of(key), task);
    else if (task.stop_sent)
      tx.emit(StopTask{.task_arn = task.arn});
  }
}

}  // namespace utakata::ecs
