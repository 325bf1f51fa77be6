#include "services/ecs/protection_ops.hpp"

#include "services/ecs/errors.hpp"
#include "services/ecs/find.hpp"

namespace utakata::ecs {
namespace {

constexpr std::size_t tasks_per_update_max = 10;
constexpr std::size_t tasks_per_get_max = 100;
constexpr i32 minutes_otherwise = 120;
constexpr i32 minutes_max = 2880;

Outcome<> check_count(const list<str>& tasks, std::size_t most) {
  if (tasks.empty()) return invalid("Tasks cannot be empty.");
  if (tasks.size() > most) return invalid(cat("Tasks cannot have more than ", most, " elements."));
  return {};
}

api::ProtectedTask view(const TaskRow& task) {
  api::ProtectedTask out{.taskArn = task.arn, .protectionEnabled = task.protected_until.set(), .expirationDate = {}};
  if (task.protected_until.set()) out.expirationDate = task.protected_until;
  return out;
}

str arn_of_task(const Tx& tx, const ClusterRow& cluster, const str& id_or_arn) {
  return arn_of(tx.world(), cat("task/", cluster.name, "/", short_name(id_or_arn)));
}

Outcome<> check_minutes(bool enable, const opt<i32>& minutes) {
  if (!minutes || !enable || (*minutes >= 1 && *minutes <= minutes_max)) return {};
  return invalid(cat("expiresInMinutes must be between 1 and ", minutes_max, "."));
}

}  // namespace

opt<api::Failure> protection_failure(const Tx& tx, const str& task_arn, const TaskRow* task, bool enabling) {
  if (task == nullptr) return api::Failure{.arn = task_arn, .reason = str("MISSING"), .detail = {}};
  if (task->service_key.empty() || task->desired_status == "STOPPED")
    return api::Failure{.arn = task_arn, .reason = str("TASK_NOT_VALID"), .detail = {}};
  const ServiceRow* service = tx.find<ServiceRow>(task->service_key);
  const bool waits = service != nullptr && service->held_by_protection && service->deployments.size() > 1;
  if (enabling && waits && !task->protected_until.set())
    return api::Failure{.arn = task_arn,
                        .reason = str("DEPLOYMENT_BLOCKED"),
                        .detail = str("A deployment of the service waits for protected tasks; until it is over no more "
                                      "tasks can be protected.")};
  return {};
}

Outcome<> protect(Tx& tx, const Key& key, bool enable, const opt<i32>& wanted) {
  TRY_VOID(check_minutes(enable, wanted));
  tx.update<TaskRow>(key, [&](TaskRow& task) {
    task.protected_until = enable ? tx.now() + minutes(wanted.value_or(minutes_otherwise)) : Instant{};
    if (!task.service_key.empty()) tx.mark("ecs.service", task.service_key);
  });
  return {};
}

Outcome<api::UpdateTaskProtectionResponse> update_task_protection(Tx& tx,
                                                                  const api::UpdateTaskProtectionRequest& request) {
  const ClusterRow* cluster = TRY(find_cluster(tx, request.cluster));
  TRY_VOID(check_count(request.tasks, tasks_per_update_max));
  TRY_VOID(check_minutes(request.protectionEnabled, request.expiresInMinutes));
  api::UpdateTaskProtectionResponse response{.protectedTasks = list<api::ProtectedTask>{},
                                             .failures = list<api::Failure>{}};
  for (const str& each : request.tasks) {
    const TaskRow* task = find_task(tx, *cluster, each);
    if (const auto failure = protection_failure(tx, arn_of_task(tx, *cluster, each), task, request.protectionEnabled)) {
      response.failures->push_back(*failure);
      continue;
    }
    const Key key = key_of(tx.world(), *task);
    TRY_VOID(protect(tx, key, request.protectionEnabled, request.expiresInMinutes));
    response.protectedTasks->push_back(view(*tx.find<TaskRow>(key)));
  }
  return response;
}

Outcome<api::GetTaskProtectionResponse> get_task_protection(Tx& tx, const api::GetTaskProtectionRequest& request) {
  const ClusterRow* cluster = TRY(find_cluster(tx, request.cluster));
  const list<str> tasks = request.tasks.value_or(list<str>{});
  TRY_VOID(check_count(tasks, tasks_per_get_max));
  api::GetTaskProtectionResponse response{.protectedTasks = list<api::ProtectedTask>{},
                                          .failures = list<api::Failure>{}};
  for (const str& each : tasks) {
    const TaskRow* task = find_task(tx, *cluster, each);
    if (const auto failure = protection_failure(tx, arn_of_task(tx, *cluster, each), task, false))
      response.failures->push_back(*failure);
    else
      response.protectedTasks->push_back(view(*task));
  }
  return response;
}

}  // namespace utakata::ecs
