#pragma once

#include "base/types.hpp"

namespace utakata::sandbox {

struct Finding {
  str name;  // "cgroups", "overlay", ...
  OneOf<"ok", "degraded", "missing"> status;
  str detail;  // what was found
  str remedy;  // what to do about it; empty when all is well
};

/// What this host can enforce. Looks and tries, and takes away what it tried.
list<Finding> examine(const str& runtime);

}  // namespace utakata::sandbox
