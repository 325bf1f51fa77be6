#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>

#include "base/types.hpp"

namespace utakata::sandbox {

/// This process's group, as the file that lists the processes of it, in the first hierarchy where it is seen; empty:
/// nowhere. From the texts of /proc/self/mountinfo and /proc/self/cgroup.
str own_processes_file(std::string_view mountinfo, std::string_view own_groups);

/// Whoever moves a process into a control group waits until every processor has seen that forks now take a lock, ten
/// milliseconds and more (the kernel's cgroup_threadgroup_rwsem and its RCU grace period), unless somebody else has
/// just moved one: the way stays open for another such period. So that no start of a container waits there, this moves
/// our own process into the group where it is, every few milliseconds while containers are about to be started; the
/// first move passes its time beside the preparation of the task. Thread-safe.
class AttachWindow {
 public:
  /// Nothing is done without a file.
  explicit AttachWindow(str processes_file);
  AttachWindow(const AttachWindow&) = delete;
  AttachWindow& operator=(const AttachWindow&) = delete;
  ~AttachWindow();

  /// Soon, and then for a tenth of a second. Returns at once.
  void keep_open();

 private:
  void work();

  str file_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::chrono::steady_clock::time_point until_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace utakata::sandbox
