#pragma once

#include <deque>
#include <map>
#include <mutex>

#include "base/types.hpp"

namespace utakata::balancer {

/// What became of a request inside the balancer.
enum class Cause : std::uint8_t {
  ok,  // 1xx to 3xx of the target, a fixed response, a redirect
  target_4xx,
  target_5xx,
  bad_request,        // no request of HTTP: 400, 405, 414, 431, 501, 505
  client_closed_460,  // the client went before the answer
  no_target_503,
  connect_refused_502,
  connect_timeout_504,
  reset_in_flight_502,  // the target reset or closed with the request unanswered
  malformed_502,        // the target's answer is no HTTP
  cut_off,              // the target ended in the midst of its body
  timeout_504,
  deregistered_502,  // the deregistration delay ended first
};
str name_of(Cause);

struct FateRow {
  i64 second = 0;  // since 1970
  str load_balancer, target_group, target, cause;
  i64 count = 0;
};

/// The last fifteen minutes by second. Written by the balancer's thread, read by any.
class FateLedger {
 public:
  void count(i64 second, const str& load_balancer, const str& target_group, const str& target, Cause);
  [[nodiscard]] list<FateRow> snapshot() const;

 private:
  struct Key {
    str load_balancer, target_group, target;
    Cause cause;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  mutable std::mutex mutex_;
  std::deque<std::pair<i64, std::map<Key, i64>>> seconds_;
};

}  // namespace utakata::balancer
