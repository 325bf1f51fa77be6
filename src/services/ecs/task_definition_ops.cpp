#include "services/ecs/task_definition_ops.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "services/ecs/errors.hpp"
#include "services/ecs/find.hpp"
#include "wire/pagination.hpp"

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

Outcome<> check_container(const api::ContainerDefinition& c, bool fargate) {
  if (!c.name || c.name->empty()) return client_fault("Container.name should not be null or empty.");
  if (!c.image || c.image->empty()) return client_fault("Container.image should not be null or empty.");
  if (c.secrets && !c.secrets->empty())
    return client_fault(cat("Container '", *c.name, "': secrets are not served yet."));
  if (c.privileged.value_or(false))
    return client_fault("Tasks using the Fargate launch type do not support privileged containers.");
  if (c.logConfiguration && c.logConfiguration->logDriver != "awslogs")
    return client_fault(cat("Container '", *c.name, "': log driver '", c.logConfiguration->logDriver.name(),
                            "' is not supported; use awslogs."));
  if (c.logConfiguration && c.logConfiguration->logDriver == "awslogs") {
    const dict<str> options = c.logConfiguration->options.value_or(dict<str>{});
    if (!options.contains("awslogs-group"))
      return client_fault("Log driver awslogs requires options: awslogs-group, awslogs-region");
    if (fargate && !options.contains("awslogs-stream-prefix"))
      return client_fault("Log driver awslogs requires option: awslogs-stream-prefix for FARGATE launch type");
  }
  const auto between = [&](const opt<i32>& value, i32 least, i32 most, std::string_view name) -> Outcome<> {
    if (value && (*value < least || *value > most))
      return client_fault(cat("Container '", *c.name, "': ", name, " must be between ", least, " and ", most, "."));
    return {};
  };
  TRY_VOID(between(c.stopTimeout, 0, 120, "stopTimeout"));
  TRY_VOID(between(c.startTimeout, 2, 120, "startTimeout"));
  TRY_VOID(between(c.memory, 4, 1 << 24, "memory"));
  if (c.healthCheck) {
    const auto& check = *c.healthCheck;
    if (check.command.empty() || (check.command[0] != "CMD" && check.command[0] != "CMD-SHELL"))
      return client_fault(cat("Container '", *c.name, "': healthCheck.command must begin with CMD or CMD-SHELL."));
    TRY_VOID(between(check.interval, 5, 300, "healthCheck.interval"));
    TRY_VOID(between(check.timeout, 2, 60, "healthCheck.timeout"));
    TRY_VOID(between(check.retries, 1, 10, "healthCheck.retries"));
    TRY_VOID(between(check.startPeriod, 0, 300, "healthCheck.startPeriod"));
  }
  if (c.portMappings)
    for (const auto& mapping : *c.portMappings)
      if (mapping.hostPort && mapping.containerPort && *mapping.hostPort != 0 &&
          *mapping.hostPort != *mapping.containerPort)
        return client_fault("When networkMode=awsvpc, the host ports and container ports in port mappings must match.");
  return {};
}

Outcome<> check_definition(const api::RegisterTaskDefinitionRequest& request) {
  const bool sound_name =
      !request.family.empty() && request.family.size() <= 255 && std::ranges::all_of(request.family, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
      });
  if (!sound_name)
    return client_fault(
        "Family contains invalid characters. It may have letters, numbers, hyphens and underscores, up to 255.");
  if (request.containerDefinitions.empty()) return client_fault("Container list cannot be empty.");
  if (request.containerDefinitions.size() > containers_max)
    return client_fault("Too many containers: the limit is 10 per task definition.");
  const list<api::Compatibility> compatibilities = request.requiresCompatibilities.value_or(list<api::Compatibility>{});
  const bool fargate = std::ranges::find(compatibilities, api::Compatibility("FARGATE")) != compatibilities.end();
  if (fargate && (!request.networkMode || *request.networkMode != "awsvpc"))
    return client_fault("Fargate only supports network mode 'awsvpc'.");
  if (fargate) TRY(fargate_size(request.cpu, request.memory));
  if (fargate && request.pidMode && *request.pidMode == "host")
    return client_fault(
        "Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is "
        "'task'.");
  if (request.pidMode) return client_fault("pidMode is not served yet.");
  bool essential = false;
  std::set<str> names;
  for (const auto& c : request.containerDefinitions) {
    TRY_VOID(check_container(c, fargate));
    if (!names.insert(*c.name).second) return client_fault("Container definitions should not have duplicate names.");
    essential = essential || c.essential.value_or(true);
    if (!fargate && !request.memory && !c.memory && !c.memoryReservation)
      return client_fault(cat("Invalid setting for container '", *c.name,
                              "'. At least one of 'memory' or 'memoryReservation' must be specified."));
    if (c.mountPoints)
      for (const auto& mount : *c.mountPoints) {
        const auto volumes = request.volumes.value_or(list<api::Volume>{});
        if (std::ranges::find(volumes, mount.sourceVolume, &api::Volume::name) == volumes.end())
          return client_fault(
              cat("Container '", *c.name, "': unknown volume '", mount.sourceVolume.value_or(""), "'."));
      }
  }
  if (!essential) return client_fault("A task definition must have at least one essential container.");
  if (request.volumes)
    for (const auto& volume : *request.volumes)
      if (volume.host && volume.host->sourcePath)
        return client_fault("Fargate compatible task definitions do not support host.sourcePath for volumes.");
  return check_dependencies(request.containerDefinitions);
}

}  // namespace

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

