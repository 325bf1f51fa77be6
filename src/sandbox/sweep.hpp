#pragma once

#include <set>

#include "base/types.hpp"

namespace utakata::sandbox {

struct Host;

/// Takes away whatever this sandbox has on the host for tasks that are not named: processes, containers, mounts,
/// namespaces, groups, files. Blocks.
void sweep(Host&, const std::set<str>& living_task_ids);

}  // namespace utakata::sandbox
