#include "images/tree_writer.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/text.hpp"

namespace utakata::images {
namespace {

// Beyond as many, folders keep the time at which they were unpacked.
constexpr std::size_t folder_times_max = 200'000;

std::unexpected<Fault> failed(std::string_view path, int error) {
  return refuse("LayerBroken", cat(path, ": ", std::strerror(error)));  // NOLINT(concurrency-mt-unsafe)
}
std::unexpected<Fault> failed(std::string_view path) { return failed(path, errno); }

int open_within(int root, const std::string& path, std::uint64_t flags, std::uint64_t resolve) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = resolve | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how));
}

std::string own_path(int fd) { return cat("/proc/self/fd/", fd); }

// Owner first: a change of owner takes set-user-ID bits and capabilities away.
bool adorn(int fd, const Attributes& with) {
  if (fchown(fd, with.uid, with.gid) != 0 || fchmod(fd, with.mode & 07777) != 0) return false;
  for (const auto& [name, value] : with.extended)
    if (fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0 && errno != ENOTSUP) return false;
  return true;
}

bool is_whiteout(const struct stat& status) { return S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0); }
bool make_opaque(int folder) { return fsetxattr(folder, "trusted.overlay.opaque", "y", 1, 0) == 0; }

std::array<timespec, 2> times(const timespec& modified) { return {modified, modified}; }

}  // namespace

Outcome<TreeWriter> TreeWriter::open(const std::string& folder) {
  const int root = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return failed(folder);
  return TreeWriter(root);
}

TreeWriter::TreeWriter(TreeWriter&& other) noexcept
    : root_(std::exchange(other.root_, -1)),
      last_(std::exchange(other.last_, -1)),
      last_path_(std::move(other.last_path_)),
      last_links_(other.last_links_),
      folder_times_(std::move(other.folder_times_)) {}

TreeWriter::~TreeWriter() {
  forget_folder();
  if (root_ >= 0) close(root_);
}

void TreeWriter::forget_folder() {
  if (last_ >= 0) close(last_);
  last_ = -1;
}

// The folder, made with its parents where it is missing; the descriptor stays this object's.
Outcome<int> TreeWriter::folder_at(const std::string& path, Links links) {
  if (last_ >= 0 && last_path_ == path && last_links_ == links) return last_;
  const int fd = TRY(make_folders(path, links));
  forget_folder();
  last_ = fd;
  last_path_ = path;
  last_links_ = links;
  return fd;
}

Outcome<int> TreeWriter::make_folders(const std::string& path, Links links) {
  const std::uint64_t resolve =
      links == Links::none ? RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS : std::uint64_t{RESOLVE_IN_ROOT};
  constexpr std::uint64_t flags = O_RDONLY | O_DIRECTORY;
  if (const int fd = open_within(root_, path, flags, resolve); fd >= 0) return fd;
  if (errno == ELOOP || errno == ENOTDIR || errno == EXDEV)
    return refuse("LayerBroken", cat(path, ": a link or a file stands where a folder is needed"));
  if (errno != ENOENT) return failed(path);
  std::string so_far;
  int above = open_within(root_, "", flags, resolve);
  for (const std::string_view piece : split(path, '/')) {
    if (above < 0) return failed(path);
    so_far += cat(so_far.empty() ? "" : "/", piece);
    const bool made = mkdirat(above, std::string(piece).c_str(), 0755) == 0 || errno == EEXIST;
    const int error = errno;
    close(above);
    if (!made) return failed(path, error);
    above = open_within(root_, so_far, flags, resolve);
  }
  if (above < 0) return failed(path);
  return above;
}

Outcome<TreeWriter::Place> TreeWriter::place(const std::string& path, Links links) {
  const std::size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? std::string() : path.substr(0, slash);
  return Place {
    TRY(folder_at(parent, links))
    , slash == std::string::npos ? path : path.substr(slash + 1)
  };
}

