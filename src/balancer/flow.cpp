#include "balancer/flow.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "base/ipv4.hpp"
#include "base/text.hpp"

namespace utakata::balancer {
namespace {

std::uint64_t hash_of(const FlowEnds& ends) {
  const std::uint64_t client =
      (std::uint64_t{parse_ipv4(ends.client.host).value_or(0)} << 16) | static_cast<std::uint64_t>(ends.client.port);
  const std::uint64_t node =
      (std::uint64_t{parse_ipv4(ends.node.host).value_or(0)} << 16) | static_cast<std::uint64_t>(ends.node.port);
  return mix(client ^ mix(node ^ (ends.datagrams ? 1U << 31 : 0U)));
}

std::shared_ptr<Target> target_of(Group& group, const FlowEnds& ends, const Choice& choice) {
  if (group.config.stickiness.kind != "source_ip") {
    const auto place = choose_by_flow(group.candidates, group.config, choice, hash_of(ends));
    return place ? group.targets[*place] : nullptr;
  }
  const std::uint32_t source = parse_ipv4(ends.client.host).value_or(0);
  if (const str* bound = group.sources.target_of(source))
    if (auto target = group.bound(*bound, choice)) return target;
  const auto place = choose_by_flow(group.candidates, group.config, choice, mix(source));
  if (!place) return nullptr;
  group.sources.bind(source, group.targets[*place]->name);
  return group.targets[*place];
}

}  // namespace

const str* SourceBonds::target_of(std::uint32_t source) const {
  const auto at = bonds_.find(source);
  return at == bonds_.end() ? nullptr : &at->second;
}

void SourceBonds::bind(std::uint32_t source, const str& target) {
  if (bonds_.insert_or_assign(source, target).second) order_.push_back(source);
  if (order_.size() <= most) return;
  bonds_.erase(order_.front());
  order_.pop_front();
}

const BalancerListener* flow_listener(const BalancerConfig& config, i32 port, bool datagrams) {
  const auto carries = [&](const BalancerListener& listener) {
    return listener.port == port && (listener.protocol == "TCP_UDP" || (listener.protocol == "UDP") == datagrams);
  };
  const auto found = std::ranges::find_if(config.listeners, carries);
  return found == config.listeners.end() ? nullptr : &*found;
}

FlowWay choose_way(Running& running, const BalancerListener& listener, const FlowEnds& ends, Instant now) {
  FlowWay way{.zone = str(running.zone_of_node(ends.node.host))};
  if (listener.rules.empty()) return way;
  const auto group = running.groups.find(choose_group(listener.rules.back().action, running.turn++));
  if (group == running.groups.end()) return way;
  way.group = group->second;
  way.target = target_of(*way.group, ends, {.now = now, .zone = way.zone});
  if (way.target && way.group->fails_open(way.zone)) way.group->meter->add_in(way.zone, Measure::failed_open_flows);
  return way;
}

void count_end(Shared& shared, const Running& running, const FlowWay& way, FlowKind kind, Cause cause) {
  count_flow(*running.meter, way.group ? way.group->meter.get() : nullptr, kind, cause, way.zone);
  const auto& of_group = way.group ? way.group->fates : running.fates;
  shared.fates.count(wall_clock().ns / 1'000'000'000, way.target ? way.target->fates : of_group, cause);
}

void end_flows(const std::set<Flow*>& flows, Cause cause) {
  const std::vector<Flow*> all(flows.begin(), flows.end());  // each leaves the set when it ends
  for (Flow* flow : all) flow->end(cause);
}

FlowPlace::FlowPlace(Shared& shared, std::shared_ptr<Target> target, Flow& flow)
    : shared_(shared), target_(std::move(target)), flow_(flow) {
  target_->flows.insert(&flow_);
  shared_.flows.insert(&flow_);
  ++target_->candidate.in_flight;
}

FlowPlace::~FlowPlace() {
  target_->flows.erase(&flow_);
  shared_.flows.erase(&flow_);
  --target_->candidate.in_flight;
  report_if_idle(shared_, *target_);
}

}  // namespace utakata::balancer
