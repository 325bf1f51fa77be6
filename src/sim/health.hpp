#pragma once

#include <string_view>

#include "core/balancer_config.hpp"

namespace utakata::sim {

/// The health of one target as its checks go on. A new target is healthy after one success; the healthy threshold
/// counts only on the way back from unhealthy (facts/platform.md A).
class Health {
 public:
  enum class State : std::uint8_t { initial, healthy, unhealthy };

  /// True if the state has changed.
  bool checked(bool good, const HealthCheckRule& rule) {
    streak_ = good == last_ ? streak_ + 1 : 1;
    last_ = good;
    const State before = state_;
    if (good && (state_ == State::initial || streak_ >= rule.healthy_threshold)) state_ = State::healthy;
    if (!good && streak_ >= rule.unhealthy_threshold) state_ = State::unhealthy;
    return state_ != before;
  }
  [[nodiscard]] State state() const { return state_; }

 private:
  State state_ = State::initial;
  bool last_ = false;
  int streak_ = 0;
};

}  // namespace utakata::sim
