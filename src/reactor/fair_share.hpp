#pragma once

#include <cstddef>

#include "reactor/loop.hpp"

namespace utakata::reactor {

/// How much a coroutine may do in one round of its loop. One that always finds its sockets ready would keep everybody
/// else waiting: `if (share.used_up(1)) co_await loop.next_round();`
class FairShare {
 public:
  FairShare(const Loop& loop, std::size_t most) : loop_(loop), most_(most) {}

  /// Counts this much more. True: it has had its share of this round.
  bool used_up(std::size_t amount) {
    if (round_ != loop_.round()) {
      round_ = loop_.round();
      used_ = 0;
    }
    used_ += amount;
    return used_ >= most_;
  }

 private:
  const Loop& loop_;
  std::size_t most_;
  std::size_t used_ = 0;
  std::uint64_t round_ = 0;
};

}  // namespace utakata::reactor
