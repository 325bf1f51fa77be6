#pragma once

#include "base/outcome.hpp"
#include "core/task_spec.hpp"
#include "sandbox/images.hpp"

namespace utakata::sandbox {

/// Where the parts of one container lie on the host.
struct BundlePaths {
  str root;     // the mounted root file system
  str network;  // the task's namespace file
  str hosts, resolv_conf, host_name;
  str volumes;  // folder with one folder a volume of the task
  str cgroup;
};

/// What runs in the container, from its definition and its image as ECS and Docker combine them.
struct Process {
  list<str> arguments;
  list<str> environment;  // NAME=VALUE
  str working_directory;
};
/// Fault CannotStartContainerError when neither names a program.
Outcome<Process> process_of(const TaskSpec&, const ContainerSpec&, const Image&);

/// The numbers of a user ("nginx", "101:101", ...) by the container's own passwd and group files.
struct UserIds {
  i64 uid = 0, gid = 0;
};
Outcome<UserIds> user_of(const str& text, const str& passwd, const str& group);

/// The text of config.json (OCI runtime specification 1.0).
str bundle_config(const TaskSpec&, const ContainerSpec&, const Process&, const UserIds&, const BundlePaths&);

}  // namespace utakata::sandbox
