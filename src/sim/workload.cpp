#include "sim/workload.hpp"

#include <algorithm>

namespace utakata::sim {
namespace {

// How many of first..last (excluded) are `turn` modulo `turns`.
i64 count(i64 first, i64 last, i64 turn, i64 turns) {
  const auto below = [&](i64 n) { return n <= turn ? 0 : (n - turn + turns - 1) / turns; };
  return last <= first ? 0 : below(last) - below(first);
}

}  // namespace

void Workload::flow(const std::string& target_group, i64 requests_per_second, Duration takes) {
  Flow& flow = flows_[target_group];
  account(target_group, flow);
  flow.began = queue_.now();
  flow.period = nanoseconds(1'000'000'000 / std::max<i64>(requests_per_second, 1));
  flow.takes = takes;
  flow.next = 0;
  flow.over = false;
  flow.in_flight.clear();
}

void Workload::end(const std::string& target_group) {
  const auto at = flows_.find(target_group);
  if (at == flows_.end()) return;
  account(target_group, at->second);
  at->second.over = true;
}

void Workload::rotation(const std::string& target_group, std::vector<Endpoint> targets) {
  if (const auto at = flows_.find(target_group); at != flows_.end()) account(target_group, at->second);
  rotations_[target_group] = std::move(targets);
}

void Workload::endpoint(const EndpointChange& change) {
  account_all();
  const Endpoint endpoint{change.address, change.port};
  if (change.answers)
    answering_.insert(endpoint);
  else
    answering_.erase(endpoint);
  if (!change.dropped) return;
  for (auto& [name, flow] : flows_) {
    const auto at = flow.in_flight.find(endpoint);
    if (at == flow.in_flight.end()) continue;
    const i64 lost = drop(flow, at->second);
    flow.fates.answered -= lost;
    flow.fates.lost_in_flight += lost;
  }
}

void Workload::balancer_gone() {
  account_all();
  balancer_runs_ = false;
  rotations_.clear();
  for (auto& [name, flow] : flows_) {
    for (auto& [endpoint, runs] : flow.in_flight) {
      const i64 lost = drop(flow, runs);
      flow.fates.answered -= lost;
      flow.fates.balancer_gone += lost;
    }
  }
}

void Workload::balancer_back() {
  account_all();
  balancer_runs_ = true;
}

Fates Workload::fates(const std::string& target_group) {
  const auto at = flows_.find(target_group);
  if (at == flows_.end()) return {};
  account(target_group, at->second);
  return at->second.fates;
}

Fates Workload::all() {
  Fates sum;
  account_all();
  for (const auto& [name, flow] : flows_) {
    sum.sent += flow.fates.sent;
    sum.answered += flow.fates.answered;
    sum.lost_in_flight += flow.fates.lost_in_flight;
    sum.refused += flow.fates.refused;
    sum.no_target += flow.fates.no_target;
    sum.balancer_gone += flow.fates.balancer_gone;
  }
  return sum;
}

Instant Workload::in_flight_until(const std::string& target_group, const Endpoint& endpoint) {
  const auto at = flows_.find(target_group);
  if (at == flows_.end()) return Instant{};
  account(target_group, at->second);
  const Flow& flow = at->second;
  const auto runs = flow.in_flight.find(endpoint);
  if (runs == flow.in_flight.end() || runs->second.empty()) return Instant{};
  return flow.began + flow.period * (runs->second.back().last - 1) + flow.takes;
}

void Workload::account_all() {
  for (auto& [name, flow] : flows_) account(name, flow);
}

// Everything that has arrived since the last change met what has held since then.
void Workload::account(const std::string& target_group, Flow& flow) {
  if (flow.period == Duration{} || flow.over) return;
  const i64 last = (queue_.now() - flow.began).ns / flow.period.ns + 1;
  if (last <= flow.next) return;
  flow.fates.sent += last - flow.next;
  const auto rotation = rotations_.find(target_group);
  if (!balancer_runs_ || rotation == rotations_.end())
    flow.fates.balancer_gone += last - flow.next;
  else if (rotation->second.empty())
    flow.fates.no_target += last - flow.next;
  else
    send(flow, rotation->second, flow.next, last);
  flow.next = last;
}

void Workload::send(Flow& flow, const std::vector<Endpoint>& rotation, i64 first, i64 last) {
  const auto turns = static_cast<i64>(rotation.size());
  for (i64 turn = 0; turn < turns; ++turn) {
    const Endpoint& endpoint = rotation[static_cast<std::size_t>(turn)];
    const i64 requests = count(first, last, turn, turns);
    if (requests == 0) continue;
    if (!answering_.contains(endpoint)) {
      flow.fates.refused += requests;
      continue;
    }
    flow.fates.answered += requests;
    auto& runs = flow.in_flight[endpoint];
    while (!runs.empty() && flow.began + flow.period * runs.front().last + flow.takes < queue_.now()) runs.pop_front();
    runs.push_back({first, last, turn, turns});
  }
}

// The requests of these runs that are not answered yet; none is in flight afterwards.
i64 Workload::drop(Flow& flow, std::deque<Run>& runs) {
  // A request that came at `first_unanswered` or later is still being worked on.
  const i64 elapsed = (queue_.now() - flow.began - flow.takes).ns;
  const i64 first_unanswered = elapsed < 0 ? 0 : elapsed / flow.period.ns + 1;
  i64 dropped = 0;
  for (const Run& run : runs) dropped += count(std::max(run.first, first_unanswered), run.last, run.turn, run.turns);
  runs.clear();
  return dropped;
}

}  // namespace utakata::sim
