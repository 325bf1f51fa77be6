#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "balancer/balancer.hpp"
#include "balancer/health.hpp"
#include "balancer/routing.hpp"
#include "balancer/selection.hpp"
#include "reactor/stream.hpp"
#include "reactor/wall_clock.hpp"

// What the balancer's thread keeps of each load balancer, target group and target.
namespace utakata::balancer {

struct Target {
  str address;
  i32 port = 0;
  bool draining = false;
  bool gone = false;  // out of the configuration; those in flight are cut
  bool idle_reported = false;
  TargetHealth health;
  int in_flight = 0;
  Candidate candidate;                                 // itself as selection sees it
  std::vector<std::unique_ptr<reactor::Stream>> kept;  // connections for the next request, the last used last
  std::set<reactor::Stream*> busy;

  [[nodiscard]] str name() const;
  /// A kept connection that the target has not ended; null if there is none.
  std::unique_ptr<reactor::Stream> take_kept();
};

struct Group {
  BalancerTargetGroup config;
  std::vector<std::shared_ptr<Target>> targets;
  std::vector<Candidate*> candidates;  // of those targets, in their order
  std::uint64_t turn = 0;

  /// The next target by the group's algorithm; null if it has none.
  std::shared_ptr<Target> choose(Instant now);
  void targets_changed();
};

/// One load balancer. Replaced configurations keep their groups' targets, with health and connections.
struct Running {
  std::shared_ptr<const BalancerConfig> config;
  std::shared_ptr<const Routing> routing;  // of that configuration
  std::map<str, std::shared_ptr<Group>> groups;
  std::uint64_t turn = 0;
  bool removed = false;
};

/// What everything on the balancer's thread uses.
struct Shared {
  reactor::Loop loop;
  Settings settings;
  ports::ReportSink sink;
  ports::VpcDoors* network = nullptr;
  FateLedger fates;
  std::map<str, std::shared_ptr<Running>> balancers;  // by ARN
  std::set<reactor::Stream*> clients;
  bool ending = false;

  [[nodiscard]] int namespace_of(const Running&) const;
  /// Where connections to targets come from: the balancer's own address in its VPC.
  [[nodiscard]] reactor::Origin origin_of(const Running&) const;
};

using reactor::wall_clock;

/// Brings a group in line with its new configuration: new targets begin their health checks, vanished ones are cut.
void update_group(Shared&, const std::shared_ptr<Running>&, Group&, const BalancerTargetGroup&);
/// Says so once when a draining target has nothing in flight any more.
void report_if_idle(Shared&, const str& group_arn, Target&);

/// Serves one client until it goes. `own` is null on a listener that several load balancers share by Host.
reactor::Co<void> serve_client(std::shared_ptr<Shared>, std::unique_ptr<reactor::Stream>, i32 port,
                               std::shared_ptr<Running> own);

}  // namespace utakata::balancer
