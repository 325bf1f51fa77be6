#pragma once

#include <map>
#include <mutex>

#include "base/json.hpp"
#include "base/types.hpp"

namespace utakata::sandbox {

/// Filters of system calls as crun compiled them. It compiles a bundle's filter anew for each container, a quarter of
/// its time; Debian's is built without its own cache. Thread-safe.
class CompiledFilters {
 public:
  /// Has crun take the filter of this bundle (config.json) as it has compiled it before, if it has. The bundle keeps
  /// the rules as well: a crun that does not know the order compiles them. Returns them as text; empty: no filter.
  str put_into(Json& bundle) const;
  /// Remembers what crun made of these rules and left in the container's state (its file seccomp.bpf).
  void keep(const str& rules, const str& program_file);

 private:
  mutable std::mutex mutex_;
  std::map<str, str> programs_;  // by their rules, in base64
};

}  // namespace utakata::sandbox
