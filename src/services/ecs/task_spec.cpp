#include "services/ecs/task_spec.hpp"

#include <algorithm>

namespace utakata::ecs {
namespace {

const api::ContainerOverride* override_of(const TaskRow& task, const str& name) {
  if (!task.overrides.containerOverrides) return nullptr;
  for (const auto& each : *task.overrides.containerOverrides)
    if (each.name == opt<str>(name)) return &each;
  return nullptr;
}

void set_environment(ContainerSpec& spec, const opt<list<api::KeyValuePair>>& pairs) {
  if (!pairs) return;
  for (const auto& pair : *pairs) spec.environment[pair.name.value_or("")] = pair.value.value_or("");
}

ContainerSpec container_spec(const World& world, const TaskRow& task, const ContainerRow& row,
                             const api::ContainerDefinition& c) {
  ContainerSpec spec{.name = row.name, .arn = row.arn, .image = row.image};
  if (c.entryPoint && !c.entryPoint->empty()) spec.entry_point = *c.entryPoint;
  if (c.command && !c.command->empty()) spec.command = *c.command;
  set_environment(spec, c.environment);
  if (c.workingDirectory) spec.working_directory = *c.workingDirectory;
  if (c.user) spec.user = *c.user;
  spec.essential = c.essential.value_or(true);
  spec.read_only_root = c.readonlyRootFilesystem.value_or(false);
  spec.init_process = c.linuxParameters && c.linuxParameters->initProcessEnabled.value_or(false);
  spec.cpu = c.cpu.value_or(0);
  if (c.memory) spec.memory_mib = *c.memory;
  if (c.memoryReservation) spec.memory_reservation_mib = *c.memoryReservation;
  if (c.startTimeout) spec.start_timeout_seconds = *c.startTimeout;
  spec.stop_timeout_seconds = c.stopTimeout.value_or(30);
  if (c.dependsOn)
    for (const auto& d : *c.dependsOn) {
      ContainerDependencySpec dependency{.container = d.containerName};
      dependency.condition.index = d.condition.index;  // the same names in the same order
      spec.depends_on.push_back(dependency);
    }
  if (c.healthCheck)
    spec.health_check = HealthCheckSpec{.command = c.healthCheck->command,
                                        .interval_seconds = c.healthCheck->interval.value_or(30),
                                        .timeout_seconds = c.healthCheck->timeout.value_or(5),
                                        .retries = c.healthCheck->retries.value_or(3),
                                        .start_period_seconds = c.healthCheck->startPeriod.value_or(0)};
  if (c.ulimits)
    for (const auto& u : *c.ulimits)
      spec.ulimits.push_back({.name = str(u.name.name()), .soft = u.softLimit, .hard = u.hardLimit});
  if (c.mountPoints)
    for (const auto& m : *c.mountPoints)
      spec.mounts.push_back({.volume = m.sourceVolume.value_or(""),
                             .path = m.containerPath.value_or(""),
                             .read_only = m.readOnly.value_or(false)});
  if (c.portMappings)
    for (const auto& p : *c.portMappings)
      if (p.containerPort) spec.container_ports.push_back(*p.containerPort);
  if (c.logConfiguration && c.logConfiguration->logDriver == "awslogs") {
    const dict<str> options = c.logConfiguration->options.value_or(dict<str>{});
    const auto option = [&](const char* name) { return options.contains(name) ? options.at(name) : str(); };
    spec.log = LogTarget{.group = option("awslogs-group"),
                         .stream = cat(option("awslogs-stream-prefix"), "/", row.name, "/", task.id),
                         .region = option("awslogs-region").empty() ? world.region : option("awslogs-region")};
  }
  if (const api::ContainerOverride* changed = override_of(task, row.name)) {
    if (changed->command) spec.command = *changed->command;
    set_environment(spec, changed->environment);
    if (changed->cpu) spec.cpu = *changed->cpu;
    if (changed->memory) spec.memory_mib = *changed->memory;
  }
  return spec;
}

}  // namespace

TaskSpec task_spec(const World& world, const TaskRow& task, const TaskDefinitionRow& definition) {
  TaskSpec spec{.arn = task.arn,
                .id = task.id,
                .account = world.account,
                .region = world.region,
                .availability_zone = task.availability_zone,
                .cluster = task.cluster_name,
                .family = task.family,
                .revision = definition.revision,
                .cpu = task.cpu,
                .memory_mib = task.memory_mib,
                .network = task.network};
  const auto& containers = *definition.definition.containerDefinitions;
  for (const ContainerRow& row : task.containers) {
    const auto at = std::ranges::find(containers, opt<str>(row.name), &api::ContainerDefinition::name);
    if (at != containers.end()) spec.containers.push_back(container_spec(world, task, row, *at));
  }
  return spec;
}

}  // namespace utakata::ecs
