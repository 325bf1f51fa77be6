#pragma once

#include <functional>

#include "base/outcome.hpp"
#include "core/task_spec.hpp"

// Where a task's containers and volumes write, and what is brought in from elsewhere.
namespace utakata::sandbox {

/// Folders of the host that tasks may be given parts of; empty: none.
struct StandIns {
  str host_paths;  // volumes with host.sourcePath lie below it
  str efs;         // DIR/FILE-SYSTEM-ID
  str s3;          // DIR/BUCKET/KEY
};

/// Mounts the first folder at the second.
using MountFolder = std::function<Outcome<>(const str&, const str&)>;

/// Mounts a folder a second time, for everybody to reach it; and takes such a mount and its folder away.
Outcome<> bind_folder(const str& source, const str& target);
void unmount_folder(const str& path);

/// The places of one task. `inside` is what it writes, limited as a whole when its definition says so; `outside` holds
/// the mounts of folders that are not its own, apart from everything that is ever removed with what is in it.
struct TaskStorage {
  str image;      // file of the limited file system
  str inside;     // folder
  str outside;    // folder
  i64 owner = 0;  // of the task's own volumes: its root

  /// Makes `inside`, as a file system of `spec.storage_gib` if there is a limit. A host without loop devices or
  /// mkfs.ext4 gives no limit and a warning.
  Outcome<> make(const TaskSpec& spec, list<str>& warnings) const;
  /// The folder of each volume by its name, made or mounted. Faults are ResourceInitializationError in AWS's words.
  /// `mapped` mounts folders that are not the task's own, when its users are not the host's.
  Outcome<dict<str>> make_volumes(const TaskSpec&, const StandIns&, const MountFolder& mapped = {}) const;
  /// Where a container writes.
  [[nodiscard]] str container(const str& name) const { return inside + "/containers/" + name; }
  /// Takes the mounts away. False if one is still there: then nothing of the task may be removed.
  [[nodiscard]] bool unmount() const;
};

/// A container's environment files, the first that names a variable wins. Fault ResourceInitializationError.
Outcome<dict<str>> read_environment_files(const ContainerSpec&, const StandIns&);

}  // namespace utakata::sandbox
