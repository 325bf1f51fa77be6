#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/machine.hpp"
#include "sim/event_queue.hpp"
#include "sim/faults.hpp"

namespace utakata::sim {

/// Carries effects out and reports in: each takes a moment, and faults make it late, repeat it or lose it. What comes
/// from or goes to one task, target or load balancer keeps its order.
class Courier {
 public:
  struct Doors {
    std::function<void(const Effect&)> perform;
    std::function<void(const Report&)> deliver;
    std::function<void(const Report&)> lost;  // its source must say it again
  };
  Courier(EventQueue& queue, Dice dice, const Faults& faults, Doors doors)
      : queue_(queue), dice_(dice), faults_(faults), doors_(std::move(doors)) {}

  void send(const Effect&);
  void send(const Report&);
  /// The process that they were on their way from or to has died.
  void lose_everything() { ++life_; }

 private:
  void carry(const std::string& route, bool may_repeat, std::function<void()> arrive);

  EventQueue& queue_;
  Dice dice_;
  const Faults& faults_;
  Doors doors_;
  std::uint64_t life_ = 0;
  std::map<std::string, std::uint64_t> sent_;  // a route's messages so far
  std::map<std::string, Instant> busy_until_;
};

}  // namespace utakata::sim
