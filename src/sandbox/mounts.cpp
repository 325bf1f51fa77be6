#include "sandbox/mounts.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace utakata::sandbox {
namespace {

constexpr i32 default_shared_memory_mib = 64;

struct Mount {
  str path, type, source;
  list<str> options;
};

Json mount_json(const Mount& mount) {
  Json object = Json::object();
  object.set("destination", mount.path);
  object.set("type", mount.type);
  object.set("source", mount.source);
  Json& options = object.set("options", Json::array());
  for (const str& each : mount.options) options.push(each);
  return object;
}

list<Mount> system_mounts(const ContainerSpec& container, const BundlePaths& paths) {
  const str shm_size = cat("size=", container.shared_memory_mib.value_or(default_shared_memory_mib), "m");
  const list<str> file{"bind", "rprivate", "nosuid", "nodev", "ro"};
  list<Mount> mounts{
      {"/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}},
      {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
      {"/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
      {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", shm_size}},
      {"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
      {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
      // Its own groups, so that runtimes find their limits (Java's heap, Node's threads).
      {"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}},
      {"/etc/hosts", "bind", paths.hosts, file},
      {"/etc/resolv.conf", "bind", paths.resolv_conf, file},
      {"/etc/hostname", "bind", paths.host_name, file}};
  if (container.init_process)
    mounts.push_back({"/dev/init", "bind", "/usr/bin/tini-static", {"bind", "rprivate", "ro"}});
  return mounts;
}

str without_slash(const str& path) {
  return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

list<Mount> own_mounts(const ContainerSpec& container, const BundlePaths& paths) {
  list<Mount> mounts;
  for (const MountSpec& each : container.mounts)
    if (const auto volume = paths.volumes.find(each.volume); volume != paths.volumes.end())
      mounts.push_back(
          {without_slash(each.path), "bind", volume->second, {"bind", "rprivate", each.read_only ? "ro" : "rw"}});
  for (const TmpfsSpec& each : container.tmpfs) {
    // As docker run --tmpfs: what the image has there is copied in.
    Mount mount{without_slash(each.path),
                "tmpfs",
                "tmpfs",
                {"nosuid", "nodev", "noexec", "tmpcopyup", cat("size=", each.size_mib, "m")}};
    for (const str& option : each.options)
      if (option != "defaults") mount.options.push_back(option);
    mounts.push_back(std::move(mount));
  }
  std::ranges::sort(mounts, {}, [](const Mount& mount) {
    return std::pair(std::ranges::count(mount.path, '/'), std::string_view(mount.path));
  });
  return mounts;
}

}  // namespace

Json mounts_json(const ContainerSpec& container, const BundlePaths& paths) {
  const list<Mount> own = own_mounts(container, paths);
  Json array = Json::array();
  for (const Mount& each : system_mounts(container, paths))
    if (std::ranges::find(own, each.path, &Mount::path) == own.end()) array.push(mount_json(each));
  for (const Mount& each : own) array.push(mount_json(each));
  return array;
}

}  // namespace utakata::sandbox
