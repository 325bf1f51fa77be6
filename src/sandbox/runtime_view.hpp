#pragma once

#include <string_view>

#include "base/types.hpp"

namespace utakata::sandbox {

/// What crun (1.8, of Debian 12) must see differently on a host with control groups of version 1: the root of a
/// hierarchy where our own group is, because it takes every path from there, and a unified hierarchy without
/// controllers, because it refuses a hybrid host otherwise. Pairs of lines: what is mounted, and over which path;
/// empty when crun may see the host as it is. From the texts of /proc/self/mountinfo and /proc/self/cgroup.
str runtime_view(std::string_view mountinfo, std::string_view own_groups);

}  // namespace utakata::sandbox
