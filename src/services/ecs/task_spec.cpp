#include "services/ecs/task_spec.hpp"

#include <algorithm>
#include <set>

#include "services/ecs/container_check.hpp"
#include "services/ecs/find.hpp"
#include "services/sts/public.hpp"

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

void set_files(ContainerSpec& spec, const opt<list<api::EnvironmentFile>>& files) {
  if (!files) return;
  spec.environment_files.clear();
  for (const auto& each : *files)
    if (const auto file = environment_file(each.value)) spec.environment_files.push_back(*file);
}

void set_linux(ContainerSpec& spec, const api::LinuxParameters& wanted) {
  spec.init_process = wanted.initProcessEnabled.value_or(false);
  if (wanted.capabilities) {
    spec.added_capabilities = wanted.capabilities->add.value_or(list<str>{});
    spec.dropped_capabilities = wanted.capabilities->drop.value_or(list<str>{});
  }
  if (wanted.sharedMemorySize) spec.shared_memory_mib = *wanted.sharedMemorySize;
  if (wanted.tmpfs)
    for (const auto& each : *wanted.tmpfs)
      spec.tmpfs.push_back(
          {.path = each.containerPath, .size_mib = each.size, .options = each.mountOptions.value_or(list<str>{})});
}

void set_order(ContainerSpec& spec, const api::ContainerDefinition& c) {
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
  if (c.restartPolicy && c.restartPolicy->enabled)
    spec.restart = RestartSpec{.ignored_exit_codes = c.restartPolicy->ignoredExitCodes.value_or(list<i32>{}),
                               .attempt_period_seconds = c.restartPolicy->restartAttemptPeriod.value_or(300)};
}

const api::ContainerDefinition* find(const api::TaskDefinition& definition, const str& name) {
  const auto& all = *definition.containerDefinitions;
  const auto at = std::ranges::find(all, opt<str>(name), &api::ContainerDefinition::name);
  return at == all.end() ? nullptr : &*at;
}

// The mounts of the containers that `volumesFrom` names come before its own: a path of its own wins.
void add_mounts(list<MountSpec>& mounts, const api::TaskDefinition& definition, const api::ContainerDefinition& c,
                bool read_only, std::set<str>& seen) {
  if (!seen.insert(*c.name).second) return;
  if (c.volumesFrom)
    for (const auto& from : *c.volumesFrom)
      if (const auto* source = find(definition, from.sourceContainer.value_or("")); source != nullptr)
        add_mounts(mounts, definition, *source, read_only || from.readOnly.value_or(false), seen);
  if (!c.mountPoints) return;
  for (const auto& m : *c.mountPoints) {
    const str path = m.containerPath.value_or("");
    std::erase_if(mounts, [&](const MountSpec& other) { return other.path == path; });
    mounts.push_back(
        {.volume = m.sourceVolume.value_or(""), .path = path, .read_only = read_only || m.readOnly.value_or(false)});
  }
}

void apply(const api::ContainerOverride& changed, ContainerSpec& spec) {
  if (changed.command) spec.command = *changed.command;
  set_environment(spec, changed.environment);
  set_files(spec, changed.environmentFiles);
  if (changed.cpu) spec.cpu = *changed.cpu;
  if (changed.memory) spec.memory_mib = *changed.memory;
  if (changed.memoryReservation) spec.memory_reservation_mib = *changed.memoryReservation;
}

ContainerSpec container_spec(const TaskRow& task, const ContainerRow& row, const api::TaskDefinition& definition,
                             const api::ContainerDefinition& c) {
  ContainerSpec spec{.name = row.name, .arn = row.arn, .image = row.image};
  if (c.entryPoint && !c.entryPoint->empty()) spec.entry_point = *c.entryPoint;
  if (c.command && !c.command->empty()) spec.command = *c.command;
  set_environment(spec, c.environment);
  set_files(spec, c.environmentFiles);
  if (c.dockerLabels) spec.labels = *c.dockerLabels;
  if (c.systemControls)
    for (const auto& each : *c.systemControls)
      spec.system_controls[each.namespace_.value_or("")] = each.value.value_or("");
  if (c.workingDirectory) spec.working_directory = *c.workingDirectory;
  if (c.user) spec.user = *c.user;
  spec.essential = c.essential.value_or(true);
  spec.read_only_root = c.readonlyRootFilesystem.value_or(false);
  spec.interactive = c.interactive.value_or(false);
  if (c.linuxParameters) set_linux(spec, *c.linuxParameters);
  spec.cpu = c.cpu.value_or(0);
  if (c.memory) spec.memory_mib = *c.memory;
  if (c.memoryReservation) spec.memory_reservation_mib = *c.memoryReservation;
  set_order(spec, c);
  if (c.ulimits)
    for (const auto& u : *c.ulimits)
      spec.ulimits.push_back({.name = str(u.name.name()), .soft = u.softLimit, .hard = u.hardLimit});
  std::set<str> seen;
  add_mounts(spec.mounts, definition, c, false, seen);
  if (c.portMappings)
    for (const auto& p : *c.portMappings)
      if (p.containerPort) spec.container_ports.push_back(*p.containerPort);
  if (const api::ContainerOverride* changed = override_of(task, row.name)) apply(*changed, spec);
  return spec;
}

list<VolumeSpec> volumes_of(const api::TaskDefinition& definition) {
  list<VolumeSpec> volumes;
  if (!definition.volumes) return volumes;
  for (const auto& each : *definition.volumes) {
    VolumeSpec volume{.name = each.name.value_or("")};
    if (each.host) volume.host_path = each.host->sourcePath.value_or("");
    if (each.efsVolumeConfiguration)
      volume.efs = EfsSpec{.file_system_id = each.efsVolumeConfiguration->fileSystemId,
                           .root_directory = each.efsVolumeConfiguration->rootDirectory.value_or("/")};
    volumes.push_back(std::move(volume));
  }
  return volumes;
}

}  // namespace

str role_of(const TaskRow& task, const TaskDefinitionRow& definition) {
  return task.overrides.taskRoleArn.value_or(definition.definition.taskRoleArn.value_or(""));
}

TaskSpec task_spec(const World& world, const TaskRow& task, const TaskDefinitionRow& definition) {
  TaskSpec spec{.arn = task.arn,
                .id = task.id,
                .account = world.account,
                .region = world.region,
                .availability_zone = task.availability_zone,
                .cluster = task.cluster_name,
                .service = task.service_key.empty() ? str() : short_name(task.service_key),
                .role_arn = {},
                .family = task.family,
                .revision = definition.revision,
                .cpu = task.cpu,
                .memory_mib = task.memory_mib,
                .network = task.network,
                .volumes = volumes_of(definition.definition),
                .shared_processes = bool(definition.definition.pidMode)};
  if (const str role = role_of(task, definition); !role.empty()) spec.role_arn = sts::role_arn(world.account, role);
  const auto& storage =
      task.overrides.ephemeralStorage ? task.overrides.ephemeralStorage : definition.definition.ephemeralStorage;
  if (storage) spec.storage_gib = storage->sizeInGiB;
  for (const ContainerRow& row : task.containers)
    if (const auto* c = find(definition.definition, row.name); c != nullptr)
      spec.containers.push_back(container_spec(task, row, definition.definition, *c));
  return spec;
}

}  // namespace utakata::ecs
