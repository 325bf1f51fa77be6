#include "sim/balancer.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace utakata::sim {
namespace {

constexpr Duration check_takes = milliseconds(5);
balancer::CheckResult result_of(bool good) {
  using Kind = balancer::CheckResult::Kind;
  return good ? balancer::CheckResult{.kind = Kind::answered, .status = 200}
              : balancer::CheckResult{.kind = Kind::failed};
}

}  // namespace

void Balancer::configure(const BalancerConfig& config) {
  if (!runs_) return;
  std::set<std::string> groups;
  for (const BalancerTargetGroup& group : config.target_groups) groups.insert(group.arn);
  for (const std::string& arn : balancers_[config.arn])
    if (!groups.contains(arn)) drop_group(arn, config.arn);
  balancers_[config.arn] = std::move(groups);
  places_[config.arn] = {config.vpc_id, config.addresses.empty() ? std::string() : config.addresses.front()};
  for (const BalancerTargetGroup& group : config.target_groups) take_group(config.arn, group);
  report_(BalancerReport{.arn = config.arn, .state = "active"});
}

void Balancer::remove(const std::string& arn) {
  const auto at = balancers_.find(arn);
  if (at == balancers_.end()) return;
  for (const std::string& group : at->second) drop_group(group, arn);
  balancers_.erase(at);
  places_.erase(arn);
}

void Balancer::drop_group(const std::string& arn, const std::string& balancer) {
  const auto at = groups_.find(arn);
  if (at == groups_.end()) return;
  at->second.users.erase(balancer);
  if (!at->second.users.empty()) return;
  while (!at->second.targets.empty()) forget(at->second, Workload::Endpoint(at->second.targets.begin()->first));
  groups_.erase(at);
  workload_.rotation(arn, {});
}

void Balancer::take_group(const std::string& balancer, const BalancerTargetGroup& wanted) {
  Group& group = groups_[wanted.arn];
  group.users.insert(balancer);
  for (auto& [endpoint, target] : group.targets) catch_up(group, target);
  group.rule = wanted.health_check;
  group.said = wanted;
  group.said.targets.clear();
  std::vector<Workload::Endpoint> order;
  for (const BalancerTarget& target : wanted.targets) order.emplace_back(target.address, target.port);
  for (const Workload::Endpoint& endpoint : group.order)
    if (std::ranges::find(order, endpoint) == order.end()) forget(group, endpoint);
  group.order = std::move(order);
  for (const BalancerTarget& target : wanted.targets) take_target(wanted.arn, group, target);
  rotate(wanted.arn, group);
  for (auto& [endpoint, target] : group.targets)
    if (target.draining) watch_idle(wanted.arn, endpoint, target);
}

void Balancer::take_target(const std::string& arn, Group& group, const BalancerTarget& wanted) {
  const Workload::Endpoint endpoint{wanted.address, wanted.port};
  const auto [at, is_new] = group.targets.try_emplace(endpoint);
  Target& target = at->second;
  if (is_new || (target.draining && !wanted.draining)) {
    target.health = {};
    target.told = {};
    // Checks of many targets do not fall on one moment.
    target.next_check = queue_.now() + dice_.between(Duration{}, seconds(1), cat(arn, endpoint.first), "phase");
  }
  target.draining = wanted.draining;
  if (!target.draining) {
    queue_.cancel(target.idle);
    target.idle_told = false;
  }
  target.good = finds_good(group, endpoint);
  if (is_new && !target.draining) report_(target.health.report(arn, wanted.address, wanted.port));
  predict(arn, group, endpoint);
}

void Balancer::endpoint(const EndpointChange& change) {
  for (auto& [arn, group] : groups_) {
    for (auto& [endpoint, target] : group.targets) {
      if (endpoint.first != change.address || group.rule.port.value_or(endpoint.second) != change.port) continue;
      look_again(arn, group, endpoint, target);
    }
  }
}

void Balancer::network_changed(const std::string& address) {
  for (auto& [arn, group] : groups_)
    for (auto& [endpoint, target] : group.targets)
      if (address.empty() || endpoint.first == address) look_again(arn, group, endpoint, target);
}

void Balancer::look_again(const std::string& arn, Group& group, const Workload::Endpoint& endpoint, Target& target) {
  catch_up(group, target);
  target.good = finds_good(group, endpoint);
  predict(arn, group, endpoint);
}

bool Balancer::finds_good(const Group& group, const Workload::Endpoint& endpoint) const {
  const i32 port = group.rule.port.value_or(endpoint.second);
  if (!runtime_.answers(endpoint.first, port)) return false;
  if (network_ == nullptr || group.users.empty()) return true;
  const auto& [vpc, own_address] = places_.at(*group.users.begin());
  return network_->may_connect(vpc, {.from = own_address, .to = endpoint.first, .port = port});
}

void Balancer::stop() {
  runs_ = false;
  while (!balancers_.empty()) remove(std::string(balancers_.begin()->first));
  workload_.balancer_gone();
}

