#pragma once

#include "services/elb/state.hpp"

// Which protocols go together: load balancer, listener and target group.
namespace utakata::elb {

/// TCP, TLS, UDP, TCP_UDP: a network load balancer's.
bool is_flow_protocol(std::string_view protocol);
/// Those of them that carry datagrams.
bool carries_datagrams(std::string_view protocol);

api::Protocol protocol_named(std::string_view);

/// Faults ValidationError of a protocol that this type of load balancer does not have.
Outcome<> check_listener_protocol(const LoadBalancerRow&, std::string_view protocol);
/// The groups that a listener's actions forward to against its protocol. Faults IncompatibleProtocols,
/// InvalidConfigurationRequest.
Outcome<> check_compatible(const Tx&, std::string_view protocol, const list<api::Action>&);

}  // namespace utakata::elb
