#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "base/types.hpp"

namespace utakata::balancer {

/// What became of a request inside the balancer.
enum class Cause : std::uint8_t {
  ok,  // 1xx to 3xx of the target, a fixed response, a redirect
  target_4xx,
  target_5xx,
  bad_request,        // no request of HTTP, or not for this target: 400, 405, 408, 414, 463, 464, 501, 505
  client_closed_460,  // the client went before the answer
  no_target_503,
  exhausted_503,  // we had no socket for a connection to the target
  connect_refused_502,
  connect_timeout_504,
  reset_in_flight_502,  // the target reset or closed with the request unanswered
  malformed_502,        // the target's answer is no HTTP
  cut_off,              // the target ended in the midst of its body
  timeout_504,
  deregistered_502,  // the deregistration delay ended first
  upgraded,          // became a WebSocket, which one of its sides or the idle timeout has ended
  tls_failed_502,    // the target and we did not agree on TLS within the patience
  client_tls_error,  // no request: a client's connection that did not get through its TLS handshake
  // Of flows, which a network load balancer carries without an answer of its own:
  flow_ended,            // in order, by both sides; of datagrams: none came any more
  flow_client_reset,     // the client's connection broke
  flow_target_reset,     // the target's connection broke
  flow_idle,             // nothing came for the idle timeout
  flow_refused,          // the target took no connection
  flow_connect_timeout,  // the target did not answer
  flow_tls_failed,       // the target and we did not agree on TLS within the patience
  flow_no_target,
  flow_exhausted,     // we had no socket, or no room for one more flow of datagrams
  flow_unhealthy,     // its target became unhealthy
  flow_deregistered,  // its target was deregistered and the delay is over, or its listener is no more
  // Beyond AWS, and of functions:
  retried,             // a try only: another target got the request, and its fate is counted there
  retry_refused,       // a try that the budget did not allow, beside the fate of its request
  target_full_503,     // every target has as many requests in flight as it may have
  lambda_missing_502,  // there is no such function
  lambda_failed_502,   // its call failed, or the function did
  lambda_invalid_answer_502,
  lambda_answer_too_large_502,
  lambda_request_too_large_413,
  lambda_timeout_504,  // no result within the idle timeout
};
inline constexpr std::size_t cause_count = 37;
str name_of(Cause);
/// Of a target's answer with this status.
Cause cause_of(int status);

struct FateRow {
  i64 second = 0;  // since 1970
  str load_balancer, target_group, target, cause;
  i64 count = 0;
};

/// Where the requests of one target are counted: found once, so that counting needs no names.
class FateLine {
 public:
  FateLine(str load_balancer, str target_group, str target)
      : load_balancer_(std::move(load_balancer)), target_group_(std::move(target_group)), target_(std::move(target)) {}

 private:
  friend class FateLedger;
  str load_balancer_, target_group_, target_;
  std::array<std::atomic<i64>, cause_count> counts_{};  // of the current second
  bool counted_ = false;                                // anything in the current second
};

/// The last fifteen minutes by second. Written by the balancer's thread, read by any.
class FateLedger {
 public:
  void count(i64 second, const std::shared_ptr<FateLine>&, Cause);
  [[nodiscard]] list<FateRow> snapshot() const;

 private:
  struct Counted {
    std::shared_ptr<const FateLine> line;
    std::array<i64, cause_count> counts{};
  };
  static Counted counted(const std::shared_ptr<FateLine>&);
  void begin(i64 second);

  mutable std::mutex mutex_;
  i64 second_ = 0;
  std::vector<std::shared_ptr<FateLine>> current_;
  std::deque<std::pair<i64, std::vector<Counted>>> past_;
};

}  // namespace utakata::balancer