void Balancer::restart() {
  runs_ = true;
  workload_.balancer_back();
}

void Balancer::repeat(const std::string& arn, const Workload::Endpoint& endpoint) {
  const auto group = groups_.find(arn);
  if (group == groups_.end()) return;
  const auto at = group->second.targets.find(endpoint);
  if (at == group->second.targets.end()) return;
  report_target(arn, endpoint, at->second);
  at->second.idle_told = false;
  if (at->second.draining) watch_idle(arn, endpoint, at->second);
}

bool Balancer::observe_until(const HealthCheckRule& rule, Target& target, Instant then) const {
  while (target.next_check <= then) {
    if (target.stands_still()) {
      // Nothing changes any more, however many checks are made.
      const i64 more = (then - target.next_check).ns / seconds(rule.interval_seconds).ns + 1;
      target.next_check = target.next_check + seconds(rule.interval_seconds) * more;
      target.checks += more;
      return false;
    }
    const Instant check = target.next_check;
    const State before = state_of(target.health);
    ++target.checks;
    target.health.take(rule, result_of(target.good));
    target.next_check = check + seconds(target.health.interval_seconds(rule));
    if (state_of(target.health) != before) return true;
  }
  return false;
}

// Takes in the results of the checks made since the last change: all of them found the same.
void Balancer::catch_up(const Group& group, Target& target) {
  if (target.draining) return;
  while (observe_until(group.rule, target, queue_.now())) {
  }
}

void Balancer::predict(const std::string& arn, Group& group, const Workload::Endpoint& endpoint) {
  Target& target = group.targets.at(endpoint);
  queue_.cancel(target.change);
  target.change = {};
  if (target.draining) return;
  const auto settle = [this, arn, endpoint] { settled(arn, endpoint); };
  if (state_of(target.health) != target.told) {
    target.change = queue_.after(check_takes, settle);
    return;
  }
  Target ahead = target;
  while (!ahead.stands_still()) {
    const Instant check = ahead.next_check;
    if (!observe_until(group.rule, ahead, check)) continue;
    target.change = queue_.at(check + check_takes, settle);
    return;
  }
}

void Balancer::settled(const std::string& arn, const Workload::Endpoint& endpoint) {
  Group& group = groups_.at(arn);
  Target& target = group.targets.at(endpoint);
  catch_up(group, target);
  target.told = state_of(target.health);
  report_target(arn, endpoint, target);
  rotate(arn, group);
  predict(arn, group, endpoint);
}

void Balancer::report_target(const std::string& arn, const Workload::Endpoint& endpoint, const Target& target) {
  TargetHealthReport report = target.health.report(arn, endpoint.first, endpoint.second);
  if (tell_) tell_(endpoint.first, std::string(report.state.name()));
  report_(std::move(report));
}

void Balancer::watch_idle(const std::string& arn, const Workload::Endpoint& endpoint, Target& target) {
  if (target.idle_told) return;
  target.idle_told = true;
  const Instant last = workload_.in_flight_until(arn, endpoint);
  target.idle = queue_.at(std::max(last, queue_.now() + milliseconds(1)), [this, arn, endpoint] {
    report_(TargetIdleReport{.target_group_arn = arn, .address = endpoint.first, .port = endpoint.second});
  });
}

// Healthy targets take turns; if too few are healthy, all do (fail open).
void Balancer::rotate(const std::string& arn, const Group& group) {
  std::vector<Workload::Endpoint> healthy;
  std::vector<Workload::Endpoint> registered;
  for (const Workload::Endpoint& endpoint : group.order) {
    const Target& target = group.targets.at(endpoint);
    if (target.draining) continue;
    registered.push_back(endpoint);
    if (target.health.healthy()) healthy.push_back(endpoint);
  }
  const bool opens =
      balancer::GroupHealth{.registered = registered.size(), .healthy = healthy.size()}.fails_open(group.said);
  workload_.rotation(arn, opens ? std::move(registered) : std::move(healthy));
}

void Balancer::forget(Group& group, const Workload::Endpoint& endpoint) {
  const auto at = group.targets.find(endpoint);
  if (at == group.targets.end()) return;
  catch_up(group, at->second);
  checks_of_former_targets_ += at->second.checks;
  queue_.cancel(at->second.change);
  queue_.cancel(at->second.idle);
  group.targets.erase(at);
}

i64 Balancer::checks_made() {
  i64 all = checks_of_former_targets_;
  for (auto& [arn, group] : groups_) {
    for (auto& [endpoint, target] : group.targets) {
      catch_up(group, target);
      all += target.checks;
    }
  }
  return all;
}

std::vector<Workload::Endpoint> Balancer::targets() const {
  std::vector<Workload::Endpoint> all;
  for (const auto& [arn, group] : groups_)
    for (const auto& [endpoint, target] : group.targets)
      if (!target.draining) all.push_back(endpoint);
  return all;
}

}  // namespace utakata::sim
