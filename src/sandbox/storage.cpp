#include "sandbox/storage.hpp"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/text.hpp"
#include "reactor/process.hpp"
#include "sandbox/copy_tree.hpp"
#include "sandbox/process.hpp"

namespace utakata::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t environment_file_max = std::size_t{1} << 20;
constexpr int loop_attempts = 16;  // another process may take the free one first
constexpr Duration mkfs_patience = seconds(120);

str words_for(int error) { return std::strerror(error); }  // NOLINT(concurrency-mt-unsafe)

std::unexpected<Fault> storage_failed(const str& what) {
  return refuse("ResourceInitializationError", "ResourceInitializationError: " + what);
}

Outcome<> make_folder(const str& path) {
  std::error_code error;
  fs::create_directories(path, error);
  return error ? storage_failed(cat("cannot make ", path, ": ", error.message())) : Outcome<>();
}

struct LoopDevice {
  str path;
  int fd = -1;  // to be kept open until it is mounted: with its last user the device is free again
};

Outcome<LoopDevice> attach_loop(const str& image) {
  const int file = open(image.c_str(), O_RDWR | O_CLOEXEC);
  const int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  LoopDevice device;
  for (int attempt = 0; file >= 0 && control >= 0 && attempt < loop_attempts && device.fd < 0; ++attempt) {
    const int number = ioctl(control, LOOP_CTL_GET_FREE);
    if (number < 0) break;
    device.path = cat("/dev/loop", number);
    device.fd = open(device.path.c_str(), O_RDWR | O_CLOEXEC);
    if (device.fd < 0) break;
    loop_config config{};
    config.fd = static_cast<std::uint32_t>(file);
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (ioctl(device.fd, LOOP_CONFIGURE, &config) == 0) break;
    const int why = errno;
    close(std::exchange(device.fd, -1));
    errno = why;
    if (why != EBUSY) break;
  }
  const int error = errno;
  if (file >= 0) close(file);
  if (control >= 0) close(control);
  if (device.fd < 0) return refuse("Loop", words_for(error));
  return device;
}

