#include <sys/stat.h>

#include <filesystem>

#include "base/cbor.hpp"
#include "base/text.hpp"
#include "sandbox/bundle.hpp"
#include "sandbox/copy_tree.hpp"
#include "sandbox/log_plan.hpp"
#include "sandbox/supervise.hpp"
#include "sandbox/task.hpp"

// Everything that blocks before the first container, once its images are there: storage, network, groups, bundles.
namespace utakata::sandbox {
namespace {

namespace fs = std::filesystem;

}  // namespace

Outcome<> Task::prepare() {
  const TaskSpec& spec = run_.spec();
  std::error_code error;
  fs::create_directories(folder(), error);
  if (error)
    return refuse("ResourceInitializationError",
                  cat("ResourceInitializationError: cannot make ", folder(), ": ", error.message()));
  const ContainerFolder own(folder());
  TRY_VOID(own.write("spec", cbor::write(spec)));
  TRY_VOID(own.write("resolv.conf", "search " + spec.region + ".compute.internal\noptions timeout:2\n"));
  TRY_VOID(own.write("hostname", spec.network.host_name + "\n"));
  TRY_VOID(host_.network.write_hosts(folder() + "/hosts", spec.network));
  const auto network = host_.network.add_task(spec.id, spec.network);
  if (!network)
    return refuse("ResourceInitializationError", cat("ResourceInitializationError: ", network.error().message));
  TRY_VOID(choose_endpoint_ids());
  if (const auto opened = open_endpoint(); !opened)
    return refuse("ResourceInitializationError", cat("ResourceInitializationError: ", opened.error().message));
  host_.cgroups.make_task(spec.id, spec.cpu, spec.memory_mib);
  TRY_VOID(storage().make(spec, warnings_));
  BundlePaths paths {
    .network = *network, .hosts = folder() + "/hosts", .resolv_conf = folder() + "/resolv.conf",
    .host_name = folder() + "/hostname", .volumes = TRY(storage().make_volumes(spec, host_.stand_ins))
  };
  if (spec.shared_processes) paths.pid_namespace = TRY(hold_pid_namespace(host_.supervisor, folder()));
  const HostLimits limits = host_limits();
  for (const ContainerSpec& each : spec.containers) TRY_VOID(prepare_container(container(each.name), paths, limits));
  return {};
}

Outcome<> Task::prepare_container(Container& c, BundlePaths paths, const HostLimits& limits) {
  const Image& image = c.image;
  TRY_VOID(c.folder.make(storage().container(c.spec->name)));
  TRY_VOID(c.folder.mount_root(image.layers, storage().container(c.spec->name)));
  const ContainerFolder root(c.folder.root());
  const dict<str> from_files = TRY(read_environment_files(*c.spec, host_.stand_ins));
  c.process = TRY(process_of(run_.spec(), *c.spec, image, from_files, endpoint_variables(c.spec->name)));
  c.user = TRY(user_of(c.spec->user ? *c.spec->user : image.user, root.read("etc/passwd"), root.read("etc/group")));
  c.stop_signal = image.stop_signal;
  TRY_VOID(fill_volumes(c, paths));
  paths.root = c.folder.root();
  paths.cgroup = host_.cgroups.container_path(run_.spec().id, c.spec->name);
  TRY_VOID(c.folder.write("stop-signal", c.stop_signal));
  TRY_VOID(write_log_plan(c.folder.path(), host_.logs_dir, c.spec->log));
  if (c.spec->interactive) TRY_VOID(c.folder.write("keep-stdin-open", ""));
  return c.folder.write("config.json",
                        bundle_config(run_.spec(), *c.spec, c.process, c.user, paths, limits, warnings_));
}

// The first container that has something at the place of an empty volume of the task gives it.
Outcome<> Task::fill_volumes(const Container& c, const BundlePaths& paths) {
  for (const MountSpec& mount : c.spec->mounts) {
    const str& volume = paths.volumes.at(mount.volume);
    const bool own = volume.starts_with(storage().inside + "/");
    if (!own || filled_volumes_.contains(mount.volume) || !is_empty_folder(volume)) continue;
    if (TRY(copy_into_volume(c.folder.root(), mount.path, volume))) filled_volumes_.insert(mount.volume);
  }
  return {};
}

}  // namespace utakata::sandbox
