#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "balancer/access_log.hpp"
#include "balancer/balancer.hpp"
#include "balancer/health.hpp"
#include "balancer/retry_budget.hpp"
#include "balancer/routing.hpp"
#include "balancer/selection.hpp"
#include "balancer/stickiness.hpp"
#include "balancer/target_sessions.hpp"
#include "balancer/workspace.hpp"
#include "ports/function_door.hpp"
#include "reactor/event.hpp"
#include "reactor/splice.hpp"
#include "reactor/stream.hpp"
#include "reactor/wall_clock.hpp"
#include "tls/stream.hpp"

// What the balancer's thread keeps of each load balancer, target group and target.
namespace utakata::balancer {

/// A connection to a target while a request uses it. Cut when the target goes.
struct Busy {
  reactor::Stream* stream = nullptr;
  std::size_t place = 0;  // among the target's
};

class Flow;

/// Which target the flows of a client's address go to, for so many clients; the one known longest is forgotten first.
class SourceBonds {
 public:
  /// The target's name; null if it has none.
  [[nodiscard]] const str* target_of(std::uint32_t source) const;
  void bind(std::uint32_t source, const str& target);

 private:
  static constexpr std::size_t most = 65'536;
  std::unordered_map<std::uint32_t, str> bonds_;
  std::deque<std::uint32_t> order_;
};

struct Target {
  str group_arn;
  str address;
  i32 port = 0;
  str name;  // "ADDRESS:PORT"
  str zone;  // empty: everywhere
  bool draining = false;
  bool gone = false;  // out of the configuration; those in flight are cut
  bool tls = false;
  bool http2 = false;  // requests go over `sessions`
  bool idle_reported = false;
  bool anomaly_reported = false, mitigation_reported = false;
  bool began_unhealthy = true;  // when it is unhealthy next, that is news
  int registrations = 1;        // so many times; each has its own health checks
  TargetHealth health;
  Candidate candidate;  // itself as selection sees it, with the requests in flight
  std::shared_ptr<FateLine> fates;
  std::vector<Busy*> busy;
  TargetSessions sessions;
  std::set<Flow*> flows;  // of a network load balancer

  void begin(Busy&);
  void end(Busy&);

  /// A kept connection that the target has not ended, the last used first; null if there is none.
  std::unique_ptr<reactor::Stream> take_kept();
  /// For the next request; the end of it when the target closes it.
  void keep(std::unique_ptr<reactor::Stream>);
  void drop_kept() {
    kept_.clear();
    sessions.leave();
  }
  [[nodiscard]] std::size_t connections() const {
    return (http2 ? sessions.connections() : busy.size()) + kept_.size();
  }
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
  SourceBonds sources;              // with stickiness source_ip
  std::shared_ptr<Meter> meter = std::make_shared<Meter>();

  RetryBudget retries;
  std::vector<reactor::Event*> waiting;  // requests that wait for a healthy target (holding.hpp)
  bool said_wanted = false;              // the control plane is told so

  /// The next target by the group's algorithm; null if it has none. The dice are thrown here.
  std::shared_ptr<Target> choose(Choice);
  /// The target of that name; null if it is not here or may not get requests.
  std::shared_ptr<Target> bound(std::string_view name, const Choice&);
  /// Whether targets are chosen of all, as too few are healthy.
  [[nodiscard]] bool fails_open(std::string_view zone) const;
  /// Counts how a request ended that this target got. True: by that, who stands out was judged anew.
  bool ended(Target&, Cause);
  void targets_changed();
  /// Lets those who wait look again.
  void wake() const;
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
  std::uint64_t connections = 0;  // that came where it has no address of its own
  bool removed = false;
  std::map<i32, std::shared_ptr<tls::ServerContext>> tls;  // of its listeners of TLS, by port; see update_tls()

  /// Where the node stands that a connection comes to; empty: nowhere in particular. `address` is the listener's: one
  /// of the load balancer's own, or the host's that all share. There, connections go to its nodes in turn, as clients
  /// take them from DNS.
  std::string_view zone_of_node(std::string_view address);
};

/// Where clients come in. One port may be HTTP's for one load balancer and HTTPS's for another.
struct Door {
  i32 port = 0;
  bool tls = false;
  friend auto operator<=>(Door, Door) = default;
};

/// What everything on the balancer's thread uses.
struct Shared : std::enable_shared_from_this<Shared> {
  reactor::Loop loop;
  Settings settings;
  ports::ReportSink sink;
  ports::VpcDoors* network = nullptr;
  FateLedger fates;
  Meters meters;
  std::unique_ptr<LogFiles> log_files;                                           // null: there are none
  std::shared_ptr<FateLine> unclaimed = std::make_shared<FateLine>("", "", "");  // requests to no load balancer
  Workspaces workspaces;
  BondSeal seal{""};                                              // of cookies
  std::map<str, std::shared_ptr<Running>> balancers;              // by ARN
  std::map<Door, std::vector<std::shared_ptr<Running>>> by_door;  // those that listen there; see configured()
  std::shared_ptr<tls::TicketKeys> ticket_keys = std::make_shared<tls::TicketKeys>();
  std::shared_ptr<tls::ClientContext> to_targets = *tls::ClientContext::make({});
  std::set<reactor::Stream*> clients;
  std::set<Flow*> flows;           // of all network load balancers
  std::size_t datagram_flows = 0;  // of those
  reactor::SplicePipes pipes;
  std::size_t function_bytes = 0;  // of requests to functions, held now
  ports::NoFunctions no_functions;
  bool ending = false;

  [[nodiscard]] ports::FunctionDoor& functions() {
    return settings.functions == nullptr ? no_functions : *settings.functions;
  }
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
/// Says which targets stand out by their failures, where that has changed.
void report_anomalies(Shared&, Group&);
/// Says so once when a draining target has nothing in flight any more.
void report_if_idle(Shared&, Target&);

/// What was agreed upon with a client of an HTTPS listener; empty names with one of an HTTP listener.
struct ClientTls {
  std::string_view version, cipher;  // OpenSSL's names
  str server_name;                   // that the client asked for; may be empty
  [[nodiscard]] bool used() const { return !version.empty(); }
};

/// How a client came in.
struct Arrival {
  i32 port = 0;                  // of the listener
  std::shared_ptr<Running> own;  // whose listener it is; null: several load balancers share it by Host
  str address = {};              // of the listener
  ClientTls tls = {};
  bool plain = false;  // it speaks HTTP to a listener of HTTPS, which refuses its requests
};

/// Serves one client until it goes.
reactor::Co<void> serve_client(std::shared_ptr<Shared>, std::unique_ptr<reactor::Stream>, Arrival);
/// The same of a client that speaks HTTP/2.
reactor::Co<void> serve_http2_client(std::shared_ptr<Shared>, std::unique_ptr<reactor::Stream>, Arrival);

}  // namespace utakata::balancer