// Takes away what has the name already; the folder that is remembered is the one above it and stays what it was.
Outcome<> TreeWriter::clear(const Place& at, const std::string& path) {
  if (unlinkat(at.folder, at.name.c_str(), 0) == 0) return {};
  if (errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return failed(path);
  // Deep trees too; no link is followed.
  std::error_code error;
  std::filesystem::remove_all(cat(own_path(at.folder), "/", at.name), error);
  if (error) return failed(path, error.value());
  return {};
}

// In the place of a whiteout it hides what lower layers have, whatever order the archive has.
Outcome<int> TreeWriter::make_folder(const std::string& path) {
  const Place at = TRY(place(path, Links::within_root));
  bool hides = false;
  if (mkdirat(at.folder, at.name.c_str(), 0755) != 0 && errno == EEXIST) {
    struct stat status{};
    if (fstatat(at.folder, at.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return failed(path);
    if (!S_ISDIR(status.st_mode)) {
      hides = is_whiteout(status);
      TRY_VOID(clear(at, path));
      if (mkdirat(at.folder, at.name.c_str(), 0755) != 0) return failed(path);
    }
  }
  const int fd = openat(at.folder, at.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || (hides && !make_opaque(fd))) return failed(path);
  return fd;
}

Outcome<> TreeWriter::folder(const std::string& path, const Attributes& with) {
  const int fd = path.empty() ? dup(root_) : TRY(make_folder(path));
  if (fd < 0) return failed(path);
  const bool done = adorn(fd, with);
  const int error = errno;
  close(fd);
  if (!done) return failed(path, error);
  if (folder_times_.size() < folder_times_max) folder_times_.emplace_back(path, with.modified);
  return {};
}

Outcome<int> TreeWriter::open_file(const std::string& path) {
  const Place at = TRY(place(path, Links::within_root));
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat(at.folder, at.name.c_str(), flags, 0600);
  if (fd < 0 && errno == EEXIST) {
    TRY_VOID(clear(at, path));
    fd = openat(at.folder, at.name.c_str(), flags, 0600);
  }
  if (fd < 0) return failed(path);
  return fd;
}

Outcome<> TreeWriter::close_file(int fd, const std::string& path, const Attributes& with) {
  const auto when = times(with.modified);
  const bool done = adorn(fd, with) && futimens(fd, when.data()) == 0;
  const int error = errno;
  close(fd);
  if (!done) return failed(path, error);
  return {};
}

Outcome<> TreeWriter::symbolic_link(const std::string& path, const std::string& target, const Attributes& with) {
  const Place at = TRY(place(path, Links::within_root));
  TRY_VOID(clear(at, path));
  const auto when = times(with.modified);
  if (symlinkat(target.c_str(), at.folder, at.name.c_str()) != 0 ||
      fchownat(at.folder, at.name.c_str(), with.uid, with.gid, AT_SYMLINK_NOFOLLOW) != 0 ||
      utimensat(at.folder, at.name.c_str(), when.data(), AT_SYMLINK_NOFOLLOW) != 0)
    return failed(path);
  return {};
}

Outcome<> TreeWriter::hard_link(const std::string& path, const std::string& target) {
  const std::size_t slash = target.rfind('/');
  const std::string parent = slash == std::string::npos ? std::string() : target.substr(0, slash);
  const std::string name = slash == std::string::npos ? target : target.substr(slash + 1);
  const int from = open_within(root_, parent, O_RDONLY | O_DIRECTORY, RESOLVE_IN_ROOT);
  if (from < 0) return failed(cat(path, " -> ", target));
  struct stat status{};
  const auto to = place(path, Links::within_root);
  Outcome<> done;
  if (!to)
    done = std::unexpected(to.error());
  else if (fstatat(from, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(status.st_mode))
    done = refuse("LayerBroken", cat(path, " -> ", target, ": a hard link to what is no file of the layer"));
  else if (path != target) {
    done = clear(*to, path);
    if (done && linkat(from, name.c_str(), to->folder, to->name.c_str(), 0) != 0)
      done = failed(cat(path, " -> ", target));
  }
  close(from);
  return done;
}

Outcome<> TreeWriter::fifo(const std::string& path, const Attributes& with) {
  const Place at = TRY(place(path, Links::within_root));
  TRY_VOID(clear(at, path));
  if (mknodat(at.folder, at.name.c_str(), S_IFIFO | 0600, 0) != 0 ||
      fchownat(at.folder, at.name.c_str(), with.uid, with.gid, AT_SYMLINK_NOFOLLOW) != 0 ||
      fchmodat(at.folder, at.name.c_str(), with.mode & 07777, 0) != 0)
    return failed(path);
  return {};
}

Outcome<> TreeWriter::whiteout(const std::string& path) {
  const Place at = TRY(place(path, Links::none));
  if (mknodat(at.folder, at.name.c_str(), S_IFCHR, makedev(0, 0)) == 0) return {};
  if (errno != EEXIST) return failed(path);
  // What the same layer has brought stays, and a folder of it no longer shows what lower layers have in it.
  const int fd = openat(at.folder, at.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return {};
  const bool done = make_opaque(fd);
  const int error = errno;
  close(fd);
  if (!done) return failed(path, error);
  return {};
}

Outcome<> TreeWriter::opaque(const std::string& folder) {
  const int at = TRY(folder_at(folder, Links::none));
  if (!make_opaque(at)) return failed(folder);
  return {};
}

void TreeWriter::finish() {
  forget_folder();
  for (const auto& [path, modified] : folder_times_) {
    const int fd = open_within(root_, path, O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (fd < 0) continue;  // a later entry has replaced it
    const auto when = times(modified);
    futimens(fd, when.data());
    close(fd);
  }
  folder_times_.clear();
}

}  // namespace utakata::images
