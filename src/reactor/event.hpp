#pragma once

#include <utility>

#include "reactor/loop.hpp"

namespace utakata::reactor {

/// Something that one coroutine waits for and others of the same loop tell it. Told while nobody waits, it is kept,
/// once. The waiter keeps the event alive while it waits.
class Event {
 public:
  explicit Event(Loop& loop) : loop_(loop) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// The waiter runs later in this round, never within the call.
  void tell() {
    told_ = true;
    if (waiter_) loop_.after(Duration{}, [waiter = std::exchange(waiter_, {})] { waiter.resume(); });
  }

  struct Wait {
    Event& event;
    Duration patience;
    Loop::Timer timer{};
    [[nodiscard]] bool await_ready() const noexcept { return event.told_; }
    void await_suspend(std::coroutine_handle<> waiter) {
      event.waiter_ = waiter;
      if (patience == Descriptor::forever) return;
      timer = event.loop_.after(patience, [e = &event] {
        if (e->waiter_) std::exchange(e->waiter_, {}).resume();
      });
    }
    bool await_resume() {
      if (patience != Descriptor::forever) event.loop_.cancel(timer);
      return std::exchange(event.told_, false);
    }
  };
  /// co_await event.wait(seconds(5)): false when the patience has ended first.
  Wait wait(Duration patience = Descriptor::forever) { return {*this, patience}; }

 private:
  Loop& loop_;
  bool told_ = false;
  std::coroutine_handle<> waiter_;
};

}  // namespace utakata::reactor
