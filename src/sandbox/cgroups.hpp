#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/outcome.hpp"
#include "base/types.hpp"

namespace utakata::sandbox {

/// A mounted hierarchy. `options` are of version 1, its controllers among them; version 2 has none.
struct CgroupMount {
  str folder;
  str root = "/";  // the group that is seen there
  list<str> options;

  /// Where a group of the hierarchy is seen; nothing if it lies outside of what is mounted.
  [[nodiscard]] opt<str> folder_of(const str& group) const;
  /// A hierarchy of version 1 that limits tasks.
  [[nodiscard]] bool limits() const;
};
/// From the text of /proc/self/mountinfo (proc(5)), in its order.
list<CgroupMount> cgroup_mounts(std::string_view mountinfo);
/// From the text of /proc/self/cgroup: this process's group by controller, in version 2 by the empty name.
std::map<str, str> own_group_paths(std::string_view own_groups);

/// Where this process stands in the host's control groups, whatever their kind (v1, v2 or hybrid), and the groups of
/// tasks below that. A controller that cannot be used is left out: limits() says which hold.
class Cgroups {
 public:
  /// `name` is the folder of this instance below our own group.
  static Cgroups detect(const str& name);
  /// For tests: from the texts of /proc/self/mountinfo and /proc/self/cgroup.
  static Cgroups from(std::string_view mountinfo, std::string_view own_groups, const str& name);
  /// Which controllers the unified hierarchy gives to us, as its cgroup.controllers says.
  void read_unified_controllers();
  /// Gives them on to groups below ours; where our group has processes, this one steps aside into a group of its own.
  void make_room_for_groups();
  /// Leaves those out that groups below ours are not given, and says why in obstacle().
  void check_unified_controllers();

  /// Makes the task's group with its limits. cpu in units of 1024 a core; 0 = no limit.
  void make_task(const str& task_id, i32 cpu_units, i32 memory_mib) const;
  /// The task's limit of cpu alone; 0 lifts it. Making a container takes more than a small task may use at once, and is
  /// the platform's work.
  void limit_cpu(const str& task_id, i32 cpu_units) const;
  /// For the OCI configuration: the container's group, as the runtime wants it.
  [[nodiscard]] str container_path(const str& task_id, const str& container) const;
  /// True if the kernel killed a process of this container for want of memory.
  [[nodiscard]] bool ran_out_of_memory(const str& task_id, const str& container) const;
  /// Kills whatever still runs in the task's groups and removes them, in every hierarchy.
  void remove_task(const str& task_id) const;
  /// The same for every task of this instance, and its own groups.
  void remove_all() const;
  /// Takes back what make_room_for_groups() did, as far as nobody else needs it.
  void leave_leaf() const;
  /// The tasks that have a group in some hierarchy.
  [[nodiscard]] std::set<str> task_ids() const;

  [[nodiscard]] const str& name() const { return name_; }
  /// A controller ("cpu", "memory", "pids") that limits tasks here, in whichever hierarchy.
  [[nodiscard]] bool has(const str& controller) const {
    return folders_.contains(controller) || unified_controllers_.contains(controller);
  }
  /// Whether a container can be kept from devices: by the controller of version 1, or as the runtime does in pure v2.
  [[nodiscard]] bool has_devices() const { return devices_ || (unified_ && !version_1_); }
  /// Why limits of the unified hierarchy do not hold; empty: nothing is in their way.
  [[nodiscard]] const str& obstacle() const { return obstacle_; }
  /// "v1", "v2", "hybrid" or "none".
  [[nodiscard]] str kind() const;

 private:
  void limit_unified(const str& own, const str& folder, const str& quota, std::int64_t bytes) const;
  [[nodiscard]] bool give_controllers(const str& group) const;

  str name_;
  bool unified_ = false;
  bool version_1_ = false;
  bool devices_ = false;               // version 1 has the controller
  std::set<str> unified_controllers_;  // those that version 1 does not have
  std::set<str> turned_on_;            // of these: those that our group did not give on before
  str own_path_v2_;
  str obstacle_;
  std::map<str, str> folders_;  // controller -> our own folder in its hierarchy ("unified" for v2)
  std::set<str> hierarchies_;   // our own folders in all of them, also where we limit nothing but the runtime does
};

}  // namespace utakata::sandbox
