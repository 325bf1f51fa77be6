#pragma once

#include "core/task_spec.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/mounts.hpp"
#include "sandbox/process.hpp"

namespace utakata::sandbox {

/// config.json (OCI runtime specification 1.0). `warnings` gets a sentence for each thing that this host
/// cannot give as it was asked for.
Json bundle_config(const TaskSpec&, const ContainerSpec&, const Process&, const UserIds&, const BundlePaths&,
                   const HostLimits&, list<str>& warnings);

}  // namespace utakata::sandbox
