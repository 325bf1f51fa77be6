#include "images/unpack.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/text.hpp"
#include "images/archive_stream.hpp"
#include "images/tree_writer.hpp"

namespace utakata::images {
namespace {

constexpr std::size_t path_bytes_max = 4096;
constexpr std::size_t extended_bytes_max = std::size_t{64} << 10;  // of one attribute, Linux's own limit

std::unexpected<Fault> broken(std::string_view what, std::string_view why) {
  return refuse("LayerBroken", cat(what, ": ", why));
}

// "./a//b/" becomes "a/b"; what leads out of the layer is refused.
Outcome<std::string> safe_path(std::string_view path) {
  if (path.size() > path_bytes_max) return broken("unpack", "a path is longer than 4096 bytes");
  std::string out;
  for (const std::string_view piece : split(path, '/')) {
    if (piece.empty() || piece == ".") continue;
    if (piece == "..") return broken("unpack", cat("the path ", path, " leads out of the layer"));
    if (!out.empty()) out += '/';
    out += piece;
  }
  return out;
}

// The name of an entry, also where it is no text of the program's locale.
Outcome<std::string> path_of(archive_entry* entry) {
  const char* path = archive_entry_pathname(entry);
  if (path == nullptr) path = archive_entry_pathname_utf8(entry);
  if (path == nullptr) return broken("unpack", "an entry has no path");
  return safe_path(path);
}

// Only what a container may see: overlay's own marks on a layer would be taken for the platform's.
bool may_carry(std::string_view name) {
  return name == "security.capability" || (name.starts_with("user.") && !name.starts_with("user.overlay."));
}

Attributes attributes_of(archive_entry* entry) {
  Attributes with{.mode = archive_entry_perm(entry),
                  .uid = static_cast<uid_t>(archive_entry_uid(entry)),
                  .gid = static_cast<gid_t>(archive_entry_gid(entry)),
                  .modified = {.tv_sec = archive_entry_mtime(entry), .tv_nsec = archive_entry_mtime_nsec(entry)}};
  archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
    if (size <= extended_bytes_max && may_carry(name))
      with.extended.emplace_back(name, std::string(static_cast<const char*>(value), size));
  return with;
}

// Holes stay holes.
Outcome<> write_at(int fd, std::string_view bytes, std::int64_t offset) {
  while (!bytes.empty()) {
    const ssize_t n = pwrite(fd, bytes.data(), bytes.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return broken("write", std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += n;
  }
  return {};
}

struct FreeReader {
  void operator()(archive* a) const { archive_read_free(a); }
};

class Unpacking {
 public:
  Unpacking(std::unique_ptr<ArchiveStream> stream, TreeWriter tree, const UnpackLimits& limits)
      : stream_(std::move(stream)), tree_(std::move(tree)), limits_(limits), reader_(archive_read_new()) {}

  Outcome<Unpacked> run(const LayerDigests& wanted) {
    archive* const a = reader_.get();
    archive_read_support_format_tar(a);
    archive_read_support_format_empty(a);
    if (archive_read_open(a, stream_.get(), nullptr, next_piece, nullptr) != ARCHIVE_OK) return stopped();
    archive_entry* entry = nullptr;
    std::int64_t entries = 0;
    while (true) {
      const int state = archive_read_next_header(a, &entry);
      if (state == ARCHIVE_EOF) break;
      if (state < ARCHIVE_WARN) return stopped();
      if (++entries > limits_.entries)
        return broken("unpack", cat("the layer has more than ", limits_.entries, " entries"));
      TRY_VOID(take(entry));
    }
    TRY_VOID(stream_->finish(wanted));
    tree_.finish();
    return Unpacked{.bytes = bytes_};
  }

 private:
  static la_ssize_t next_piece(archive* a, void* self, const void** piece) {
    const auto got = static_cast<ArchiveStream*>(self)->next();
    if (!got) {
      archive_set_error(a, EIO, "the content cannot be read");
      return -1;
    }
    *piece = got->data();
    return static_cast<la_ssize_t>(got->size());
  }

  // The stream's own reason goes before what the tar reader makes of it.
  std::unexpected<Fault> stopped() {
    if (stream_->fault()) return std::unexpected(*stream_->fault());
    return broken("unpack", error_of(reader_.get()));
  }

  Outcome<> take(archive_entry* entry) {
    const std::string path = TRY(path_of(entry));
    const std::size_t slash = path.rfind('/');
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (name.starts_with(".wh.")) return hide(slash == std::string::npos ? "" : path.substr(0, slash), name);
    if (const char* target = archive_entry_hardlink(entry)) return tree_.hard_link(path, TRY(safe_path(target)));
    const Attributes with = attributes_of(entry);
    if (archive_entry_filetype(entry) == AE_IFDIR) return tree_.folder(path, with);
    if (path.empty()) return broken("unpack", "the layer's root is no folder");
    switch (archive_entry_filetype(entry)) {
      case AE_IFREG:
        return file(entry, path, with);
      case AE_IFLNK: {
        const char* target = archive_entry_symlink(entry);
        if (target == nullptr) target = archive_entry_symlink_utf8(entry);
        return target == nullptr ? broken(path, "a link to nowhere") : tree_.symbolic_link(path, target, with);
      }
      case AE_IFIFO:
        return tree_.fifo(path, with);
      default:
        return {};  // devices and sockets
    }
  }

  // ".wh.NAME" hides NAME, ".wh..wh..opq" the whole folder; others with two of the prefix are aufs's own business.
  Outcome<> hide(const std::string& folder, const std::string& name) {
    if (name == ".wh..wh..opq") return tree_.opaque(folder);
    const std::string hidden = name.substr(4);
    if (hidden.starts_with(".wh.")) return {};
    if (hidden.empty() || hidden == "." || hidden == "..") return broken(name, "a whiteout of no name");
    return tree_.whiteout(cat(folder, folder.empty() ? "" : "/", hidden));
  }

  Outcome<> file(archive_entry* entry, const std::string& path, const Attributes& with) {
    const std::int64_t size = archive_entry_size(entry);
    if (size < 0 || size > limits_.bytes) return broken(path, "the file is larger than a layer may be");
    const int fd = TRY(tree_.open_file(path));
    Outcome<> written = content(fd);
    if (written && ftruncate(fd, size) != 0)
      written = broken(path, std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
    if (!written) {
      close(fd);
      return written;
    }
    return TreeWriter::close_file(fd, path, with);
  }

  Outcome<> content(int fd) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    while (true) {
      const int state = archive_read_data_block(reader_.get(), &block, &size, &offset);
      if (state == ARCHIVE_EOF) return {};
      if (state < ARCHIVE_WARN) return stopped();
      bytes_ += static_cast<std::int64_t>(size);
      TRY_VOID(write_at(fd, {static_cast<const char*>(block), size}, offset));
    }
  }

  std::unique_ptr<ArchiveStream> stream_;
  TreeWriter tree_;
  UnpackLimits limits_;
  std::unique_ptr<archive, FreeReader> reader_;
  std::int64_t bytes_ = 0;
};

}  // namespace

Outcome<Unpacked> unpack_layer(const std::string& archive, const std::string& folder, const LayerDigests& wanted,
                               const std::atomic<bool>& ending, const UnpackLimits& limits) {
  auto stream = TRY(ArchiveStream::open(archive, limits, ending));
  Unpacking unpacking(std::move(stream), TRY(TreeWriter::open(folder)), limits);
  return unpacking.run(wanted);
}

}  // namespace utakata::images
