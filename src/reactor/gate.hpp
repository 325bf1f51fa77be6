#pragma once

#include <coroutine>
#include <deque>
#include <utility>

#include "reactor/loop.hpp"

namespace utakata::reactor {

/// Lets so many coroutines through at a time, in the order in which they came. Belongs to the loop's thread.
///   const Gate::Place place = co_await gate.enter();   // until it goes out of scope
class Gate {
 public:
  Gate(Loop& loop, int places) : loop_(loop), free_(places) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  class Place {
   public:
    explicit Place(Gate& gate) : gate_(&gate) {}
    Place(Place&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (gate_ != nullptr) gate_->leave();
    }

   private:
    Gate* gate_;
  };

  auto enter() {
    struct Wait {
      Gate& gate;
      [[nodiscard]] bool await_ready() const noexcept {
        if (gate.free_ == 0) return false;
        --gate.free_;
        return true;
      }
      void await_suspend(std::coroutine_handle<> waiter) const { gate.waiting_.push_back(waiter); }
      [[nodiscard]] Place await_resume() const { return Place(gate); }
    };
    return Wait{*this};
  }

 private:
  void leave() {
    if (waiting_.empty()) {
      ++free_;
      return;
    }
    loop_.post([next = waiting_.front()] { next.resume(); });  // which has the place of the one that leaves
    waiting_.pop_front();
  }

  Loop& loop_;
  int free_;
  std::deque<std::coroutine_handle<>> waiting_;
};

}  // namespace utakata::reactor
