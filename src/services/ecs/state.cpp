#include "services/ecs/state.hpp"

#include <algorithm>

#include "services/ecs/service_reconcile.hpp"
#include "services/ecs/task_life.hpp"
#include "services/ssm/public.hpp"

namespace utakata::ecs {
namespace {

Instant earliest(std::initializer_list<Instant> instants) {
  Instant first = Instant::never();
  for (const Instant at : instants)
    if (at.set()) first = std::min(first, at);
  return first;
}

// A running task knows its target by group and address, so that news of a target finds it.
Key target_index(const TaskRow& row) {
  if (row.wanted_targets.empty()) return "";
  return cat(row.wanted_targets.front().target_group_arn, " ", row.network.address);
}

Key group_index(const ServiceRow& row) {
  if (row.deployments.empty() || row.deployments.front().load_balancers.empty()) return "";
  return row.deployments.front().load_balancers.front().targetGroupArn.value_or("");
}

std::string check_tasks(const Tx& tx) {
  std::string wrong;
  i64 spot = 0;
  i64 on_demand = 0;
  tx.each<TaskRow>("", [&](const Key& key, const TaskRow& row) {
    const bool stopped = row.last_status == "STOPPED";
    if (stopped && (row.holds_capacity || !row.network.interface_id.empty()))
      wrong = cat(key, " has stopped and still holds something");
    if (row.holds_capacity) (row.spot ? spot : on_demand) += row.cpu;
    if (row.warned_at.set() && !stopped && tx.now() > row.warned_at + seconds(150) && tx.now().set())
      wrong = cat(key, " outlives its Spot interruption");
  });
  return wrong;
}

}  // namespace

Key definition_key(const World& world, std::string_view family, i32 revision) {
  std::string number = cat(revision);
  return world.key("definition/", family, ":", std::string(8 - std::min<std::size_t>(number.size(), 8), '0'), number);
}

HostRow host_row(const Tx& tx) {
  const HostRow* row = tx.find<HostRow>(host_key);
  return row != nullptr ? *row : HostRow{};
}

void declare_tables(Schema& schema) {
  schema.table<AccountSettingRow>();
  schema.table<ClusterRow>();
  schema.table<FamilyRow>();
  schema.table<TaskDefinitionRow>({.indexes = {[](const TaskDefinitionRow& row) {
                                     // ARNs carry account and region, so the family is told apart from that of other
                                     // worlds.
                                     return row.arn.substr(0, row.arn.rfind(':'));
                                   }}});
  schema.table<ServiceRow>({.indexes = {[](const ServiceRow& row) { return row.cluster_arn; }, group_index,
                                        [](const ServiceRow& row) { return row.waiting; }},
                            .due = [](const ServiceRow& row) { return earliest({row.try_again_at, row.look_at}); },
                            .on_due = service_due});
  schema.table<TaskRow>(
      {.indexes = {[](const TaskRow& row) { return row.service_key; },
                   [](const TaskRow& row) { return row.cluster_arn; }, [](const TaskRow& row) { return row.arn; },
                   target_index},
       .due =
           [](const TaskRow& row) { return earliest({row.signal_at, row.kill_at, row.erase_at, row.protected_until}); },
       .on_due = task_due});
  schema.table<TokenRow>({.due = [](const TokenRow& row) { return row.until; },
                          .on_due = [](Tx& tx, const Key& key) { tx.erase<TokenRow>(key); }});
  schema.table<ExecSessionRow>({.indexes = {[](const ExecSessionRow& row) { return row.id; },
                                            [](const ExecSessionRow& row) { return row.container_arn; }},
                                .due = [](const ExecSessionRow& row) { return earliest({row.until}); },
                                .on_due =
                                    [](Tx& tx, const Key& key) {
                                      ssm::end_session(tx, world_of(key), tx.find<ExecSessionRow>(key)->id);
                                      tx.erase<ExecSessionRow>(key);
                                    }});
  schema.table<SpotSettingsRow>();
  schema.table<HostRow>();
  schema.invariant("ecs tasks", check_tasks);
}

}  // namespace utakata::ecs
