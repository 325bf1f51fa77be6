#pragma once

#include <mutex>
#include <set>

#include "base/json.hpp"
#include "base/outcome.hpp"
#include "base/types.hpp"

// Users of tasks: each task has a range of the host's user and group ids of its own, so that its root is nobody on the
// host and nobody to another task.
namespace utakata::sandbox {

/// The ids 0..65535 of a task are first..first+65535 of the host.
struct IdRange {
  i64 first = 0;  // 0: the task's ids are the host's
  static constexpr i64 size = 65'536;
  explicit operator bool() const { return first > 0; }
};

/// Why tasks on this host cannot have users of their own; empty when they can. Tries it, in `state_dir`.
str users_obstacle(const str& state_dir);

class UserSpace {
 public:
  UserSpace(str dir, bool enabled) : dir_(std::move(dir)), enabled_(enabled) {}
  [[nodiscard]] bool enabled() const { return enabled_; }

  /// A range that no task has; none when it is not enabled. Refused when all are taken.
  Outcome<IdRange> take();
  void adopt(IdRange);
  void give_back(IdRange);

  /// Makes the task's user namespace, and in the same step its network namespace, which must belong to it; both are
  /// bound to files. Nothing for a task without a range.
  [[nodiscard]] Outcome<> make(const str& task_id, IdRange, const str& network_file) const;
  void remove(const str& task_id) const;
  [[nodiscard]] str file(const str& task_id) const { return dir_ + "/" + task_id; }

  /// Mounts `source`'s tree at `target` so that the ids on the disk are the task's own.
  [[nodiscard]] Outcome<> mount_mapped(const str& task_id, const str& source, const str& target) const;

 private:
  str dir_;
  bool enabled_;
  std::mutex mutex_;
  std::set<i64> taken_;
};

/// Parts of config.json: linux.uidMappings and linux.gidMappings.
Json id_mappings(IdRange);

}  // namespace utakata::sandbox
