#pragma once

#include "base/types.hpp"
#include "sim/control_plane.hpp"

namespace utakata::sim {

struct ExampleOptions {
  int days = 30;
  std::uint64_t seed = 1;
  bool careless = false;  // containers that drop what is in flight at the stop signal
};

/// What the example went through; printable, and described for --json.
struct ExampleReport {
  i64 days = 0, seed = 0;
  str history;
  i64 reclaims = 0, reclaimed_tasks = 0, tasks_started = 0;
  i64 health_checks = 0, steps = 0, events = 0;
  i64 requests = 0, lost_in_flight = 0, refused = 0, without_target = 0;
  list<str> failures;
};

/// examples/techplay in virtual time: two services of 6 tasks behind one load balancer, 2 On-Demand and 4 Spot each,
/// 100 requests a second, and Spot capacity taken away once an hour at a random moment.
ExampleReport run_example(Program, const ExampleOptions&);

std::string text_of(const ExampleReport&);

}  // namespace utakata::sim
