#pragma once

#include "base/types.hpp"
#include "sandbox/cgroups.hpp"

namespace utakata::sandbox {

struct Finding {
  str name;  // "cgroups", "overlay", ...
  OneOf<"ok", "degraded", "missing"> status;
  str detail;  // what was found
  str remedy;  // what to do about it; empty when all is well
};

/// What this host can enforce. Looks and tries, and takes away what it tried; what depends on the file system is tried
/// in the state folder, or in the folder where that would be made.
list<Finding> examine(const str& runtime, const str& state_dir);

/// What a host enforces by these control groups.
Finding cgroup_finding(const Cgroups&);

}  // namespace utakata::sandbox
