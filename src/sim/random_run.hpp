#pragma once

#include "base/types.hpp"
#include "sim/simulator.hpp"

namespace utakata::sim {

struct RandomOptions {
  Duration chaos = minutes(40);  // virtual time in which everything goes wrong
  bool trace = false;
  std::uint64_t check_every = 1;  // steps between two looks at the core's invariants
  /// A planted defect, see SimulatorSettings.
  std::function<bool(const Effect&)> withheld;
};

/// What one seed came to; printable, and described for --json.
struct RandomReport {
  i64 seed = 0;
  str history;  // the hash that two runs of one seed share, 16 hex digits
  i64 steps = 0, events = 0, crashes = 0, reclaims = 0, calls = 0, refused_calls = 0;
  i64 virtual_seconds = 0;
  list<str> failures;
  list<str> trace;

  [[nodiscard]] bool clean() const { return failures.empty(); }
};

/// Random calls and faults for a while, then peace, in which everything must come to rest. Deterministic.
RandomReport run_random(Program, std::uint64_t seed, const RandomOptions& = {});

/// The same seed twice: a difference between their histories is one more failure.
RandomReport run_random_twice(Program, std::uint64_t seed, const RandomOptions& = {});

/// One line when all is well; everything, with how to replay it, when it is not.
std::string text_of(const RandomReport&);

}  // namespace utakata::sim
