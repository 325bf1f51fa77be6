#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/instant.hpp"
#include "core/balancer_config.hpp"

// Which target of a group gets a request: AWS's algorithms without sockets, clocks or dice of their own.
namespace utakata::balancer {

/// A target's full share of the requests, as a weight.
inline constexpr i64 full_share = 1000;

/// What selection knows of one registered target. The data path keeps it up to date.
struct Candidate {
  bool healthy = false;
  bool draining = false;  // gets nothing
  i64 in_flight = 0;
  Instant slow_start_began;        // unset: it has its full share
  std::string_view zone = {};      // empty: everywhere
  std::uint64_t key = 0;           // of its name
  i64 anomaly_share = full_share;  // weighted random: less while it stands out by its failures
  bool anomalous = false;          // stood out in the last window
  i64 credit = 0;                  // round robin's own: what it is owed
  i64 requests = 0, failures = 0;  // of the window that judge_anomalies looks at
};

/// What the choice depends on besides the targets.
struct Choice {
  Instant now;
  std::string_view zone = {};  // of the balancer's node; looked at where cross-zone balancing is off
  std::uint64_t dice = 0;      // weighted random
  std::span<const Candidate* const> without = {};  // those that have been tried
};

/// How a group stands, in one zone if it does not balance across zones.
struct GroupHealth {
  std::size_t registered = 0;  // without those that drain
  std::size_t healthy = 0;

  /// Too few are healthy: all registered targets get requests, the unhealthy too.
  [[nodiscard]] bool fails_open(const BalancerTargetGroup&) const;
};
GroupHealth health_of(std::span<Candidate* const>, const BalancerTargetGroup&, std::string_view zone);

/// The place of the target that gets the request; nothing if there is none.
std::optional<std::size_t> choose_target(std::span<Candidate* const>, const BalancerTargetGroup&, const Choice&);

/// The place of the target of a flow with this hash; nothing if there is none. Of the targets that may get flows each
/// has its part of the hashes, and keeps it when others come or go.
std::optional<std::size_t> choose_by_flow(std::span<Candidate* const>, const BalancerTargetGroup&, const Choice&,
                                          std::uint64_t flow);
/// Whether there are targets that could get the request, if they had not as many in flight as they may have.
bool all_full(std::span<Candidate* const>, const BalancerTargetGroup&, const Choice&);

/// Whether a client that is bound to the target at this place may stay with it.
bool may_stay(std::span<Candidate* const>, std::size_t place, const BalancerTargetGroup&, const Choice&);

/// Whether a target that has just become healthy begins with a small share: only beside one that has its full share.
bool begins_slowly(std::span<Candidate* const>, const BalancerTargetGroup&, Instant now);

/// Its weight now: it grows evenly from the moment on at which the target became healthy.
i64 share_of(const Candidate&, const BalancerTargetGroup&, Instant now);

/// At the end of a window: targets that fail far more often than the others get a smaller share, step by step, at most
/// half of them; those that do no more get it back. Begins the next window.
void judge_anomalies(std::span<Candidate* const>);

}  // namespace utakata::balancer
