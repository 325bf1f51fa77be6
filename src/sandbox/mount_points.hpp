#pragma once

#include "base/json.hpp"
#include "base/types.hpp"

namespace utakata::sandbox {

/// Makes what the mounts of a bundle (config.json) are mounted on where a link of the image leads there and nothing is
/// there yet: crun refuses such a place, runc and docker make it inside the root. Links never lead out of `root`, the
/// container's root file system, in which nothing may run meanwhile; `owner` is its root's id on the host. What cannot
/// be made is left to the runtime to refuse.
void make_mount_points(const str& root, const Json& bundle, i64 owner);

}  // namespace utakata::sandbox
