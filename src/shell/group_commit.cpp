#include "shell/group_commit.hpp"

#include <iterator>

namespace utakata::shell {

GroupCommit::GroupCommit(ports::JournalStore& store, std::function<void(Progress)> on_progress)
    : store_(store), on_progress_(std::move(on_progress)), writer_([this] { write(); }) {}

GroupCommit::~GroupCommit() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  writer_.join();
}

void GroupCommit::submit(std::vector<Change> changes, std::uint64_t sequence) {
  {
    const std::scoped_lock lock(mutex_);
    std::ranges::move(changes, std::back_inserter(waiting_));
    waiting_sequence_ = sequence;
  }
  changed_.notify_one();
}

void GroupCommit::write() {
  std::vector<Change> taken;
  std::uint64_t sequence = 0;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      taken.swap(waiting_);
      sequence = waiting_sequence_;
    }
    Outcome<> outcome = store_.commit(taken, sequence);
    while (!outcome) {
      on_progress_(Progress{.sequence = 0, .outcome = std::move(outcome)});
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, std::chrono::seconds(1), [this] { return ending_; })) return;
      lock.unlock();
      outcome = store_.commit(taken, sequence);
    }
    taken.clear();
    on_progress_(Progress{.sequence = sequence, .outcome = {}});
  }
}

}  // namespace utakata::shell
