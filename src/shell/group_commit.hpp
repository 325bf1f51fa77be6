#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "ports/journal_store.hpp"

namespace utakata::shell {

/// Writes steps to the store on a thread of its own: what gathers while one flush runs shares the next, so one flush
/// serves many callers. After a failure the same steps are tried again every second; nothing is dropped.
class GroupCommit {
 public:
  /// Called on the writer's thread: everything up to `sequence` is durable, or the last try failed with a fault.
  struct Progress {
    std::uint64_t sequence = 0;
    Outcome<> outcome;
  };
  GroupCommit(ports::JournalStore&, std::function<void(Progress)> on_progress);
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;
  /// Waits until everything submitted is durable, unless the store fails.
  ~GroupCommit();

  void submit(std::vector<Change> changes, std::uint64_t sequence);

 private:
  void write();

  ports::JournalStore& store_;
  std::function<void(Progress)> on_progress_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Change> waiting_;
  std::uint64_t waiting_sequence_ = 0;
  bool ending_ = false;
  std::thread writer_;
};

}  // namespace utakata::shell