Outcome<api::RegisterTaskDefinitionResponse> register_task_definition(
    Tx& tx, const api::RegisterTaskDefinitionRequest& request) {
  TRY_VOID(check_definition(request));
  const Key family = family_key(tx.world(), request.family);
  const FamilyRow* known = tx.find<FamilyRow>(family);
  const i32 revision = known != nullptr ? known->last_revision + 1 : 1;
  tx.put(family, FamilyRow{.name = request.family, .last_revision = revision});
  TaskDefinitionRow row{.arn = arn_of(tx.world(), cat("task-definition/", request.family, ":", revision)),
                        .family = request.family,
                        .revision = revision,
                        .tags = request.tags.value_or(list<api::Tag>{})};
  api::TaskDefinition& d = row.definition;
  d = {.taskDefinitionArn = row.arn,
       .containerDefinitions = request.containerDefinitions,
       .family = request.family,
       .networkMode = request.networkMode ? *request.networkMode : decltype(request.networkMode.value)("bridge"),
       .revision = revision,
       .volumes = request.volumes.value_or(list<api::Volume>{}),
       .status = "ACTIVE",
       .compatibilities = list<api::Compatibility>{"EC2"},
       .registeredAt = tx.now(),
       .registeredBy = cat("arn:aws:iam::", tx.world().account, ":root")};
  if (request.taskRoleArn) d.taskRoleArn = *request.taskRoleArn;
  if (request.executionRoleArn) d.executionRoleArn = *request.executionRoleArn;
  if (request.requiresCompatibilities) d.requiresCompatibilities = *request.requiresCompatibilities;
  if (request.runtimePlatform) d.runtimePlatform = *request.runtimePlatform;
  if (request.ephemeralStorage) d.ephemeralStorage = *request.ephemeralStorage;
  for (auto& c : *d.containerDefinitions) {
    if (!c.essential) c.essential = true;
    if (!c.cpu) c.cpu = 0;
    for (auto& mapping : c.portMappings.ensure_value()) {
      if (!mapping.protocol) mapping.protocol = "tcp";
      if (!mapping.hostPort && *d.networkMode == "awsvpc") mapping.hostPort = mapping.containerPort;
    }
    c.environment.ensure_value();
    c.mountPoints.ensure_value();
  }
  if (const auto size = fargate_size(request.cpu, request.memory)) {
    row.cpu = size->cpu;
    row.memory_mib = size->memory_mib;
    d.cpu = cat(size->cpu);
    d.memory = cat(size->memory_mib);
    if (*d.networkMode == "awsvpc") d.compatibilities->push_back("FARGATE");
  } else {
    if (request.cpu) d.cpu = *request.cpu;
    if (request.memory) d.memory = *request.memory;
  }
  tx.put(definition_key(tx.world(), request.family, revision), row);
  return api::RegisterTaskDefinitionResponse{.taskDefinition = row.definition, .tags = row.tags};
}

Outcome<api::DescribeTaskDefinitionResponse> describe_task_definition(
    Tx& tx, const api::DescribeTaskDefinitionRequest& request) {
  const TaskDefinitionRow* row = TRY(find_definition(tx, request.taskDefinition));
  api::DescribeTaskDefinitionResponse response{.taskDefinition = row->definition, .tags = list<api::Tag>{}};
  if (request.include && !request.include->empty()) response.tags = row->tags;
  return response;
}

