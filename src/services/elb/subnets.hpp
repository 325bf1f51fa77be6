#pragma once

#include "services/elb/state.hpp"

// Where a load balancer stands: a node in one subnet of each of its zones, with an interface and its addresses.
namespace utakata::elb {

/// The subnets that a call names, whichever of the two members it uses. Fault when it uses both, or neither.
Outcome<list<api::SubnetMapping>> subnets_asked(const opt<list<str>>& subnets,
                                                const opt<list<api::SubnetMapping>>& mappings);

/// Gives the load balancer a node in each of these subnets. Faults SubnetNotFound, InvalidConfigurationRequest and
/// AllocationIdNotFound.
Outcome<> add_nodes(Tx&, LoadBalancerRow&, const list<api::SubnetMapping>&);

}  // namespace utakata::elb
