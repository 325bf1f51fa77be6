#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <optional>
#include <utility>

// Coroutines of the shell. A Co<T> runs when it is awaited and resumes its awaiter when it is done; start(Co<void>)
// lets one run by itself. There are no exceptions: a coroutine that may fail returns Outcome<T>.
namespace utakata::reactor {

namespace co_detail {

// Frames that have ended, by size, for the next ones of the same thread: a server makes the same few for each request,
// more at a time than malloc keeps at hand. Not with a sanitizer, which is to see each use of a frame that has ended.
#if defined(__has_feature) && (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
struct Frame {};
#else
class Frame {
 public:
  static void* operator new(std::size_t size) {
    const std::size_t kind = kind_of(size);
    if (kind >= kinds) return ::operator new(size);
    if (Spare* spare = spare_[kind]) {
      spare_[kind] = spare->next;
      return spare;
    }
    return ::operator new((kind + 1) * step);
  }
  static void operator delete(void* frame, std::size_t size) {
    const std::size_t kind = kind_of(size);
    if (kind >= kinds || emptied_) return ::operator delete(frame);
    static thread_local const Emptier at_the_end_of_the_thread;
    spare_[kind] = new (frame) Spare{spare_[kind]};
  }

 private:
  static constexpr std::size_t step = 64;
  static constexpr std::size_t kinds = 32;
  static std::size_t kind_of(std::size_t size) { return (size - 1) / step; }
  struct Spare {
    Spare* next;
  };
  struct Emptier {
    Emptier() = default;
    Emptier(const Emptier&) = delete;
    Emptier& operator=(const Emptier&) = delete;
    ~Emptier() {
      emptied_ = true;
      for (Spare*& spare : spare_)
        while (spare != nullptr) ::operator delete(std::exchange(spare, spare->next));
    }
  };
  static inline constinit thread_local std::array<Spare*, kinds> spare_{};
  static inline constinit thread_local bool emptied_ = false;
};
#endif

struct FinalAwaiter {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
    return ended.promise().awaiter;
  }
  void await_resume() const noexcept {}
};

struct PromiseBase : Frame {
  std::coroutine_handle<> awaiter = std::noop_coroutine();
  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() const noexcept { std::abort(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  void return_value(T result) { value.emplace(std::move(result)); }
  T take() { return std::move(*value); }
};
template <>
struct Promise<void> : PromiseBase {
  void return_void() const noexcept {}
  void take() const noexcept {}
};

}  // namespace co_detail

template <class T = void>
class [[nodiscard]] Co {
 public:
  struct promise_type : co_detail::Promise<T> {
    Co get_return_object() { return Co(std::coroutine_handle<promise_type>::from_promise(*this)); }
  };

  Co(Co&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Co(const Co&) = delete;
  Co& operator=(const Co&) = delete;
  Co& operator=(Co&&) = delete;
  ~Co() {
    if (handle_) handle_.destroy();
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
    handle_.promise().awaiter = awaiter;
    return handle_;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  explicit Co(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

namespace co_detail {
struct Detached {
  struct promise_type : Frame {
    [[nodiscard]] Detached get_return_object() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::abort(); }
  };
};
}  // namespace co_detail

/// Runs it until its first wait; from then on it lives by itself.
inline void start(Co<void> work) {
  [](Co<void> owned) -> co_detail::Detached { co_await owned; }(std::move(work));
}

}  // namespace utakata::reactor
