#pragma once

#include "balancer/state.hpp"

// TLS on both sides of the balancer.
namespace utakata::balancer {

/// Brings the TLS contexts of a load balancer in line with its next configuration. A listener that stays as it was
/// keeps its context; one whose certificates are no use has none, and its clients are refused.
void update_tls(Shared&, Running&, const BalancerConfig& next);

/// A new client: what it speaks, who is meant by it, and then its requests, until it goes.
reactor::Co<void> welcome(std::shared_ptr<Shared>, std::unique_ptr<reactor::TcpStream>, Arrival);

/// A client of a network load balancer at its listener of TLS; null: there was no handshake, which is counted.
reactor::Co<std::unique_ptr<tls::TlsStream>> secure_flow(Shared&, std::unique_ptr<reactor::TcpStream>,
                                                         const reactor::Address& node, const std::shared_ptr<Running>&);

/// Counts a handshake with a target that came to nothing.
void count_target_tls_error(const Running&, const Target&, std::string_view zone);

/// TLS to a target, whose certificate is not looked at, as ALB does; null: it did not come to that. `http2`: the target
/// has to agree to that.
reactor::Co<std::unique_ptr<reactor::Stream>> secure_to_target(Shared&, std::unique_ptr<reactor::TcpStream>,
                                                               Duration patience, bool http2 = false);

}  // namespace utakata::balancer
