#pragma once

#include <map>
#include <string>

#include "balancer/health.hpp"
#include "balancer/selection.hpp"
#include "ports/ports.hpp"
#include "sim/dice.hpp"
#include "sim/network.hpp"
#include "sim/workload.hpp"

namespace utakata::sim {

/// The balancer's simulated twin. Checks happen at their times, but only one whose result changes a target's state
/// costs an event: what a check would find holds until the container under it changes.
class Balancer final : public ports::Balancer {
 public:
  using Tell = std::function<void(const std::string& what, const std::string& line)>;
  /// `network` may be null: every target can then be reached.
  Balancer(EventQueue& queue, Dice dice, const TaskRuntime& runtime, const Network* network, Workload& workload,
           ports::ReportSink report, Tell tell = nullptr)
      : queue_(queue),
        dice_(dice),
        runtime_(runtime),
        network_(network),
        workload_(workload),
        report_(std::move(report)),
        tell_(std::move(tell)) {}

  void configure(const BalancerConfig&) override;
  void remove(const std::string& arn) override;

  /// The container behind an address has changed.
  void endpoint(const EndpointChange&);
  /// What the network lets through to this address has changed; "": to any address.
  void network_changed(const std::string& address);
  /// It ends, with the daemon, and comes back without any memory: only a configuration makes it work again.
  void stop();
  void restart();
  /// Says again what it knows of this target: what a lost report had said.
  void repeat(const std::string& target_group, const Workload::Endpoint&);

  [[nodiscard]] std::vector<Workload::Endpoint> targets() const;
  /// Health checks made so far, of targets that are there and of those that were.
  [[nodiscard]] i64 checks_made();

 private:
  enum class State : std::uint8_t { initial, healthy, unhealthy };
  static State state_of(const balancer::TargetHealth& health) {
    return health.initial() ? State::initial : health.healthy() ? State::healthy : State::unhealthy;
  }
  struct Target {
    bool draining = false;
    bool idle_told = false;
    bool good = false;  // what a check finds now
    balancer::TargetHealth health;
    State told = State::initial;  // what was reported last
    i64 checks = 0;
    Instant next_check;  // those before it have been taken in by `health`

    /// More results like the last leave the state as it is.
    [[nodiscard]] bool stands_still() const { return state_of(health) == (good ? State::healthy : State::unhealthy); }
    EventQueue::Handle change;
    EventQueue::Handle idle;
  };
  struct Group {
    HealthCheckRule rule;
    BalancerTargetGroup said;  // its thresholds; its targets are below
    std::vector<Workload::Endpoint> order;
    std::map<Workload::Endpoint, Target> targets;
    std::set<std::string> users;  // load balancers that send to it
  };
  /// What a check of this target finds now.
  [[nodiscard]] bool finds_good(const Group&, const Workload::Endpoint&) const;
  void look_again(const std::string& arn, Group&, const Workload::Endpoint&, Target&);
  void take_group(const std::string& balancer, const BalancerTargetGroup&);
  void take_target(const std::string& arn, Group&, const BalancerTarget&);
  /// Takes in the checks that were made by then; true as soon as one of them changes the state.
  bool observe_until(const HealthCheckRule&, Target&, Instant) const;
  void catch_up(const Group&, Target&);
  void predict(const std::string& arn, Group&, const Workload::Endpoint&);
  void settled(const std::string& arn, const Workload::Endpoint&);
  void report_target(const std::string& arn, const Workload::Endpoint&, const Target&);
  void watch_idle(const std::string& arn, const Workload::Endpoint&, Target&);
  void rotate(const std::string& arn, const Group&);
  void forget(Group&, const Workload::Endpoint&);
  void drop_group(const std::string& arn, const std::string& balancer);

  EventQueue& queue_;
  Dice dice_;
  const TaskRuntime& runtime_;
  const Network* network_;
  Workload& workload_;
  ports::ReportSink report_;
  Tell tell_;
  bool runs_ = true;
  std::map<std::string, std::set<std::string>> balancers_;             // and their target groups
  std::map<std::string, std::pair<std::string, std::string>> places_;  // of a balancer: its VPC and first address
  std::map<std::string, Group> groups_;
  i64 checks_of_former_targets_ = 0;
};

}  // namespace utakata::sim
