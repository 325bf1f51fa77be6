#include "services/ecs/definition_check.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "services/ecs/container_check.hpp"
#include "services/ecs/errors.hpp"
#include "services/ecs/task_definition_ops.hpp"

namespace utakata::ecs {
namespace {

struct SizeRow {
  i32 cpu, least_mib, most_mib, step_mib;
};
constexpr std::array<SizeRow, 7> sizes{{{256, 512, 2048, 0},
                                        {512, 1024, 4096, 1024},
                                        {1024, 2048, 8192, 1024},
                                        {2048, 4096, 16384, 1024},
                                        {4096, 8192, 30720, 1024},
                                        {8192, 16384, 61440, 4096},
                                        {16384, 32768, 122880, 8192}}};
constexpr i32 containers_max = 10;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// "0.25 vCPU" and "256"; "0.5 GB" and "512": `unit` is how many small units one large has.
std::optional<i32> quantity(std::string_view text, std::string_view large_unit, i32 unit) {
  const str lower = to_lower(trim(text));
  if (!lower.ends_with(large_unit)) {
    const auto n = parse_integer(lower);
    return n && *n > 0 && *n < (1 << 24) ? std::optional(static_cast<i32>(*n)) : std::nullopt;
  }
  const str number(trim(std::string_view(lower).substr(0, lower.size() - large_unit.size())));
  const std::size_t dot = number.find('.');
  const auto whole = dot == 0 ? std::optional<i64>(0) : parse_integer(number.substr(0, dot));
  if (!whole || *whole > 1000) return {};
  i64 value = *whole * unit;
  if (dot != str::npos) {
    str fraction = number.substr(dot + 1, 4);
    const auto digits = parse_integer(fraction);
    if (!digits) return {};
    i64 scale = 1;
    for (std::size_t i = 0; i < fraction.size(); ++i) scale *= 10;
    value += *digits * unit / scale;
  }
  return value > 0 ? std::optional(static_cast<i32>(value)) : std::nullopt;
}

bool size_fits(i32 cpu, i32 memory) {
  for (const SizeRow& row : sizes) {
    if (row.cpu != cpu || memory < row.least_mib || memory > row.most_mib) continue;
    return row.step_mib == 0 ? memory == 512 || memory == 1024 || memory == 2048 : memory % row.step_mib == 0;
  }
  return false;
}

Outcome<> check_dependencies(const list<api::ContainerDefinition>& containers) {
  std::set<str> names;
  for (const auto& c : containers) names.insert(*c.name);
  for (const auto& c : containers) {
    if (!c.dependsOn) continue;
    for (const auto& d : *c.dependsOn) {
      if (!names.contains(d.containerName))
        return client_fault(
            cat("Container '", *c.name, "' depends on container '", d.containerName, "', which is not defined."));
      const auto on = std::ranges::find(containers, opt<str>(d.containerName), &api::ContainerDefinition::name);
      const bool ends = d.condition == "COMPLETE" || d.condition == "SUCCESS";
      if (ends && on->essential.value_or(true))
        return client_fault(cat("A dependency on an essential container '", d.containerName,
                                "' cannot have the condition ", d.condition.name(), "."));
      if (d.condition == "HEALTHY" && !on->healthCheck)
        return client_fault(
            cat("Container '", d.containerName, "' must have a health check to be depended on as HEALTHY."));
    }
  }
  // Without a container whose dependencies are all settled, the rest is a circle.
  std::set<str> settled;
  for (std::size_t before = names.size() + 1; settled.size() != before;) {
    before = settled.size();
    for (const auto& c : containers)
      if (!c.dependsOn ||
          std::ranges::all_of(*c.dependsOn, [&](const auto& d) { return settled.contains(d.containerName); }))
        settled.insert(*c.name);
  }
  if (settled.size() != names.size()) return client_fault("Container dependencies must not be circular.");
  return {};
}

Outcome<> check_volume(const api::Volume& volume, const HostRow& host) {
  const str name = volume.name.value_or("");
  if (name.empty() || name.size() > 255 || !std::ranges::all_of(name, is_name_character))
    return client_fault(
        cat("Volume '", name.substr(0, 255), "': a name has letters, numbers, hyphens and underscores, up to 255."));
  const auto unsupported = [&](std::string_view what) {
    return client_fault(cat("Fargate compatible task definitions do not support ", what));
  };
  if (volume.host && volume.host->sourcePath && !volume.host->sourcePath->empty()) {
    if (!host.host_paths) return unsupported("sourcePath");
    if (!volume.host->sourcePath->starts_with('/'))
      return client_fault(cat("Volume '", name, "': host.sourcePath must be an absolute path."));
  }
  if (volume.dockerVolumeConfiguration) return unsupported("dockerVolumeConfiguration");
  if (volume.fsxWindowsFileServerVolumeConfiguration) return unsupported("fsxWindowsFileServerVolumeConfiguration");
  if (volume.s3filesVolumeConfiguration)
    return client_fault(cat("Volume '", name, "': s3filesVolumeConfiguration is not served."));
  if (volume.configuredAtLaunch.value_or(false))
    return client_fault(cat("Volume '", name, "': configuredAtLaunch (EBS volumes) is not served."));
  if (!volume.efsVolumeConfiguration) return {};
  const api::EFSVolumeConfiguration& efs = *volume.efsVolumeConfiguration;
  if (!host.efs)
    return client_fault(cat("Volume '", name,
                            "': efsVolumeConfiguration needs a directory that stands in for EFS: utakata serve --efs "
                            "DIR, with a folder DIR/FILE-SYSTEM-ID."));
  if (!efs.fileSystemId.starts_with("fs-") || !std::ranges::all_of(efs.fileSystemId, is_name_character))
    return client_fault(cat("Volume '", name, "': '", efs.fileSystemId, "' is not the id of a file system."));
  if (efs.authorizationConfig && efs.authorizationConfig->accessPointId)
    return client_fault(cat("Volume '", name, "': authorizationConfig.accessPointId is not served."));
  return {};
}

Outcome<> check_volumes(const api::RegisterTaskDefinitionRequest& request, const HostRow& host) {
  std::set<str> names;
  if (request.volumes)
    for (const auto& volume : *request.volumes) {
      TRY_VOID(check_volume(volume, host));
      if (!names.insert(*volume.name).second) return client_fault(cat("Volume '", *volume.name, "' is there twice."));
    }
  for (const auto& c : request.containerDefinitions) {
    if (c.mountPoints)
      for (const auto& mount : *c.mountPoints) {
        if (!names.contains(mount.sourceVolume.value_or("")))
          return client_fault(
              cat("Container '", *c.name, "': unknown volume '", mount.sourceVolume.value_or(""), "'."));
        if (!mount.containerPath.value_or("").starts_with('/'))
          return client_fault(cat("Container '", *c.name, "': mountPoints.containerPath must be an absolute path."));
      }
    if (!c.volumesFrom) continue;
    for (const auto& from : *c.volumesFrom) {
      const str source = from.sourceContainer.value_or("");
      const bool known = std::ranges::find(request.containerDefinitions, opt<str>(source),
                                           &api::ContainerDefinition::name) != request.containerDefinitions.end();
      if (!known || source == *c.name)
        return client_fault(cat("Container '", *c.name, "': volumesFrom: unknown container '", source, "'."));
    }
  }
  return {};
}

Outcome<> check_modes(const api::RegisterTaskDefinitionRequest& request, bool fargate) {
  if (fargate && (!request.networkMode || *request.networkMode != "awsvpc"))
    return client_fault("Fargate only supports network mode 'awsvpc'.");
  if (fargate) TRY(fargate_size(request.cpu, request.memory));
  if (request.pidMode && *request.pidMode == "host")
    return client_fault(
        "Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is "
        "'task'.");
  if (request.ipcMode) return client_fault("Tasks using the Fargate launch type do not support ipcMode.");
  if (request.placementConstraints && !request.placementConstraints->empty())
    return client_fault("Fargate compatible task definitions do not support placementConstraints");
  if (request.inferenceAccelerators && !request.inferenceAccelerators->empty())
    return client_fault("Fargate compatible task definitions do not support inferenceAccelerators");
  if (request.proxyConfiguration) return client_fault("proxyConfiguration is not served.");
  return check_storage(request.ephemeralStorage);
}

// A secret can only be fetched by somebody, and on Fargate the logs are sent by somebody, too.
Outcome<> check_role(const api::RegisterTaskDefinitionRequest& request, bool fargate) {
  const bool secrets =
      std::ranges::any_of(request.containerDefinitions, [](const auto& c) { return c.secrets && !c.secrets->empty(); });
  if (secrets && !request.executionRoleArn)
    return client_fault(
        "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.");
  const bool logs =
      std::ranges::any_of(request.containerDefinitions, [](const auto& c) { return c.logConfiguration.has; });
  if (fargate && logs && !request.executionRoleArn)
    return client_fault("Fargate requires task definition to have execution role ARN to support log driver awslogs.");
  return {};
}

}  // namespace

Outcome<> check_storage(const opt<api::EphemeralStorage>& storage) {
  if (storage && storage->sizeInGiB < 21) return client_fault("EphemeralStorage size should be at least 21");
  if (storage && storage->sizeInGiB > 200) return client_fault("EphemeralStorage size should be at most 200");
  return {};
}

Outcome<> check_shares(const list<api::ContainerDefinition>& containers, i32 task_cpu, i32 task_memory_mib) {
  i64 cpu = 0;
  i64 memory = 0;
  for (const auto& c : containers) {
    cpu += c.cpu.value_or(0);
    memory += c.memoryReservation ? *c.memoryReservation : c.memory.value_or(0);
    if (c.memory && *c.memory > task_memory_mib)
      return client_fault(cat("Invalid setting for container '", *c.name, "'. Its memory of ", *c.memory,
                              " MiB is more than the ", task_memory_mib, " MiB of the task."));
  }
  if (cpu > task_cpu)
    return client_fault(
        cat("Invalid 'cpu' setting for task: its containers ask for ", cpu, " units and it has ", task_cpu, "."));
  if (memory > task_memory_mib)
    return client_fault(cat("Invalid 'memory' setting for task: its containers ask for ", memory, " MiB and it has ",
                            task_memory_mib, "."));
  return {};
}

Outcome<TaskSize> fargate_size(const opt<str>& cpu, const opt<str>& memory) {
  const auto units = cpu ? quantity(*cpu, "vcpu", 1024) : std::nullopt;
  if (!units)
    return client_fault(
        "Invalid 'cpu' setting for task. For more information, see the Troubleshooting section of the Amazon ECS "
        "Developer Guide.");
  const auto mib = memory ? quantity(*memory, "gb", 1024) : std::nullopt;
  if (!mib || !size_fits(*units, *mib)) return client_fault("No Fargate configuration exists for given values.");
  return TaskSize{*units, *mib};
}

Outcome<> check_definition(const api::RegisterTaskDefinitionRequest& request, const HostRow& host) {
  if (request.family.empty() || request.family.size() > 255 || !std::ranges::all_of(request.family, is_name_character))
    return client_fault(
        "Family contains invalid characters. It may have letters, numbers, hyphens and underscores, up to 255.");
  if (request.containerDefinitions.empty()) return client_fault("Container list cannot be empty.");
  if (request.containerDefinitions.size() > containers_max)
    return client_fault("Too many containers: the limit is 10 per task definition.");
  const list<api::Compatibility> compatibilities = request.requiresCompatibilities.value_or(list<api::Compatibility>{});
  const bool fargate = std::ranges::find(compatibilities, api::Compatibility("FARGATE")) != compatibilities.end();
  TRY_VOID(check_modes(request, fargate));
  bool essential = false;
  std::set<str> names;
  for (const auto& c : request.containerDefinitions) {
    TRY_VOID(check_container(c, fargate, host));
    if (!names.insert(*c.name).second) return client_fault("Container definitions should not have duplicate names.");
    essential = essential || c.essential.value_or(true);
    if (!fargate && !request.memory && !c.memory && !c.memoryReservation)
      return client_fault(cat("Invalid setting for container '", *c.name,
                              "'. At least one of 'memory' or 'memoryReservation' must be specified."));
  }
  if (!essential) return client_fault("A task definition must have at least one essential container.");
  if (const auto size = fargate_size(request.cpu, request.memory))
    TRY_VOID(check_shares(request.containerDefinitions, size->cpu, size->memory_mib));
  TRY_VOID(check_role(request, fargate));
  TRY_VOID(check_volumes(request, host));
  return check_dependencies(request.containerDefinitions);
}

}  // namespace utakata::ecs
