#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "reactor/co.hpp"
#include "reactor/loop.hpp"

namespace utakata::reactor {

/// A few threads for work that blocks. co_await offload(pool, loop, [] { ... }) gives its result back on the loop.
class Pool {
 public:
  explicit Pool(std::size_t threads);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();  // finishes what was submitted
  void submit(std::function<void()> work);

 private:
  void work();
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> waiting_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

template <class Work>
auto offload(Pool& pool, Loop& loop, Work work) -> Co<std::invoke_result_t<Work>> {
  using Result = std::invoke_result_t<Work>;
  struct Wait {
    Pool& pool;
    Loop& loop;
    Work& work;
    std::optional<Result> result;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
      pool.submit([this, waiter] {
        result.emplace(work());
        loop.post([waiter] { waiter.resume(); });
      });
    }
    Result await_resume() { return std::move(*result); }
  };
  co_return co_await Wait{pool, loop, work, std::nullopt};
}

}  // namespace utakata::reactor
