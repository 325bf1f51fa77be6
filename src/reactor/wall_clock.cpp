#include "reactor/wall_clock.hpp"

#include <ctime>

namespace utakata::reactor {

Instant wall_clock() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return Instant{now.tv_sec * 1'000'000'000 + now.tv_nsec};
}

}  // namespace utakata::reactor
