#include "services/ecs/service_reconcile.hpp"

#include <algorithm>

#include "market/market.hpp"
#include "services/ecs/errors.hpp"
#include "services/ecs/events.hpp"
#include "services/ecs/find.hpp"
#include "services/ecs/strategy.hpp"
#include "services/ecs/task_life.hpp"
#include "services/elb/public.hpp"

namespace utakata::ecs {
namespace {

constexpr Duration first_retry = seconds(10);
constexpr Duration longest_retry = minutes(27);  // facts: ecs.md §8.5
constexpr int starts_per_step_max = 100;

/// One living task of the service and what the scheduler thinks of it.
struct Living {
  Key key;
  const TaskRow* row;
  bool primary = false;
  bool running = false;
  bool healthy = false;    // counts toward the minimum
  bool unhealthy = false;  // must be replaced

  // Health goes before protection, which is from scale-in and deployments only.
  [[nodiscard]] bool is_protected() const { return row->protected_until.set() && !unhealthy; }
};

/// Everything one look at a service works on.
struct Look {
  Tx& tx;
  World world;
  ServiceRow service;
  std::vector<Living> living;  // wanted RUNNING, the oldest first
  int stopping = 0;
  bool held = false;  // protected tasks stay that would be stopped otherwise
};

Instant grace_end(const ServiceRow& service, const TaskRow& task) {
  return task.started_at + seconds(service.grace_seconds);
}

void judge(Look& look, Living& task) {
  const TaskRow& row = *task.row;
  task.running = row.last_status == "RUNNING";
  if (!task.running) return;
  const bool in_grace = look.tx.now() < grace_end(look.service, row);
  bool waiting = false;
  bool bad = false;
  for (const ContainerRow& c : row.containers) {
    if (!c.essential || !c.checked) continue;
    waiting = waiting || c.health == "UNKNOWN";
    bad = bad || c.health == "UNHEALTHY";
  }
  for (const RegisteredTarget& target : row.wanted_targets) {
    const elb::TargetView view =
        elb::target(look.tx, look.world, target.target_group_arn, row.network.address, target.port);
    waiting = waiting || view.state == "initial" || view.state.empty();
    bad = bad || view.state.starts_with("unhealthy");  // also unhealthy.draining
  }
  task.healthy = !waiting && !bad;
  task.unhealthy = bad && !in_grace;
  if (bad && in_grace) {
    const Instant end = grace_end(look.service, row);
    if (!look.service.look_at.set() || end < look.service.look_at) look.service.look_at = end;
  }
}

Look look_at(Tx& tx, const Key& key, const ServiceRow& service) {
  Look look{.tx = tx, .world = world_of(key), .service = service};
  look.service.look_at = {};
  const str primary = service.deployments.empty() ? str() : service.deployments.front().id;
  for (const Key& task_key : tx.where<TaskRow>(TaskRow::by_service, key)) {
    const TaskRow* row = tx.find<TaskRow>(task_key);
    if (row->last_status == "STOPPED") continue;
    if (row->desired_status == "STOPPED") {
      ++look.stopping;
      continue;
    }
    Living living{.key = task_key, .row = row, .primary = row->deployment_id == primary};
    judge(look, living);
    look.living.push_back(std::move(living));
  }
  std::ranges::sort(look.living, [](const Living& a, const Living& b) {
    return a.row->created_at != b.row->created_at ? a.row->created_at < b.row->created_at : a.key < b.key;
  });
  return look;
}

CountByProvider counts(const Look& look) {
  CountByProvider counted;
  for (const Living& task : look.living)
    if (task.primary && !task.unhealthy && !task.row->capacity_provider.empty()) ++counted[task.row->capacity_provider];
  return counted;
}

str task_list(const list<str>& ids) {
  str text;
  for (const str& id : ids) text += cat(" (task ", id, ")");
  return text;
}

// A failed start makes the next try wait, twice as long each time.
void back_off(Look& look) {
  ServiceRow& service = look.service;
  Duration wait = first_retry;
  for (i32 i = 0; i < service.place_failures && wait < longest_retry; ++i) wait = wait * 2;
  ++service.place_failures;
  service.try_again_at = look.tx.now() + std::min(wait, longest_retry);
}

// Of the two kinds that ServiceRow::waiting tells apart.
const char* kind_of_room(const str& provider) { return provider == "FARGATE_SPOT" ? "spot" : "on-demand"; }

void placement_refused(Look& look, const str& provider, const Fault& fault) {
  ServiceRow& service = look.service;
  const bool capacity = fault.code == "CapacityUnavailable";
  service.waiting = capacity ? kind_of_room(provider) : "no";
  ++service.deployments.front().failed_tasks;
  add_service_event(look.tx, service,
                    cat("was unable to place a task. Reason: ", fault.message, capacity ? "." : "",
                        " For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."));
  publish_service_action(look.tx, look.world, service, "ERROR", "SERVICE_TASK_PLACEMENT_FAILURE",
                         capacity ? str("RESOURCE:FARGATE") : fault.message,
                         provider.empty() ? list<str>{} : list<str>{provider});
  back_off(look);
}

void start_tasks(Look& look, i32 wanted) {
  ServiceRow& service = look.service;
  if (wanted <= 0) return;
  const bool early = service.try_again_at.set() && look.tx.now() < service.try_again_at;
  const bool room_again = std::exchange(service.room_again, false);
  if (early && !room_again) return;
  const Instant next_try = service.try_again_at;
  service.try_again_at = {};
  service.waiting = "no";
  const DeploymentRow& deployment = service.deployments.front();
  const auto* cluster = look.tx.find<ClusterRow>(cluster_key(look.world, service.cluster_name));
  const str name = short_name(deployment.task_definition_arn);
  const std::size_t colon = name.rfind(':');
  const auto* definition = look.tx.find<TaskDefinitionRow>(definition_key(
      look.world, name.substr(0, colon), static_cast<i32>(parse_integer(name.substr(colon + 1)).value_or(0))));
  if (cluster == nullptr || definition == nullptr) return;
  CountByProvider counted = counts(look);
  list<str> started;
  for (i32 i = 0; i < wanted && i < starts_per_step_max; ++i) {
    const str provider = next_provider(service.strategy, counted);
    const auto zone_turn =
        static_cast<std::size_t>(provider.empty() ? static_cast<i32>(look.living.size()) + i : counted[provider]);
    const TaskPlan plan{.cluster = cluster,
                        .definition = definition,
                        .network = &*deployment.network.awsvpcConfiguration,
                        .capacity_provider = provider,
                        .group = cat("service:", service.name),
                        .started_by = deployment.id,
                        .service_key = key_of(look.world, service),
                        .deployment_id = deployment.id,
                        .load_balancers = deployment.load_balancers,
                        .registries = service.registries,
                        .tags = service.propagate && *service.propagate == "SERVICE"           ? service.tags
                                : service.propagate && *service.propagate == "TASK_DEFINITION" ? definition->tags
                                                                                               : list<api::Tag>{},
                        .enable_execute_command = service.enable_execute_command.value_or(false),
                        .zone_turn = zone_turn};
    const auto placed = place_task(look.tx, look.world, plan);
    if (!placed && early && placed.error().code == "CapacityUnavailable") {
      // Others were faster. It is no failure of this deployment, and the next try comes when it would have come.
      service.waiting = kind_of_room(provider);
      service.try_again_at = next_try;
      break;
    }
    if (!placed) {
      placement_refused(look, provider, placed.error());
      break;
    }
    ++counted[provider];
    started.push_back(short_name(*placed));
  }
  if (started.empty()) return;
  service.steady = false;
  add_service_event(look.tx, service, cat("has started ", started.size(), " tasks:", task_list(started), "."));
  publish_service_action(look.tx, look.world, service, "INFO", "TASKS_STARTED");
}

void stop_tasks(Look& look, const std::vector<const Living*>& tasks, const str& reason) {
  if (tasks.empty()) return;
  list<str> ids;
  for (const Living* task : tasks) {
    ids.push_back(task->row->id);
    stop_task(look.tx, task->key, "ServiceSchedulerInitiated", reason);
  }
  look.service.steady = false;
  add_service_event(look.tx, look.service, cat("has stopped ", ids.size(), " running tasks:", task_list(ids), "."));
  publish_service_action(look.tx, look.world, look.service, "INFO", "TASKS_STOPPED");
}

str scaling_reason(const Look& look) {
  const str id = look.service.deployments.empty() ? str("none") : look.service.deployments.front().id;
  return cat("Scaling activity initiated by (deployment ", id, ")");
}

// Tasks of former deployments and unhealthy ones go when enough healthy ones stand for them.
void retire(Look& look, i32 lower, i32 upper) {
  i32 healthy = 0;
  i32 alive = static_cast<i32>(look.living.size());
  i32 healthy_wanted = 0;
  for (const Living& task : look.living) {
    if (task.healthy) ++healthy;
    if (task.primary && task.healthy) ++healthy_wanted;
  }
  std::vector<const Living*> replaced;
  const bool complete = healthy_wanted >= look.service.desired;
  for (const Living& task : look.living) {
    if (task.primary && !task.unhealthy) continue;
    if (task.is_protected()) {
      look.held = true;
      continue;
    }
    const bool counts = task.healthy;
    const bool costs_nothing = !counts && (complete || !task.primary || alive > upper || task.unhealthy);
    if (!costs_nothing && counts && healthy - 1 < lower && !complete) continue;
    if (!counts && task.primary && task.unhealthy && alive + 1 <= upper && !complete)
      continue;  // its replacement comes first
    if (counts) --healthy;
    --alive;
    if (task.primary && task.unhealthy) {
      const bool target = !task.row->wanted_targets.empty();
      ++look.service.deployments.front().failed_tasks;
      stop_tasks(look, {&task},
                 target ? cat("Task failed ELB health checks in (target-group ",
                              task.row->wanted_targets.front().target_group_arn, ")")
                        : str("Task failed container health checks"));
      continue;
    }
    replaced.push_back(&task);
  }
  stop_tasks(look, replaced, scaling_reason(look));
}

// More than wanted: the strategy says which provider gives up, the zone with most and the newest go first.
void shrink(Look& look, i32 surplus) {
  CountByProvider counted = counts(look);
  std::vector<const Living*> chosen;
  for (i32 i = 0; i < surplus; ++i) {
    const auto free = [&](const Living& task) {
      return task.primary && !task.unhealthy && !task.is_protected() &&
             std::ranges::find(chosen, &task) == chosen.end();
    };
    const str provider = provider_to_shrink(look.service.strategy, counted);
    const auto of_provider = [&](const Living& task) {
      return free(task) && (provider.empty() || task.row->capacity_provider == provider);
    };
    // All of that provider may be protected: then whoever is not.
    const bool any_provider = std::ranges::none_of(look.living, of_provider);
    const auto eligible = [&](const Living& task) { return any_provider ? free(task) : of_provider(task); };
    std::map<str, int> by_zone;
    for (const Living& task : look.living)
      if (eligible(task)) ++by_zone[task.row->availability_zone];
    const Living* best = nullptr;
    for (const Living& task : look.living) {
      if (!eligible(task)) continue;
      const int here = by_zone[task.row->availability_zone];
      const int there = best != nullptr ? by_zone[best->row->availability_zone] : 0;
      if (best == nullptr || here > there || (here == there && !task.running && best->running) ||
          (here == there && task.running == best->running))
        best = &task;
    }
    if (best == nullptr) {
      look.held = true;
      break;
    }
    chosen.push_back(best);
    --counted[best->row->capacity_provider];
  }
  stop_tasks(look, chosen, scaling_reason(look));
}

// facts: ecs.md §8.8. Said once, until nothing is held any more.
void announce_held(Look& look) {
  ServiceRow& service = look.service;
  if (std::exchange(service.held_by_protection, look.held) || !look.held) return;
  service.steady = false;
  add_service_event(look.tx, service,
                    cat("was unable to reach steady state because task set (", service.deployments.front().id,
                        ") was unable to scale in. Reason: The number of protected tasks are more than the desired "
                        "count of tasks"));
}

void announce_steady(Look& look) {
  ServiceRow& service = look.service;
  DeploymentRow& primary = service.deployments.front();
  service.place_failures = 0;
  service.waiting = "no";
  service.try_again_at = {};
  primary.failed_tasks = 0;
  if (primary.rollout == "IN_PROGRESS") {
    primary.rollout = "COMPLETED";
    primary.completed_once = true;
    primary.rollout_reason = cat("ECS deployment ", primary.id, " completed.");
    primary.updated_at = look.tx.now();
    add_service_event(look.tx, service, cat("(deployment ", primary.id, ") deployment completed."));
    publish_deployment(look.tx, look.world, service, primary, "INFO", "SERVICE_DEPLOYMENT_COMPLETED",
                       primary.rollout_reason);
  }
  if (std::exchange(service.steady, true)) return;
  add_service_event(look.tx, service, "has reached a steady state.");
  publish_service_action(look.tx, look.world, service, "INFO", "SERVICE_STEADY_STATE");
}

// facts: ecs.md §8.6. Without rollback the failed deployment stays as it is.
bool breaker_opens(Look& look) {
  ServiceRow& service = look.service;
  DeploymentRow& primary = service.deployments.front();
  if (primary.rollout == "FAILED") return true;
  const bool armed =
      service.breaker && service.breaker->enable && primary.rollout == "IN_PROGRESS" && !primary.is_rollback;
  if (!armed || primary.failed_tasks < breaker_threshold(service.desired)) return false;
  primary.rollout = "FAILED";
  primary.rollout_reason = "ECS deployment circuit breaker: task failed to start.";
  primary.updated_at = look.tx.now();
  add_service_event(look.tx, service, cat("(deployment ", primary.id, ") deployment failed: tasks failed to start."));
  publish_deployment(look.tx, look.world, service, primary, "ERROR", "SERVICE_DEPLOYMENT_FAILED",
                     primary.rollout_reason);
  const auto last_good =
      std::ranges::find_if(service.deployments, [](const DeploymentRow& d) { return d.completed_once; });
  if (!service.breaker->rollback || last_good == service.deployments.end()) return true;
  const str task_definition = last_good->task_definition_arn;  // begin_deployment moves the deployments
  const api::NetworkConfiguration network = last_good->network;
  const list<api::LoadBalancer> load_balancers = last_good->load_balancers;
  begin_deployment(look.tx, look.world, service, task_definition, network, load_balancers);
  DeploymentRow& now_primary = service.deployments.front();
  now_primary.is_rollback = true;
  now_primary.rollout_reason =
      cat("ECS deployment circuit breaker: rolling back to deploymentId ", now_primary.id, ".");
  add_service_event(look.tx, service, cat("rolling back to deployment ", now_primary.id, "."));
  look.tx.mark("ecs.service", key_of(look.world, service));
  return true;
}

void forget_replaced_deployments(Look& look) {
  std::erase_if(look.service.deployments, [&](const DeploymentRow& deployment) {
    return !deployment.primary && std::ranges::none_of(look.living, [&](const Living& task) {
      return task.row->deployment_id == deployment.id;
    });
  });
}

void finish_draining(Look& look) {
  std::vector<const Living*> all;
  for (const Living& task : look.living) all.push_back(&task);
  stop_tasks(look, all, scaling_reason(look));
  if (!look.living.empty() || look.stopping > 0) return;
  look.service.status = "INACTIVE";
  look.service.deployments.clear();
}

// A start that failed before it ran counts, and makes the next one wait (§8.5); one that ran does not.
void count_failed_starts(Look& look) {
  ServiceRow& service = look.service;
  if (std::exchange(service.new_failures, 0) == 0) return;
  ++service.deployments.front().failed_tasks;
  service.steady = false;
  back_off(look);
  add_service_event(look.tx, service, "is unable to consistently start tasks successfully.");
  publish_service_action(look.tx, look.world, service, "WARN", "SERVICE_TASK_START_IMPAIRED");
}

}  // namespace

i32 least_healthy(i32 desired, i32 minimum_percent) { return (desired * minimum_percent + 99) / 100; }
i32 most_running(i32 desired, i32 maximum_percent) { return desired * maximum_percent / 100; }
i32 breaker_threshold(i32 desired) { return std::min(200, std::max(3, (desired + 1) / 2)); }

void reconcile_service(Tx& tx, const Key& key) {
  const ServiceRow* known = tx.find<ServiceRow>(key);
  if (known == nullptr || known->status == "INACTIVE") return;
  Look look = look_at(tx, key, *known);
  if (look.service.status == "DRAINING") {
    finish_draining(look);
    tx.put(key, std::move(look.service));
    return;
  }
  count_failed_starts(look);
  if (!breaker_opens(look)) {
    ServiceRow& service = look.service;
    const i32 lower = least_healthy(service.desired, service.minimum_percent);
    const i32 upper = most_running(service.desired, service.maximum_percent);
    i32 have = 0;
    i32 ready = 0;
    for (const Living& task : look.living) {
      if (!task.primary || task.unhealthy) continue;
      ++have;
      if (task.healthy) ++ready;
    }
    const auto alive = static_cast<i32>(look.living.size());
    if (have < service.desired) start_tasks(look, std::min(service.desired - have, upper - alive));
    if (have > service.desired) shrink(look, have - service.desired);
    retire(look, lower, upper);
    announce_held(look);
    forget_replaced_deployments(look);
    const bool settled = have == service.desired && ready == have && alive == have && service.deployments.size() == 1;
    if (settled) announce_steady(look);
  }
  tx.put(key, std::move(look.service));
}

void service_due(Tx& tx, const Key& key) {
  tx.update<ServiceRow>(key, [&](ServiceRow& row) {
    if (row.try_again_at <= tx.now()) row.try_again_at = {};
    if (row.look_at <= tx.now()) row.look_at = {};
  });
  tx.mark("ecs.service", key);
}

// On-Demand first: a Spot task that took the room would be interrupted at once.
void room_again(Tx& tx, const Fact&) {
  for (const char* kind : {"on-demand", "spot"})
    for (const Key& key : tx.where<ServiceRow>(ServiceRow::by_waiting, kind)) {
      tx.update<ServiceRow>(key, [](ServiceRow& row) { row.room_again = true; });
      tx.mark("ecs.service", key);
    }
}

void squeeze(Tx& tx, const Fact& fact) {
  const std::size_t space = fact.body.find(' ');
  i64 cpu = parse_integer(fact.body.substr(0, space)).value_or(0);
  i64 memory = parse_integer(fact.body.substr(space + 1)).value_or(0);
  struct Candidate {
    Instant created_at;
    Key key;
  };
  std::vector<Candidate> candidates;
  tx.each<TaskRow>("", [&](const Key& key, const TaskRow& row) {
    if (!row.spot || !row.holds_capacity) return;
    if (row.desired_status == "STOPPED") {  // already on its way out
      cpu -= row.cpu;
      memory -= row.memory_mib;
    } else {
      candidates.push_back({row.created_at, key});
    }
  });
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    return a.created_at != b.created_at ? a.created_at > b.created_at : a.key > b.key;
  });
  for (const Candidate& each : candidates) {
    if (cpu <= 0 && memory <= 0) return;
    const TaskRow& row = *tx.find<TaskRow>(each.key);
    cpu -= row.cpu;
    memory -= row.memory_mib;
    reclaim_task(tx, each.key);
  }
}

void recover_services(Tx& tx) {
  tx.each<ServiceRow>("", [&](const Key& key, const ServiceRow&) { tx.mark("ecs.service", key); });
}

void begin_deployment(Tx& tx, const World& world, ServiceRow& service, const str& task_definition_arn,
                      const api::NetworkConfiguration& network, const list<api::LoadBalancer>& load_balancers) {
  for (DeploymentRow& former : service.deployments) former.primary = false;
  DeploymentRow deployment{.id = cat("ecs-svc/", tx.random_digits(19)),
                           .primary = true,
                           .task_definition_arn = task_definition_arn,
                           .network = network,
                           .load_balancers = load_balancers,
                           .created_at = tx.now(),
                           .updated_at = tx.now()};
  deployment.rollout_reason = cat("ECS deployment ", deployment.id, " in progress.");
  service.deployments.insert(service.deployments.begin(), deployment);
  service.steady = false;
  service.place_failures = 0;
  service.try_again_at = {};
  publish_deployment(tx, world, service, deployment, "INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS",
                     deployment.rollout_reason);
}

}  // namespace utakata::ecs
