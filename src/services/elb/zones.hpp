#pragma once

#include "services/elb/state.hpp"

// Availability Zones: of a load balancer's nodes and of targets.
namespace utakata::elb {

/// Where a target of this address stands: its subnet's zone; empty: in all of the load balancer's. `asked` as in
/// RegisterTargets, empty: nothing was asked for. Faults in AWS's words.
Outcome<str> zone_of_target(const Tx&, const World&, const TargetGroupRow&, const str& address, std::string_view asked);

/// Whether the load balancer has a node in that zone. A target in another zone is not used.
bool enabled(const LoadBalancerRow&, std::string_view zone);

/// Whether a node of the load balancer gives the group's requests to targets of all zones, not only of its own.
bool across_zones(const LoadBalancerRow&, const TargetGroupRow&);

/// The zones that DNS leaves out: where one of these groups, which keep to their zones, has too few healthy targets.
/// If that were all zones, none is left out.
list<str> failed_zones(const Tx&, const World&, const LoadBalancerRow&, const list<str>& groups);

}  // namespace utakata::elb
