#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "balancer/access_log.hpp"
#include "balancer/balancer.hpp"
#include "balancer/health.hpp"
#include "balancer/routing.hpp"
#include "balancer/selection.hpp"
#include "balancer/stickiness.hpp"
#include "balancer/workspace.hpp"
#include "reactor/stream.hpp"
#include "reactor/wall_clock.hpp"

// What the balancer's thread keeps of each load balancer, target group and target.
namespace utakata::balancer {

/// A connection to a target while a request uses it. Cut when the target goes.
struct Busy {
  reactor::Stream* stream = nullptr;
  std::size_t place = 0;  // among the target's
};

struct Target {
  str group_arn;
  str address;
  i32 port = 0;
  str name;  // "ADDRESS:PORT"
  bool draining = false;
  bool gone = false;  // out of the configuration; those in flight are cut
  bool idle_reported = false;
  int registrations = 1;  // so many times; each has its own health checks
  TargetHealth health;
  Candidate candidate;  // itself as selection sees it, with the requests in flight
  std::shared_ptr<FateLine> fates;
  std::vector<Busy*> busy;

  void begin(Busy&);
  void end(Busy&);

  /// A kept connection that the target has not ended, the last used first; null if there is none.
  std::unique_ptr<reactor::Stream> take_kept();
  /// For the next request; the end of it when the target closes it.
  void keep(std::unique_ptr<reactor::Stream>);
  void drop_kept() { kept_.clear(); }
  [[nodiscard]] std::size_t connections() const { return busy.size() + kept_.size(); }
  /// Ends those that nobody has used since.
  void drop_kept_before(Instant);

 private:
  struct Kept {
    std::unique_ptr<reactor::Stream> stream;
    Instant since;
  };
  std::vector<Kept> kept_;  // the last used last
};

struct Group {
  BalancerTargetGroup config;
  std::vector<std::shared_ptr<Target>> targets;
  std::vector<Candidate*> candidates;  // of those targets, in their order
  std::uint64_t turn = 0;
  std::shared_ptr<FateLine> fates;  // of requests that found no target
  std::shared_ptr<Meter> meter = std::make_shared<Meter>();

  /// The next target by the group's algorithm; null if it has none.
  std::shared_ptr<Target> choose(Instant now);
  /// The target of that name; null if it is not here or may not get requests.
  std::shared_ptr<Target> bound(std::string_view name, Instant now);
  /// Counts how a request ended that this target got. Where shares go by that, they are judged anew now and then.
  void ended(Target&, Cause);
  void targets_changed();
  /// How many targets are healthy and how many connections they have, into the meter.
  void measure_targets();

 private:
  std::uint64_t requests_in_window_ = 0;  // of judge_anomalies
};

/// One load balancer. Replaced configurations keep their groups' targets, with health and connections.
struct Running {
  std::shared_ptr<const BalancerConfig> config;
  std::shared_ptr<const Routing> routing;  // of that configuration
  std::map<str, std::shared_ptr<Group>, std::less<>> groups;
  std::shared_ptr<FateLine> fates;  // of requests that are answered without a group
  std::shared_ptr<Meter> meter = std::make_shared<Meter>();
  std::shared_ptr<AccessLog> log;  // null: it has none
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
  Meters meters;
  std::unique_ptr<LogFiles> log_files;                                           // null: there are none
  std::shared_ptr<FateLine> unclaimed = std::make_shared<FateLine>("", "", "");  // requests to no load balancer
  Workspaces workspaces;
  BondSeal seal{""};                                             // of cookies
  std::map<str, std::shared_ptr<Running>> balancers;             // by ARN
  std::map<i32, std::vector<std::shared_ptr<Running>>> by_port;  // those that listen there; see configured()
  std::set<reactor::Stream*> clients;
  bool ending = false;

  /// To be called when load balancers or their listeners have changed.
  void configured();
  [[nodiscard]] int namespace_of(const Running&) const;
  /// Where connections to targets come from: the balancer's own address in its VPC.
  [[nodiscard]] reactor::Origin origin_of(const Running&) const;
};

using reactor::wall_clock;

/// A group of a load balancer, as it begins.
std::shared_ptr<Group> new_group(Shared&, const Running&, const str& arn);
/// Brings a group in line with its new configuration: new targets begin their health checks, vanished ones are cut.
void update_group(Shared&, const std::shared_ptr<Running>&, Group&, const BalancerTargetGroup&);
/// Says so once when a draining target has nothing in flight any more.
void report_if_idle(Shared&, Target&);

/// Serves one client until it goes. `own` is null on a listener that several load balancers share by Host.
reactor::Co<void> serve_client(std::shared_ptr<Shared>, std::unique_ptr<reactor::Stream>, i32 port,
                               std::shared_ptr<Running> own);

}  // namespace utakata::balancer
