#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/instant.hpp"

namespace utakata::sim {

/// Virtual time and what happens in it, in the total order (time, order of asking). A radix heap: an event can never be
/// asked for before the present, and that makes the queue cheap (facts/stack.md §6).
class EventQueue {
 public:
  using Work = std::function<void()>;
  /// Names one event until it has run; a default one names none.
  struct Handle {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;
  };

  explicit EventQueue(Instant start) : now_(start), last_(static_cast<std::uint64_t>(start.ns)) {}
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  [[nodiscard]] Instant now() const { return now_; }
  /// A moment that has passed is now.
  Handle at(Instant, Work);
  Handle after(Duration delay, Work work) { return at(now_ + delay, std::move(work)); }
  /// Cancelling what has run or was cancelled before does nothing.
  void cancel(Handle);

  /// Runs the next event if it is due by `limit`; false if there is none, the clock then stands still.
  bool run_next(Instant limit);
  /// Runs everything due by then; the clock ends there.
  void run_until(Instant);
  [[nodiscard]] std::uint64_t events_run() const { return events_run_; }

 private:
  struct Entry {
    std::uint64_t at;
    std::uint64_t order;
    Handle handle;
  };
  struct Slot {
    std::uint32_t generation = 1;
    Work work;
  };
  [[nodiscard]] std::size_t bucket_of(std::uint64_t at) const;
  bool bring_forward(std::uint64_t limit);
  bool forget_cancelled(std::vector<Entry>& bucket);

  Instant now_;
  std::uint64_t last_;  // no entry lies before it; those of bucket 0 lie on it
  std::uint64_t order_ = 0;
  std::uint64_t events_run_ = 0;
  std::size_t front_ = 0;  // of bucket 0: what lies before it has run
  std::array<std::vector<Entry>, 65> buckets_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace utakata::sim
