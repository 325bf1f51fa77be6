#pragma once

#include <functional>

#include "balancer/workspace.hpp"
#include "base/types.hpp"
#include "reactor/stream.hpp"

namespace utakata::balancer {

/// What a tunnel has carried.
struct Carried {
  i64 from_client = 0, to_client = 0;  // bytes
};

/// How a tunnel ended.
enum class TunnelEnd : std::uint8_t {
  orderly,       // one side has ended it, or nothing came for the idle timeout
  target_reset,  // the target's connection broke
};

/// Carries bytes both ways, those that have come already first, until both sides have ended, one breaks, or nothing has
/// come from either for `idle`. What one side does not take is not read from the other. `over` says when it has
/// to end whatever goes on: one side's connection is shut down then too.
reactor::Co<TunnelEnd> tunnel(reactor::Stream& client, reactor::Stream& target, Workspace&, Duration idle,
                              std::function<bool()> over, Carried&);

}  // namespace utakata::balancer
