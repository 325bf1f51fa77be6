#pragma once

#include <string_view>

#include "base/instant.hpp"
#include "base/types.hpp"

namespace utakata::balancer {

/// What the access log and the metrics are told of one request. Times are of the wall clock; one that is not set has
/// not come to pass.
struct Record {
  Instant received;                        // its head was there
  Instant dispatched;                      // a target was sent the first of it
  Instant answered;                        // the head of the target's answer was there
  Instant ended;                           // the last of the answer was sent
  i64 received_bytes = 0, sent_bytes = 0;  // from and to the client, heads and codings included
  int target_status = 0;                   // 0: the target gave none
  int status = 0;                          // what the client was sent; 0: nothing
  bool waited_in_vain = false;             // held for a target, until its client went
  bool of_function = false;                // a function answered, or should have
  bool failed_open = false;                // the target was chosen of all, as too few are healthy
  std::string_view zone = {};              // of the node that got it; empty: of none
};

}  // namespace utakata::balancer
