#pragma once

#include <algorithm>

#include "base/types.hpp"

namespace utakata::balancer {

/// How many retries a group may make: in proportion to its requests, so that targets in trouble never get much more
/// than they would without retries. It begins with a reserve, for a group that has few requests.
class RetryBudget {
 public:
  static constexpr i64 reserve = 10;  // retries at the beginning
  static constexpr i64 most = 100;    // saved up

  /// A request has come, for which `percent` hundredths of a retry are saved.
  void request(i32 percent) { hundredths_ = std::min(hundredths_ + percent, most * 100); }
  /// False: there is none left.
  bool take() {
    if (hundredths_ < 100) return false;
    hundredths_ -= 100;
    return true;
  }

 private:
  i64 hundredths_ = reserve * 100;
};

}  // namespace utakata::balancer
