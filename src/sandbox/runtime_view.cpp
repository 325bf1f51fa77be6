#include "sandbox/runtime_view.hpp"

#include "base/text.hpp"
#include "sandbox/cgroups.hpp"

namespace utakata::sandbox {

str runtime_view(std::string_view mountinfo, std::string_view own_groups) {
  const auto own = own_group_paths(own_groups);
  str own_groups_over_roots;
  str controllers_hidden;
  bool version_1 = false;
  for (const CgroupMount& mount : cgroup_mounts(mountinfo)) {
    if (mount.options.empty()) controllers_hidden += cat("/dev/null\n", mount.folder, "/cgroup.controllers\n");
    version_1 = version_1 || !mount.options.empty();
    const list<str> controllers = mount.options.empty() ? list<str>{""} : mount.options;
    for (const str& each : controllers) {
      const auto path = own.find(each);
      if (path == own.end()) continue;
      if (path->second != "/") own_groups_over_roots += cat(mount.folder, path->second, "\n", mount.folder, "\n");
      break;
    }
  }
  return version_1 ? own_groups_over_roots + controllers_hidden : str();
}

}  // namespace utakata::sandbox
