#pragma once

#include "base/json.hpp"
#include "base/types.hpp"

namespace utakata::sandbox {

/// The part linux.seccomp of config.json for a container with these capabilities ("CHOWN", ...): every system call that
/// is not named fails with EPERM. The same calls are named as in docker's default profile, but for io_uring, which
/// docker has since taken out. `ptrace_is_confined`: the kernel is 4.8 or newer, where ptrace cannot lead out of a
/// filter.
Json seccomp_json(const list<str>& capabilities, bool ptrace_is_confined);

}  // namespace utakata::sandbox
