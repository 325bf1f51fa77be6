#pragma once

#include <memory>

#include "balancer/state.hpp"

// What a network load balancer carries: connections, and the datagrams between a client's port and a listener's. A flow
// has one target for as long as it lives.
namespace utakata::balancer {

/// A flow that a target has.
class Flow {
 public:
  Flow() = default;
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;
  virtual ~Flow() = default;
  /// From outside: it is to end now, for this cause. It may destroy itself within the call.
  virtual void end(Cause) = 0;
};

/// Between whom a flow is.
struct FlowEnds {
  reactor::Address client;
  reactor::Address node;  // where the listener is that it came to
  bool datagrams = false;
};

/// The load balancer's listener of flows at that port; null if there is none.
const BalancerListener* flow_listener(const BalancerConfig&, i32 port, bool datagrams);

/// Where a flow goes. The same ends lead to the same target while the group's targets are the same; with stickiness
/// `source_ip` all flows of a client do, for as long as that target may get any.
struct FlowWay {
  std::shared_ptr<Group> group = nullptr;    // null: every weight is zero
  std::shared_ptr<Target> target = nullptr;  // null: the group has none that may get a flow
  str zone = {};                             // of the node that got it; empty: of none
};
FlowWay choose_way(Running&, const BalancerListener&, const FlowEnds&, Instant now);

/// Counts how a flow ended, or why it never began, in the ledger and for the metrics.
void count_end(Shared&, const Running&, const FlowWay&, FlowKind, Cause);

/// Ends every one of these flows.
void end_flows(const std::set<Flow*>&, Cause);

/// That a target has this flow: among those that end with it, and among what it has in flight.
class FlowPlace {
 public:
  FlowPlace(Shared&, std::shared_ptr<Target>, Flow&);
  FlowPlace(const FlowPlace&) = delete;
  FlowPlace& operator=(const FlowPlace&) = delete;
  ~FlowPlace();

 private:
  Shared& shared_;
  std::shared_ptr<Target> target_;
  Flow& flow_;
};

/// Carries a client's connection until it ends. `node` is the address at which it came to the load balancer.
reactor::Co<void> serve_connection(std::shared_ptr<Shared>, std::unique_ptr<reactor::TcpStream> client,
                                   reactor::Address node, std::shared_ptr<Running>);

}  // namespace utakata::balancer
