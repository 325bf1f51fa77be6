#pragma once

#include <memory>

#include "balancer/state.hpp"

// Requests that wait for a target, beyond AWS: while a group that holds requests has no healthy one.
namespace utakata::balancer {

/// Whether a request has to wait that has come to a node in this zone.
bool has_to_wait(const Group&, std::string_view zone);
/// Whether one more may.
bool may_wait(const Group&);

/// Waits until the group has a healthy target or the time is over. False: until the client has gone, or has ended its
/// sending side, which cannot be told from that. Meanwhile the control plane is told that the group is wanted. The
/// request's head stays in its workspace, and its body in the socket.
reactor::Co<bool> wait_for_target(Shared&, std::shared_ptr<Group>, reactor::Stream& client, str zone);

}  // namespace utakata::balancer
