#include "services/ecs/task_definition_ops.hpp"

#include <algorithm>

#include "services/ecs/definition_check.hpp"
#include "services/ecs/errors.hpp"
#include "services/ecs/find.hpp"
#include "wire/pagination.hpp"

namespace utakata::ecs {

Outcome<api::RegisterTaskDefinitionResponse> register_task_definition(
    Tx& tx, const api::RegisterTaskDefinitionRequest& request) {
  TRY_VOID(check_definition(request, host_row(tx)));
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
  if (request.pidMode) d.pidMode = *request.pidMode;
  if (request.enableFaultInjection) d.enableFaultInjection = *request.enableFaultInjection;
  for (auto& c : *d.containerDefinitions) {
    if (!c.essential) c.essential = true;
    if (!c.cpu) c.cpu = 0;
    for (auto& mapping : c.portMappings.ensure_value()) {
      if (!mapping.protocol) mapping.protocol = "tcp";
      if (!mapping.hostPort && *d.networkMode == "awsvpc") mapping.hostPort = mapping.containerPort;
    }
    c.environment.ensure_value();
    c.mountPoints.ensure_value();
    c.volumesFrom.ensure_value();
    c.systemControls.ensure_value();
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