Outcome<api::DeregisterTaskDefinitionResponse> deregister_task_definition(
    Tx& tx, const api::DeregisterTaskDefinitionRequest& request) {
  if (short_name(request.taskDefinition).find(':') == str::npos) return client_fault("Revision is missing.");
  const TaskDefinitionRow* known = TRY(find_definition(tx, request.taskDefinition));
  TaskDefinitionRow row = *known;
  row.definition.status = "INACTIVE";
  row.definition.deregisteredAt = tx.now();
  tx.put(definition_key(tx.world(), row.family, row.revision), row);
  return api::DeregisterTaskDefinitionResponse{.taskDefinition = row.definition};
}

Outcome<api::DeleteTaskDefinitionsResponse> delete_task_definitions(Tx& tx,
                                                                    const api::DeleteTaskDefinitionsRequest& request) {
  if (request.taskDefinitions.empty()) return invalid("size of TaskDefinition references list must be greater than 0");
  if (request.taskDefinitions.size() > 10) return invalid("Size of TaskDefinition references list cannot exceed 10");
  api::DeleteTaskDefinitionsResponse response{.taskDefinitions = list<api::TaskDefinition>{},
                                              .failures = list<api::Failure>{}};
  for (const str& text : request.taskDefinitions) {
    const auto known = find_definition(tx, text);
    if (!known || *(*known)->definition.status != "INACTIVE") {
      response.failures->push_back({.arn = text,
                                    .reason = str(known ? "The specified task definition is still in ACTIVE status. "
                                                          "Please deregister the target and try again."
                                                        : "The specified task definition does not exist. Specify a "
                                                          "valid account, family, revision and try again.")});
      continue;
    }
    TaskDefinitionRow row = **known;
    row.definition.status = "DELETE_IN_PROGRESS";
    row.definition.deleteRequestedAt = tx.now();
    response.taskDefinitions->push_back(row.definition);
    tx.erase<TaskDefinitionRow>(definition_key(tx.world(), row.family, row.revision));
  }
  return response;
}

Outcome<api::ListTaskDefinitionsResponse> list_task_definitions(Tx& tx,
                                                                const api::ListTaskDefinitionsRequest& request) {
  const auto wanted = request.status ? *request.status : decltype(request.status.value)("ACTIVE");
  struct Entry {
    str place, arn;
  };
  std::vector<Entry> entries;
  tx.each<TaskDefinitionRow>(tx.world().key("definition/"), [&](const Key&, const TaskDefinitionRow& row) {
    const bool family = !request.familyPrefix || row.family == *request.familyPrefix;
    if (family && row.definition.status && row.definition.status->name() == wanted.name())
      entries.push_back({.place = {}, .arn = row.arn});
  });
  if (request.sort && *request.sort == "DESC") std::ranges::reverse(entries);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const str number = cat(i);
    entries[i].place = str(8 - number.size(), '0') + number;
  }
  auto page = TRY(wire::paginate(
      std::move(entries), [](const Entry& e) -> const str& { return e.place; }, {.operation = "ListTaskDefinitions"},
      request.nextToken, request.maxResults));
  api::ListTaskDefinitionsResponse response{.taskDefinitionArns = list<str>{}, .nextToken = page.next};
  for (const Entry& entry : page.items) response.taskDefinitionArns->push_back(entry.arn);
  return response;
}

Outcome<api::ListTaskDefinitionFamiliesResponse> list_task_definition_families(
    Tx& tx, const api::ListTaskDefinitionFamiliesRequest& request) {
  const str wanted(request.status ? request.status->name() : "ALL");
  list<str> families;
  tx.each<FamilyRow>(
      tx.world().key("family/", request.familyPrefix.value_or("")), [&](const Key&, const FamilyRow& family) {
        bool active = false;
        tx.each<TaskDefinitionRow>(
            tx.world().key("definition/", family.name, ":"), [&](const Key&, const TaskDefinitionRow& row) {
              active = active || row.definition.status == decltype(row.definition.status.value)("ACTIVE");
            });
        if (wanted == "ALL" || (wanted == "ACTIVE") == active) families.push_back(family.name);
      });
  auto page = TRY(wire::paginate(
      std::move(families), [](const str& name) -> const str& { return name; },
      {.operation = "ListTaskDefinitionFamilies"}, request.nextToken, request.maxResults));
  return api::ListTaskDefinitionFamiliesResponse{.families = std::move(page.items), .nextToken = page.next};
}

}  // namespace utakata::ecs
