#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/instant.hpp"

namespace utakata::reactor {

class Descriptor;
class Readiness;

/// One thread's event loop: edge-triggered epoll, timers, work posted by other threads. Not movable; outlives what
/// waits on it.
class Loop {
 public:
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  /// Runs on the calling thread until stop().
  void run();
  /// One round: what is due, what is ready, at most `wait` long. For tests and for pumping by hand.
  void run_once(Duration wait);
  /// From any thread.
  void stop();
  /// Once run() has returned: ends every wait, readers and writers as cancelled and timers as due, so that coroutines
  /// which look at their owner's ending end themselves instead of leaking.
  void drain();
  /// Runs the work on the loop's thread. From any thread.
  void post(std::function<void()> work);

  /// How many rounds there have been.
  [[nodiscard]] std::uint64_t round() const { return round_; }
  /// co_await loop.next_round(): goes on at the end of the next round, when everybody who is ready has had a turn.
  struct NextRound {
    Loop& loop;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) { loop.for_next_round_.push_back(waiter); }
    void await_resume() const noexcept {}
  };
  NextRound next_round() { return {*this}; }

  /// The monotonic clock, read once a round.
  [[nodiscard]] Instant now() const { return now_; }

  using Timer = std::pair<Instant, std::uint64_t>;
  Timer at(Instant when, std::function<void()> work);
  Timer after(Duration delay, std::function<void()> work) { return at(now_ + delay, std::move(work)); }
  void cancel(const Timer&);  // one that has fired is no error

  /// co_await loop.sleep(seconds(1))
  struct Sleep {
    Loop& loop;
    Duration delay;
    [[nodiscard]] bool await_ready() const noexcept { return delay.ns <= 0; }
    void await_suspend(std::coroutine_handle<> waiter) {
      loop.after(delay, [waiter] { waiter.resume(); });
    }
    void await_resume() const noexcept {}
  };
  Sleep sleep(Duration delay) { return {*this, delay}; }

 private:
  friend class Readiness;
  friend class Descriptor;
  void watch(Descriptor&);
  void remove(Readiness&);
  void fire_timers();
  void end_overdue_waits();
  void run_posted();
  void read_clock();

  int epoll_ = -1;
  int wake_ = -1;
  bool stopped_ = false;
  std::uint64_t round_ = 0;
  std::vector<std::coroutine_handle<>> for_next_round_;
  Instant now_;
  std::uint64_t timers_made_ = 0;
  std::map<Timer, std::function<void()>> timers_;
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
  std::set<Readiness*> live_;
  std::vector<const Readiness*> closed_;     // in this round: what is still to come in it is not for them
  Instant overdue_from_ = Instant::never();  // no wait's patience ends before
};

/// Whether something can be read from or written to, and who waits for that: at most one reader and one writer at a
/// time. A file descriptor is told by the loop, whatever else by its other end on the same loop.
class Readiness {
 public:
  explicit Readiness(Loop&);
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;
  virtual ~Readiness();

  [[nodiscard]] Loop& loop() const { return loop_; }
  /// The peer has closed or reset; there may still be something to read.
  [[nodiscard]] bool hung_up() const { return hung_up_; }
  /// Nothing can be sent any more either: the connection was reset, or both sides have closed.
  [[nodiscard]] bool broken() const { return broken_; }
  /// Something has come that nobody has read, as far as the loop has seen.
  [[nodiscard]] bool has_unread() const { return readable_; }

  static constexpr Duration forever{INT64_MAX};
  static constexpr Duration patience_grain = milliseconds(20);
  struct Wait {
    Readiness& readiness;
    bool writing;
    Duration patience;
    [[nodiscard]] bool await_ready() const noexcept { return writing ? readiness.writable_ : readiness.readable_; }
    void await_suspend(std::coroutine_handle<> waiter);
    /// False: the patience ended first, or cancel() was called.
    bool await_resume();
  };
  /// co_await d.readable(seconds(5)): true when a read may succeed. Call read_again() after EAGAIN, else it returns at
  /// once. A patience may end up to `patience_grain` late: a server makes one such wait for each request, and most end
  /// long before, so none has a timer of its own.
  Wait readable(Duration patience = forever) { return {*this, false, patience}; }
  Wait writable(Duration patience = forever) { return {*this, true, patience}; }
  void read_again() { readable_ = false; }
  void write_again() { writable_ = false; }
  /// Ends both waits now.
  void cancel();
  /// What has become possible, in epoll's bits (EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR). Whoever waits for
  /// it goes on within the call, and may destroy this.
  void ready(std::uint32_t events);
  /// Called when the peer hangs up while nobody waits (idle pooled connections).
  std::function<void()> on_hang_up;

 private:
  friend class Loop;
  /// False: this is no more.
  bool resume(std::coroutine_handle<>& waiter);
  void end_overdue(Instant now);
  [[nodiscard]] Instant next_deadline() const;

  Loop& loop_;
  bool readable_ = false, writable_ = false, hung_up_ = false, broken_ = false, timed_out_ = false;
  bool* destroyed_ = nullptr;  // told to whoever resumes a waiter, which may destroy this
  std::coroutine_handle<> reader_, writer_;
  Instant reader_deadline_, writer_deadline_;
};

/// An open file descriptor that the loop watches; closed with the object.
class Descriptor final : public Readiness {
 public:
  /// Takes over the descriptor and makes it non-blocking.
  Descriptor(Loop&, int fd);
  ~Descriptor() override;

  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace utakata::reactor
