#include "sandbox/unpack.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/text.hpp"

namespace utakata::sandbox {
namespace {

// Against archives that grow without end.
constexpr std::int64_t unpacked_bytes_max = std::int64_t{32} << 30;
constexpr std::int64_t entries_max = 2'000'000;

struct FreeReader {
  void operator()(archive* a) const { archive_read_free(a); }
};
struct FreeWriter {
  void operator()(archive* a) const { archive_write_free(a); }
};
using Reader = std::unique_ptr<archive, FreeReader>;
using Writer = std::unique_ptr<archive, FreeWriter>;

std::unexpected<Fault> broken(std::string_view doing, std::string_view why) {
  return refuse("LayerBroken", cat(doing, ": ", why));
}

// "./a/../b" and "/a" are refused; "./a/b/" becomes "a/b".
Outcome<std::string> safe_path(std::string_view path) {
  std::string out;
  for (const std::string_view piece : split(path, '/')) {
    if (piece.empty() || piece == ".") continue;
    if (piece == "..") return broken("unpack", cat("the path ", path, " leads out of the layer"));
    if (!out.empty()) out += '/';
    out += piece;
  }
  return out;
}

// Opens a folder below `root` without following any link, so that no entry can reach outside by one unpacked before.
int open_folder(int root, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  const char* name = path.empty() ? "." : path.c_str();
  return static_cast<int>(syscall(SYS_openat2, root, name, &how, sizeof how));
}

Outcome<> make_whiteout(const std::string& folder, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? std::string() : path.substr(0, slash);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const int root = open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  int at = open_folder(root, parent);
  if (at < 0 && errno == ENOENT) {
    std::string so_far;
    for (const std::string_view piece : split(parent, '/')) {
      const int above = open_folder(root, so_far);
      if (above >= 0) mkdirat(above, std::string(piece).c_str(), 0755);
      close(above);
      so_far += cat(so_far.empty() ? "" : "/", piece);
    }
    at = open_folder(root, parent);
  }
  close(root);
  if (at < 0) return broken("whiteout", cat(path, ": its folder cannot be reached"));
  int result = 0;
  if (name == ".wh..wh..opq")
    result = setxattr(cat("/proc/self/fd/", at).c_str(), "trusted.overlay.opaque", "y", 1, 0);
  else
    result = mknodat(at, name.substr(4).c_str(), S_IFCHR | 0600, makedev(0, 0));
  const int error = errno;
  close(at);
  if (result != 0 && error != EEXIST)
    return broken("whiteout", cat(path, ": ", std::strerror(error)));  // NOLINT(concurrency-mt-unsafe)
  return {};
}

Outcome<> copy_data(archive* from, archive* to, std::int64_t& total) {
  const void* block = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  while (true) {
    const int state = archive_read_data_block(from, &block, &size, &offset);
    if (state == ARCHIVE_EOF) return {};
    if (state < ARCHIVE_WARN) return broken("unpack", archive_error_string(from));
    total += static_cast<std::int64_t>(size);
    if (total > unpacked_bytes_max) return broken("unpack", "the layer is larger than 32 GiB unpacked");
    if (archive_write_data_block(to, block, size, offset) < ARCHIVE_WARN)
      return broken("unpack", archive_error_string(to));
  }
}

Outcome<> unpack_entry(archive* from, archive* to, archive_entry* entry, const std::string& folder,
                       std::int64_t& total) {
  const std::string path = TRY(safe_path(archive_entry_pathname(entry)));
  if (path.empty()) return {};
  const std::size_t slash = path.rfind('/');
  if (std::string_view(path).substr(slash == std::string::npos ? 0 : slash + 1).starts_with(".wh."))
    return make_whiteout(folder, path);
  archive_entry_set_pathname(entry, cat(folder, "/", path).c_str());
  if (const char* link = archive_entry_hardlink(entry)) {
    const std::string target = TRY(safe_path(link));
    archive_entry_set_hardlink(entry, cat(folder, "/", target).c_str());
  }
  if (archive_write_header(to, entry) < ARCHIVE_WARN) return broken("unpack", archive_error_string(to));
  if (archive_entry_size(entry) > 0) TRY_VOID(copy_data(from, to, total));
  if (archive_write_finish_entry(to) < ARCHIVE_WARN) return broken("unpack", archive_error_string(to));
  return {};
}

}  // namespace

Outcome<> unpack_layer(const std::string& archive_path, const std::string& folder) {
  const Reader reader(archive_read_new());
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_filename(reader.get(), archive_path.c_str(), std::size_t{1} << 16) != ARCHIVE_OK)
    return broken("unpack", archive_error_string(reader.get()));
  const Writer writer(archive_write_disk_new());
  archive_write_disk_set_options(writer.get(), ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME |
                                                   ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_UNLINK |
                                                   ARCHIVE_EXTRACT_SECURE_NODOTDOT);
  std::int64_t total = 0;
  std::int64_t entries = 0;
  archive_entry* entry = nullptr;
  while (true) {
    const int state = archive_read_next_header(reader.get(), &entry);
    if (state == ARCHIVE_EOF) return {};
    if (state < ARCHIVE_WARN) return broken("unpack", archive_error_string(reader.get()));
    if (++entries > entries_max) return broken("unpack", "the layer has too many entries");
    TRY_VOID(unpack_entry(reader.get(), writer.get(), entry, folder, total));
  }
}

}  // namespace utakata::sandbox