Outcome<> mount_limited(const TaskStorage& storage, i32 gib) {
  const int file = open(storage.image.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return refuse("Loop", words_for(errno));
  const bool sized = ftruncate(file, i64{gib} << 30) == 0;
  close(file);
  if (!sized) return refuse("Loop", words_for(errno));
  // No journal: what a task writes does not outlive it. Tables are written when they are needed: the file is sparse.
  const auto made = reactor::run_process_blocking(
      {"mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^has_journal", "-E", "lazy_itable_init=1,nodiscard", storage.image},
      mkfs_patience);
  if (!made || made->exit_code != 0) return refuse("Loop", "mkfs.ext4 does not run");
  const LoopDevice device = TRY(attach_loop(storage.image));
  const bool mounted = mount(device.path.c_str(), storage.inside.c_str(), "ext4", MS_NODEV, "") == 0;
  const int error = errno;
  close(device.fd);
  if (!mounted) return refuse("Loop", words_for(error));
  return {};
}

// Mounts what the descriptor is open on; closes it.
Outcome<> mount_opened(int fd, const str& target, const MountFolder& mapped) {
  if (mapped) {
    const Outcome<> mounted = mapped(cat("/proc/self/fd/", fd), target);
    close(fd);
    return mounted;
  }
  const bool mounted = mount(cat("/proc/self/fd/", fd).c_str(), target.c_str(), nullptr, MS_BIND, nullptr) == 0 &&
                       mount(nullptr, target.c_str(), nullptr, MS_PRIVATE, nullptr) == 0;
  const int error = errno;
  close(fd);
  return mounted ? Outcome<>() : storage_failed(cat("cannot mount a volume: ", words_for(error)));
}

Outcome<int> open_host_path(const VolumeSpec& volume, const StandIns& stand_ins) {
  const str& top = stand_ins.host_paths;
  const bool below = !top.empty() && (volume.host_path == top || volume.host_path.starts_with(top + "/"));
  if (!below)
    return storage_failed(cat("volume ", volume.name, ": host.sourcePath ", volume.host_path,
                              " does not lie in a folder that utakata serve --host-paths names"));
  const int fd = open_in_root(top, "./" + volume.host_path.substr(top.size()));
  if (fd < 0)
    return storage_failed(cat("volume ", volume.name, ": host.sourcePath ", volume.host_path, ": ", words_for(errno)));
  return fd;
}

Outcome<int> open_efs(const TaskSpec& spec, const EfsSpec& efs, const StandIns& stand_ins) {
  constexpr std::string_view doing = "failed to invoke EFS utils commands to set up EFS volumes: stderr: ";
  const str host = cat(efs.file_system_id, ".efs.", spec.region, ".amazonaws.com");
  const str folder = cat(stand_ins.efs, "/", efs.file_system_id);
  if (stand_ins.efs.empty() || !fs::is_directory(folder))
    return storage_failed(
        cat(doing, "Failed to resolve \"", host,
            "\" - check that your file system ID is correct, and ensure that the VPC has an EFS mount target "
            "for this file system ID. : unsuccessful EFS utils command execution; code: 1"));
  const int fd = open_in_root(folder, "./" + efs.root_directory);
  if (fd < 0)
    return storage_failed(
        cat(doing, "b'mount.nfs4: mounting ", host, ":", efs.root_directory,
            " failed, reason given by server: No such file or directory' : unsuccessful EFS utils command "
            "execution; code: 32"));
  return fd;
}

Outcome<str> read_object(const EnvironmentFileSpec& file, const StandIns& stand_ins) {
  const str name = cat("s3://", file.bucket, "/", file.key);
  const auto missing = [&](std::string_view why) {
    return storage_failed(
        cat("failed to download env files: file download command: non empty error stream: ", name, ": ", why));
  };
  if (stand_ins.s3.empty()) return missing("no directory stands in for S3 (utakata serve --s3 DIR)");
  const std::size_t slash = file.key.rfind('/');
  const int folder =
      open_in_root(stand_ins.s3, cat("./", file.bucket, "/", slash == str::npos ? str() : file.key.substr(0, slash)));
  if (folder < 0) return missing("The specified bucket does not exist");
  const int fd = openat(folder, file.key.substr(slash == str::npos ? 0 : slash + 1).c_str(),
                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  close(folder);
  if (fd < 0) return missing("The specified key does not exist.");
  str text(environment_file_max + 1, '\0');
  std::size_t filled = 0;
  for (ssize_t n = 1; n > 0 && filled < text.size(); filled += static_cast<std::size_t>(n)) {
    n = read(fd, text.data() + filled, text.size() - filled);
    if (n < 0) n = 0;
  }
  close(fd);
  if (filled > environment_file_max) return missing("it is larger than 1 MiB");
  text.resize(filled);
  return text;
}

}  // namespace

Outcome<> bind_folder(const str& source, const str& target) {
  TRY_VOID(make_folder(target));
  for (const str& path : {target.substr(0, target.rfind('/')), target}) ::chmod(path.c_str(), 0755);  // no umask
  if (::mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
      ::mount(nullptr, target.c_str(), nullptr, MS_PRIVATE, nullptr) != 0)
    return storage_failed(cat("cannot mount ", target, ": ", words_for(errno)));
  return {};
}

void unmount_folder(const str& path) {
  while (umount2(path.c_str(), MNT_DETACH) == 0) {
  }
  rmdir(path.c_str());
}

Outcome<> TaskStorage::make(const TaskSpec& spec, list<str>& warnings) const {
  TRY_VOID(make_folder(inside));
  if (spec.storage_gib) {
    const Outcome<> limited = mount_limited(*this, *spec.storage_gib);
    if (!limited) {
      ::unlink(image.c_str());
      warnings.push_back(
          cat("the task's limit of ", *spec.storage_gib, " GiB of storage does not hold: ", limited.error().message));
    }
  }
  return make_folder(inside + "/volumes");
}

Outcome<dict<str>> TaskStorage::make_volumes(const TaskSpec& spec, const StandIns& stand_ins,
                                             const MountFolder& mapped) const {
  dict<str> folders;
  for (const VolumeSpec& each : spec.volumes) {
    const bool own = each.host_path.empty() && !each.efs;
    const str folder = cat(own ? inside + "/volumes" : outside, "/", each.name);
    TRY_VOID(make_folder(folder));
    if (!own) {
      const int fd = each.efs ? TRY(open_efs(spec, *each.efs, stand_ins)) : TRY(open_host_path(each, stand_ins));
      TRY_VOID(mount_opened(fd, folder, mapped));
    } else if (owner > 0 && chown(folder.c_str(), static_cast<uid_t>(owner), static_cast<gid_t>(owner)) != 0) {
      return storage_failed(cat("cannot give the volume ", each.name, " to the task's root"));
    }
    folders[each.name] = folder;
  }
  return folders;
}

bool TaskStorage::unmount() const {
  bool clean = true;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(outside, error)) {
    const str path = entry.path();
    while (umount2(path.c_str(), MNT_DETACH) == 0) {
    }
    clean = rmdir(path.c_str()) == 0 && clean;  // only an empty folder goes, so nobody's files can
  }
  rmdir(outside.c_str());
  while (umount2(inside.c_str(), MNT_DETACH) == 0) {
  }
  return clean;
}

Outcome<dict<str>> read_environment_files(const ContainerSpec& container, const StandIns& stand_ins) {
  dict<str> values;
  for (const EnvironmentFileSpec& file : container.environment_files) {
    const str text = TRY(read_object(file, stand_ins));
    values.merge(parse_environment_file(text));  // keeps what is there
  }
  return values;
}

}  // namespace utakata::sandbox
