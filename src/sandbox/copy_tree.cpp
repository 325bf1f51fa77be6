#include "sandbox/copy_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>

#include "base/text.hpp"

namespace utakata::sandbox {
namespace {

constexpr int depth_max = 200;
constexpr off_t file_max = off_t{1} << 20;
constexpr std::size_t chunk = std::size_t{1} << 20;

struct Fd {
  int fd = -1;
  explicit Fd(int opened) : fd(opened) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd >= 0) close(fd);
  }
  explicit operator bool() const { return fd >= 0; }
};

std::unexpected<Fault> copy_failed(std::string_view name) {
  return refuse("CannotCreateVolumeError", cat("CannotCreateVolumeError: cannot copy ", name, " into the volume: ",
                                               std::strerror(errno)));  // NOLINT(concurrency-mt-unsafe)
}

bool set_owner_and_mode(int folder, const char* name, const struct stat& as) {
  if (fchownat(folder, name, as.st_uid, as.st_gid, AT_SYMLINK_NOFOLLOW) != 0) return false;
  if (!S_ISLNK(as.st_mode) && fchmodat(folder, name, as.st_mode & 07777, 0) != 0) return false;
  const std::array<timespec, 2> times{as.st_atim, as.st_mtim};
  return utimensat(folder, name, times.data(), AT_SYMLINK_NOFOLLOW) == 0;
}

Outcome<> copy_file(int from, int to, const char* name) {
  const Fd in(openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  const Fd out(openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!in || !out) return copy_failed(name);
  ssize_t copied = 0;
  while ((copied = sendfile(out.fd, in.fd, nullptr, chunk)) > 0) {
  }
  if (copied < 0) return copy_failed(name);
  return {};
}

Outcome<> copy_link(int from, int to, const char* name) {
  std::array<char, PATH_MAX> text{};
  if (readlinkat(from, name, text.data(), text.size() - 1) < 0 || symlinkat(text.data(), to, name) != 0)
    return copy_failed(name);
  return {};
}

Outcome<> copy_folder(int from, int to, int depth);  // NOLINT(misc-no-recursion): bounded by depth_max

Outcome<> copy_entry(int from, int to, const char* name, int depth) {  // NOLINT(misc-no-recursion)
  struct stat as{};
  if (fstatat(from, name, &as, AT_SYMLINK_NOFOLLOW) != 0) return copy_failed(name);
  if (S_ISREG(as.st_mode)) {
    TRY_VOID(copy_file(from, to, name));
  } else if (S_ISLNK(as.st_mode)) {
    TRY_VOID(copy_link(from, to, name));
  } else if (S_ISDIR(as.st_mode)) {
    if (mkdirat(to, name, 0700) != 0) return copy_failed(name);
    const Fd inner_from(openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    const Fd inner_to(openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inner_from || !inner_to) return copy_failed(name);
    TRY_VOID(copy_folder(inner_from.fd, inner_to.fd, depth + 1));
  } else if (S_ISFIFO(as.st_mode)) {
    if (mkfifoat(to, name, 0600) != 0) return copy_failed(name);
  } else {
    return {};
  }
  return set_owner_and_mode(to, name, as) ? Outcome<>() : copy_failed(name);
}

Outcome<> copy_folder(int from, int to, int depth) {  // NOLINT(misc-no-recursion)
  if (depth > depth_max) {
    errno = ELOOP;
    return copy_failed("a folder that lies too deep");
  }
  DIR* entries = fdopendir(dup(from));
  if (entries == nullptr) return copy_failed("a folder");
  Outcome<> outcome;
  while (outcome) {
    const dirent* entry = readdir(entries);  // NOLINT(concurrency-mt-unsafe): a stream of our own
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") outcome = copy_entry(from, to, entry->d_name, depth);
  }
  closedir(entries);
  return outcome;
}

}  // namespace

int open_in_root(const str& root, const str& path) {
  const Fd top(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!top) return -1;
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(syscall(SYS_openat2, top.fd, path.c_str(), &how, sizeof how));
}

str read_in_root(const str& root, const str& path) {
  const Fd top(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  open_how how{};
  how.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const Fd file(top ? static_cast<int>(syscall(SYS_openat2, top.fd, path.c_str(), &how, sizeof how)) : -1);
  struct stat info{};
  if (!file || fstat(file.fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > file_max) return {};
  str text(static_cast<std::size_t>(info.st_size), '\0');
  const ssize_t n = read(file.fd, text.data(), text.size());
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

bool is_empty_folder(const str& path) {
  std::error_code error;
  return std::filesystem::is_empty(path, error) && !error;
}

Outcome<bool> copy_into_volume(const str& root, const str& folder, const str& target) {
  const Fd found(open_in_root(root, folder));
  if (!found) return false;
  const Fd from(open(cat("/proc/self/fd/", found.fd).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Fd to(open(target.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat as{};
  if (!from || !to || fstat(from.fd, &as) != 0) return copy_failed(folder);
  TRY_VOID(copy_folder(from.fd, to.fd, 0));
  if (fchown(to.fd, as.st_uid, as.st_gid) != 0 || fchmod(to.fd, as.st_mode & 07777) != 0) return copy_failed(folder);
  return true;
}

}  // namespace utakata::sandbox
