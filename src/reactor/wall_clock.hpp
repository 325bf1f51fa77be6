#pragma once

#include "base/instant.hpp"

namespace utakata::reactor {

/// The time of day, as the host has it; it may jump. Loop::now() never does.
Instant wall_clock();

}  // namespace utakata::reactor
