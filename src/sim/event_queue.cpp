#include "sim/event_queue.hpp"

#include <algorithm>
#include <bit>

namespace utakata::sim {

std::size_t EventQueue::bucket_of(std::uint64_t at) const {
  return at == last_ ? 0 : static_cast<std::size_t>(64 - std::countl_zero(at ^ last_));
}

EventQueue::Handle EventQueue::at(Instant when, Work work) {
  const std::uint64_t at = static_cast<std::uint64_t>(std::max(when, now_).ns);
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  slots_[slot].work = std::move(work);
  const Handle handle{slot, slots_[slot].generation};
  buckets_[bucket_of(at)].push_back({at, ++order_, handle});
  return handle;
}

void EventQueue::cancel(Handle handle) {
  if (handle.generation == 0 || slots_[handle.slot].generation != handle.generation) return;
  ++slots_[handle.slot].generation;
  slots_[handle.slot].work = nullptr;
  free_.push_back(handle.slot);
}

bool EventQueue::forget_cancelled(std::vector<Entry>& bucket) {
  std::erase_if(bucket, [this](const Entry& e) { return slots_[e.handle.slot].generation != e.handle.generation; });
  return bucket.empty();
}

// Moves the earliest entries into bucket 0, unless they lie beyond the limit: what is asked for later may come before.
bool EventQueue::bring_forward(std::uint64_t limit) {
  if (front_ < buckets_[0].size()) return last_ <= limit;
  buckets_[0].clear();
  front_ = 0;
  std::size_t i = 1;
  while (i < buckets_.size() && (buckets_[i].empty() || forget_cancelled(buckets_[i]))) ++i;
  if (i == buckets_.size()) return false;
  const std::uint64_t earliest = std::ranges::min(buckets_[i], {}, &Entry::at).at;
  if (earliest > limit) return false;
  last_ = earliest;
  std::vector<Entry> moved = std::move(buckets_[i]);
  buckets_[i].clear();
  for (const Entry& entry : moved) buckets_[bucket_of(entry.at)].push_back(entry);
  std::ranges::sort(buckets_[0], {}, &Entry::order);
  return true;
}

bool EventQueue::run_next(Instant limit) {
  while (bring_forward(static_cast<std::uint64_t>(limit.ns))) {
    const Entry entry = buckets_[0][front_++];
    Slot& slot = slots_[entry.handle.slot];
    if (slot.generation != entry.handle.generation) continue;
    const Work work = std::move(slot.work);
    cancel(entry.handle);
    now_ = Instant{static_cast<std::int64_t>(entry.at)};
    ++events_run_;
    work();
    return true;
  }
  return false;
}

void EventQueue::run_until(Instant then) {
  while (run_next(then)) {
  }
  now_ = std::max(now_, then);
}

}  // namespace utakata::sim
