#pragma once

#include "base/json.hpp"
#include "core/task_spec.hpp"
#include "sandbox/user_space.hpp"

namespace utakata::sandbox {

/// Where the parts of one container lie on the host.
struct BundlePaths {
  str root;     // the mounted root file system
  str network;  // the task's namespace file
  str hosts, resolv_conf, host_name;
  dict<str> volumes;  // of the task, by name: their folders
  str cgroup;
  str pid_namespace;  // the task's namespace file; empty: one of its own
  str users;          // the task's user namespace file
  IdRange ids;        // what it maps; nothing: the task's users are the host's
};

/// The mounts of config.json: the system's, and then the definition's, a folder before what lies in it.
Json mounts_json(const ContainerSpec&, const BundlePaths&);

}  // namespace utakata::sandbox
