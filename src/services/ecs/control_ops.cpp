#include "services/ecs/control_ops.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "market/market.hpp"
#include "services/ecs/errors.hpp"
#include "services/ecs/find.hpp"
#include "services/ecs/task_life.hpp"
#include "services/ecs/view.hpp"

namespace utakata::ecs {
namespace {

constexpr std::size_t spot_tasks_named_max = 1000;

}  // namespace

Outcome<api::ReclaimSpotResponse> reclaim_spot(Tx& tx, const api::ReclaimSpotRequest& request) {
  const ClusterRow* cluster = TRY(find_cluster(tx, request.cluster));
  str service;
  if (request.service) {
    const ServiceRow* row = find_service(tx, *cluster, *request.service);
    if (row == nullptr) return service_not_found();
    service = key_of(tx.world(), *row);
  }
  const i32 count = request.count.value_or(request.tasks ? static_cast<i32>(request.tasks->size()) : 1);
  if (count < 0) return invalid("count must not be negative.");
  if (request.refuseSeconds && (*request.refuseSeconds < 0 || *request.refuseSeconds > 86'400))
    return invalid("refuseSeconds must be from 0 to 86400.");
  std::vector<std::pair<std::uint64_t, Key>> candidates;
  const auto seed = static_cast<std::uint64_t>(request.seed.value_or(1));
  for (const Key& key : tx.where<TaskRow>(TaskRow::by_cluster, cluster->arn)) {
    const TaskRow& task = *tx.find<TaskRow>(key);
    const bool named =
        !request.tasks || std::ranges::any_of(*request.tasks, [&](const str& t) { return short_name(t) == task.id; });
    if (!task.spot || task.desired_status != "RUNNING" || !named) continue;
    if ((!service.empty() && task.service_key != service) || (request.zone && task.availability_zone != *request.zone))
      continue;
    candidates.emplace_back(mix(seed ^ hash64(task.id)), key);
  }
  if (request.tasks && candidates.size() < request.tasks->size())
    return invalid("tasks: every one named must be a running task of FARGATE_SPOT in this cluster.");
  std::ranges::sort(candidates);
  // First the refusal, so that no replacement slips in between.
  if (request.refuseSeconds && *request.refuseSeconds > 0)
    market::refuse_spot_until(tx, tx.now() + seconds(*request.refuseSeconds));
  api::ReclaimSpotResponse response;
  for (const auto& [dice, key] : candidates) {
    if (static_cast<i32>(response.tasks.size()) == count) break;
    response.tasks.push_back(tx.find<TaskRow>(key)->arn);
    reclaim_task(tx, key);
  }
  return response;
}

Outcome<api::DescribeCapacityResponse> describe_capacity(Tx& tx, const api::DescribeCapacityRequest&) {
  const market::PoolRow& pool = market::pool(tx);
  const market::Amount surplus = market::free_surplus(pool);
  const auto* settings = tx.find<SpotSettingsRow>(spot_settings_key);
  const SpotSettingsRow order = settings != nullptr ? *settings : SpotSettingsRow{};
  api::DescribeCapacityResponse response{.cpu = pool.cpu,
                                         .memoryMiB = pool.memory_mib,
                                         .surplusCpu = surplus.cpu,
                                         .surplusMemoryMiB = surplus.memory_mib,
                                         .spotRefusedUntil = if_set(pool.spot_refused_until),
                                         .reclaimOrder = str(order.order.name()),
                                         .leadMilliseconds = order.lead_milliseconds};
  if (pool.refused_at.set())
    response.lastRefusal = api::CapacityRefusal{.at = pool.refused_at,
                                                .provider = pool.refused_spot ? "FARGATE_SPOT" : "FARGATE",
                                                .cpu = pool.refused_cpu,
                                                .memoryMiB = pool.refused_memory_mib,
                                                .roomCpu = pool.refused_room_cpu,
                                                .roomMemoryMiB = pool.refused_room_memory_mib};
  if (pool.squeezed_at.set())
    response.lastSqueeze =
        api::CapacitySqueeze{.at = pool.squeezed_at, .cpu = pool.squeezed_cpu, .memoryMiB = pool.squeezed_memory_mib};
  i32 spot = 0;
  i32 on_demand = 0;
  tx.each<TaskRow>("", [&](const Key& key, const TaskRow& task) {
    if (!task.holds_capacity) return;
    ++(task.spot ? spot : on_demand);
    if (!task.spot || world_of(key) != tx.world() || response.spotTasks.size() == spot_tasks_named_max) return;
    response.spotTasks.push_back({.taskArn = task.arn,
                                  .group = task.group,
                                  .availabilityZone = task.availability_zone,
                                  .lastStatus = task.last_status});
  });
  response.use = {
      {.provider = "FARGATE", .tasks = on_demand, .cpu = pool.on_demand_cpu, .memoryMiB = pool.on_demand_memory_mib},
      {.provider = "FARGATE_SPOT", .tasks = spot, .cpu = pool.spot_cpu, .memoryMiB = pool.spot_memory_mib}};
  return response;
}

Outcome<api::PutSpotSettingsResponse> put_spot_settings(Tx& tx, const api::PutSpotSettingsRequest& request) {
  const auto* known = tx.find<SpotSettingsRow>(spot_settings_key);
  SpotSettingsRow settings = known != nullptr ? *known : SpotSettingsRow{};
  if (request.order) settings.order.index = request.order->index;
  if (request.leadMilliseconds) {
    if (*request.leadMilliseconds < 0 || *request.leadMilliseconds > 110'000)
      return invalid("leadMilliseconds must be from 0 to 110000.");
    settings.lead_milliseconds = *request.leadMilliseconds;
  }
  if (request.refuseSeconds) {
    if (*request.refuseSeconds < 0 || *request.refuseSeconds > 86'400)
      return invalid("refuseSeconds must be from 0 to 86400.");
    market::refuse_spot_until(tx, tx.now() + seconds(*request.refuseSeconds));
  }
  tx.put(Key(spot_settings_key), settings);
  return api::PutSpotSettingsResponse{};
}

Outcome<api::DescribeTaskTimelineResponse> describe_task_timeline(Tx& tx,
                                                                  const api::DescribeTaskTimelineRequest& request) {
  if (request.tasks.size() > 1000) return invalid("tasks can have at most 1000 items.");
  api::DescribeTaskTimelineResponse response;
  for (const str& arn : request.tasks)
    for (const Key& key : tx.where<TaskRow>(TaskRow::by_arn, arn)) {
      if (world_of(key) != tx.world()) continue;
      const TaskRow& task = *tx.find<TaskRow>(key);
      api::TaskTimeline out{.taskArn = task.arn,
                            .service = task.service_key.empty() ? str() : short_name(task.service_key),
                            .availabilityZone = task.availability_zone,
                            .lastStatus = task.last_status,
                            .warnedAt = if_set(task.warned_at),
                            .deregisteredAt = if_set(task.deregistered_at),
                            .stoppedAt = if_set(task.stopped_at),
                            .warnings = task.warnings};
      if (!task.stop_code.empty()) out.stopCode = task.stop_code;
      for (const ContainerRow& c : task.containers) {
        api::ContainerTimeline container{.name = c.name,
                                         .exitCode = c.exit_code,
                                         .killed = c.killed_at.set(),
                                         .signalledAt = if_set(c.signalled_at),
                                         .killedAt = if_set(c.killed_at),
                                         .exitedAt = if_set(c.exited_at)};
        if (!c.reason.empty()) container.reason = c.reason;
        out.containers.push_back(std::move(container));
      }
      response.tasks.push_back(std::move(out));
    }
  return response;
}

}  // namespace utakata::ecs
