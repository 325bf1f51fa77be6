#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <mutex>

#include "base/outcome.hpp"
#include "reactor/co.hpp"
#include "reactor/loop.hpp"

namespace utakata::sandbox {

/// Where other threads leave answers for the coroutines of one loop, also when that loop has ended meanwhile.
class Answers {
 public:
  explicit Answers(reactor::Loop& loop) : loop_(&loop) {}
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;
  void post(std::function<void()> work) {
    const std::scoped_lock lock(mutex_);
    if (loop_ != nullptr) loop_->post(std::move(work));
  }
  void end() {
    const std::scoped_lock lock(mutex_);
    loop_ = nullptr;
  }

 private:
  std::mutex mutex_;
  reactor::Loop* loop_;
};

/// co_await answer_of<T>(...): asks, and gives what was answered or, after the patience, a Fault RequestCanceled. `ask`
/// gets a function that takes the answer, once, from any thread.
template <class T, class Ask>
reactor::Co<Outcome<T>> answer_of(reactor::Loop& loop, std::shared_ptr<Answers> answers, Duration patience, Ask ask) {
  struct State {
    Outcome<T> outcome = refuse("RequestCanceled", "Timed out");
    std::coroutine_handle<> waiter;
    bool done = false;
  };
  struct Wait {
    reactor::Loop& loop;
    std::shared_ptr<Answers> answers;
    Duration patience;
    Ask& ask;
    std::shared_ptr<State> state = std::make_shared<State>();
    reactor::Loop::Timer timer{};
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
      state->waiter = waiter;
      timer = loop.after(patience, [s = state] {
        if (!std::exchange(s->done, true)) s->waiter.resume();
      });
      ask([s = state, answers = answers](Outcome<T> outcome) {
        answers->post([s, outcome = std::move(outcome)]() mutable {
          if (std::exchange(s->done, true)) return;
          s->outcome = std::move(outcome);
          s->waiter.resume();
        });
      });
    }
    Outcome<T> await_resume() {
      loop.cancel(timer);
      return std::move(state->outcome);
    }
  };
  co_return co_await Wait{loop, std::move(answers), patience, ask};
}

}  // namespace utakata::sandbox
