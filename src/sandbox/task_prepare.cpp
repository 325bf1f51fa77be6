#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include "base/cbor.hpp"
#include "base/text.hpp"
#include "sandbox/bundle.hpp"
#include "sandbox/copy_tree.hpp"
#include "sandbox/firewall.hpp"
#include "sandbox/log_plan.hpp"
#include "sandbox/mount_points.hpp"
#include "sandbox/read_text.hpp"
#include "sandbox/runtime.hpp"
#include "sandbox/supervise.hpp"
#include "sandbox/task.hpp"

// Everything that blocks before the first container, once its images are there: storage, network, groups, bundles.
namespace utakata::sandbox {
namespace {

namespace fs = std::filesystem;

str resolv_conf(const TaskSpec& spec) {
  const str& name = spec.network.host_name;
  return cat("nameserver ", resolver_address, "\nsearch ", name.substr(name.find('.') + 1), "\n");
}

str hosts_file(const InterfaceSpec& network) {
  const str& name = network.host_name;
  return cat("127.0.0.1 localhost\n", network.address, " ", name, " ", name.substr(0, name.find('.')), "\n");
}

}  // namespace

Outcome<> Task::prepare() {
  const TaskSpec& spec = run_.spec();
  std::error_code error;
  fs::create_directories(folder(), error);
  if (error)
    return refuse("ResourceInitializationError",
                  cat("ResourceInitializationError: cannot make ", folder(), ": ", error.message()));
  // The groups first: whoever makes one waits while the window is being opened.
  host_.cgroups.make_task(spec.id, spec.cpu, spec.memory_mib);
  host_.attach_window.keep_open();
  const ContainerFolder own(folder());
  TRY_VOID(own.write("spec", cbor::write(spec)));
  TRY_VOID(own.write("resolv.conf", resolv_conf(spec)));
  TRY_VOID(own.write("hostname", spec.network.host_name + "\n"));
  TRY_VOID(own.write("hosts", hosts_file(spec.network)));
  TRY_VOID(make_users());
  TRY_VOID(choose_endpoint_ids());
  // Side by side, as each waits for the kernel as long as the other. Without a further thread: one after the other.
  auto connected = std::async([this] { return connect(); });
  const Outcome<> prepared = prepare_containers();
  TRY_VOID(connected.get());
  TRY_VOID(prepared);
  return own.write(prepared_mark, "");
}

Outcome<> Task::connect() {
  const TaskSpec& spec = run_.spec();
  Outcome<> done = host_.network.add_task(spec.id, spec.network);
  if (done) done = open_endpoint();
  if (!done) return refuse("ResourceInitializationError", cat("ResourceInitializationError: ", done.error().message));
  return {};
}

Outcome<> Task::prepare_containers() {
  const TaskSpec& spec = run_.spec();
  TRY_VOID(storage().make(spec, warnings_));
  BundlePaths paths {
    .network = host_.network.task_file(spec.id), .hosts = folder() + "/hosts", .resolv_conf = folder() + "/resolv.conf",
    .host_name = folder() + "/hostname", .volumes = TRY(storage().make_volumes(spec, host_.stand_ins, mapped_mount()))
  };
  paths.ids = users_;
  paths.users = users_ ? host_.users.file(spec.id) : str();
  if (spec.shared_processes) paths.pid_namespace = TRY(hold_pid_namespace(host_.supervisor, folder(), paths.users));
  const HostLimits limits = host_limits();
  for (const ContainerSpec& each : spec.containers) TRY_VOID(prepare_container(container(each.name), paths, limits));
  return {};
}

Outcome<> Task::make_users() {
  users_ = TRY(host_.users.take());
  if (!users_) return {};
  TRY_VOID(ContainerFolder(folder()).write("first-id", cat(users_.first)));
  return host_.users.make(run_.spec().id, users_, host_.network.task_file(run_.spec().id));
}

// How folders of the host are mounted for the task: as its own users see them.
MountFolder Task::mapped_mount() const {
  if (!users_) return {};
  return
      [this](const str& source, const str& target) { return host_.users.mount_mapped(run_.spec().id, source, target); };
}

// The layers' files belong to the host's ids; the task's own ids are shown by mounts that the overlay keeps to itself.
Outcome<> Task::mount_layers(const Container& c, const images::Image& image) {
  const str writable = storage().container(c.spec->name);
  TRY_VOID(c.folder.make(writable));
  if (!users_) return c.folder.mount_root(image.layers, writable);
  if (chown((writable + "/upper").c_str(), static_cast<uid_t>(users_.first), static_cast<gid_t>(users_.first)) != 0)
    return refuse("ResourceInitializationError",
                  "ResourceInitializationError: cannot give a folder to the task's root");
  list<str> mapped;
  Outcome<> mounted;
  for (const str& layer : image.layers) {
    const str place = cat(c.folder.path(), "/layer-", mapped.size());
    mkdir(place.c_str(), 0700);
    mounted = host_.users.mount_mapped(run_.spec().id, layer, place);
    if (!mounted) break;
    mapped.push_back(place);
  }
  if (mounted) mounted = c.folder.mount_root(mapped, writable);
  for (const str& place : mapped) unmount_folder(place);
  TRY_VOID(mounted);
  return bind_folder(c.folder.root(), root_for_all(c.spec->name));
}

Outcome<> Task::prepare_container(Container& c, BundlePaths paths, const HostLimits& limits) {
  TRY_VOID(mount_layers(c, c.image));
  const auto accounts = [&](const char* file) { return read_in_root(c.folder.root(), file); };
  const dict<str> from_files = TRY(read_environment_files(*c.spec, host_.stand_ins));
  c.process = TRY(process_of(run_.spec(), *c.spec, c.image, from_files, endpoint_variables(c.spec->name)));
  c.user = TRY(user_of(c.spec->user ? *c.spec->user : c.image.user, accounts("etc/passwd"), accounts("etc/group")));
  c.stop_signal = c.image.stop_signal;
  TRY_VOID(fill_volumes(c, paths));
  paths.root = users_ ? root_for_all(c.spec->name) : c.folder.root();
  const Runtime runtime = runtime_of(host_);
  if (!runtime.view.empty()) TRY_VOID(c.folder.write(runtime_view_file, read_text(runtime.view).value_or("")));
  paths.cgroup = group_for(runtime, host_.cgroups.container_path(run_.spec().id, c.spec->name));
  TRY_VOID(c.folder.write("stop-signal", c.stop_signal));
  TRY_VOID(write_log_plan(c.folder.path(), host_.logs_dir, c.spec->log));
  if (c.spec->interactive) TRY_VOID(c.folder.write("keep-stdin-open", ""));
  if (users_) TRY_VOID(c.folder.write("root-id", cat(users_.first, "\n")));
  Json bundle = bundle_config(run_.spec(), *c.spec, c.process, c.user, paths, limits, warnings_);
  if (takes_compiled_filters(runtime)) c.filter_rules = host_.filters.put_into(bundle);
  TRY_VOID(c.folder.write("config.json", bundle.write()));
  c.prepared_for = host_.runtime;
  make_mount_points(c.folder.root(), bundle, users_.first);
  return {};
}

// For a container that is started again, or by another daemon than the one that prepared it: it may have moved links,
// and runtimes differ in how they take a group's path and in what they have to see.
void Task::renew_bundle(Container& c) {
  auto bundle = Json::parse(c.folder.read("config.json"));
  const Json* known = bundle ? bundle->find("linux") : nullptr;
  if (known == nullptr) return;
  const Runtime runtime = runtime_of(host_);
  if (!runtime.view.empty()) static_cast<void>(c.folder.write(runtime_view_file, read_text(runtime.view).value_or("")));
  Json renewed = *known;
  renewed.set("cgroupsPath", group_for(runtime, host_.cgroups.container_path(run_.spec().id, c.spec->name)));
  bundle->set("linux", std::move(renewed));
  static_cast<void>(c.folder.write("config.json", bundle->write()));
  c.prepared_for = host_.runtime;
  make_mount_points(c.folder.root(), *bundle, users_.first);
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
