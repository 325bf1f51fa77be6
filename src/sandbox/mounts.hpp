#pragma once

#include "base/json.hpp"
#include "core/task_spec.hpp"

namespace utakata::sandbox {

/// Where the parts of one container lie on the host.
struct BundlePaths {
  str root;     // the mounted root file system
  str network;  // the task's namespace file
  str hosts, resolv_conf, host_name;
  dict<str> volumes;  // of the task, by name: their folders
  str cgroup;
  str pid_namespace;  // the task's namespace file; empty: one of its own
};

/// The mounts of config.json: the system's, and then the definition's, a folder before what lies in it.
Json mounts_json(const ContainerSpec&, const BundlePaths&);

}  // namespace utakata::sandbox
