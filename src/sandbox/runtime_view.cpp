#include "sandbox/runtime_view.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "sandbox/cgroups.hpp"

namespace utakata::sandbox {
namespace {

// Where this process's own group is seen in the hierarchy; nothing if it is not.
opt<str> own_folder(const CgroupMount& mount, const std::map<str, str>& own) {
  const list<str> controllers = mount.options.empty() ? list<str>{""} : mount.options;
  for (const str& each : controllers)
    if (const auto group = own.find(each); group != own.end()) return mount.folder_of(group->second);
  return {};
}

}  // namespace

str runtime_view(std::string_view mountinfo, std::string_view own_groups) {
  const auto own = own_group_paths(own_groups);
  const list<CgroupMount> mounts = cgroup_mounts(mountinfo);
  if (std::ranges::none_of(mounts, &CgroupMount::limits)) return "";
  str groups_over_roots;
  str controllers_hidden;
  for (const CgroupMount& mount : mounts) {
    if (const opt<str> folder = own_folder(mount, own); folder && *folder != mount.folder)
      groups_over_roots += cat(*folder, "\n", mount.folder, "\n");
    if (mount.options.empty()) controllers_hidden += cat("/dev/null\n", mount.folder, "/cgroup.controllers\n");
  }
  return groups_over_roots + controllers_hidden;
}

}  // namespace utakata::sandbox
