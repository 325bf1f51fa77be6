#pragma once

#include <optional>

#include "balancer/exchange.hpp"
#include "ports/function_door.hpp"

// Requests to Lambda functions. Unlike others they are held whole, with their answers: that is how functions are
// called.
namespace utakata::balancer {

/// Bodies of requests to functions that are held at a time, of all load balancers.
inline constexpr std::size_t function_bytes_max = 64 * 1024 * 1024;

/// Serves one request, whose head is in the workspace, rewritten; what follows it is its body, as far as it has come.
reactor::Co<Ended> call_function(Shared&, const BalancerConfig&, reactor::Stream& client, std::unique_ptr<Workspace>&,
                                 const Incoming&, const Destination&, Record&);

/// A health check. `arn` is the function's.
reactor::Co<CheckResult> check_function(Shared&, const BalancerTargetGroup&, str arn);

}  // namespace utakata::balancer
