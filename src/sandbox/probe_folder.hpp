#pragma once

#include "base/types.hpp"

namespace utakata::sandbox {

/// A new folder below `parent` in which something is tried; removed at the end with what is in it.
struct ProbeFolder {
  str path;  // empty: it could not be made

  explicit ProbeFolder(const str& parent);
  ProbeFolder(const ProbeFolder&) = delete;
  ProbeFolder& operator=(const ProbeFolder&) = delete;
  ~ProbeFolder();
};

}  // namespace utakata::sandbox
