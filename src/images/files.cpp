#include "images/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/text.hpp"

namespace utakata::images {
namespace {

std::unexpected<Fault> cannot_write(const std::string& path, int error) {
  return refuse("CannotWrite",
                cat("cannot write ", path, ": ", std::strerror(error)));  // NOLINT(concurrency-mt-unsafe)
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

Outcome<> write_renamed(const std::string& path, std::string_view bytes, bool durably) {
  static std::atomic<int> made{0};
  const std::string partial = cat(path, ".", getpid(), ".", made.fetch_add(1), ".new");
  const int fd = open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return cannot_write(path, errno);
  const bool written = write_all(fd, bytes) && (!durably || fsync(fd) == 0);
  const int error = errno;
  close(fd);
  if (written && rename(partial.c_str(), path.c_str()) == 0) return {};
  const int why = written ? errno : error;
  unlink(partial.c_str());
  return cannot_write(path, why);
}

}  // namespace

Outcome<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return refuse("MissingFile", cat("the file ", path, " is missing"));
  std::string text;
  std::array<char, 16384> piece;
  ssize_t n = 0;
  while ((n = read(fd, piece.data(), piece.size())) > 0 && text.size() <= bytes_max)
    text.append(piece.data(), static_cast<std::size_t>(n));
  close(fd);
  if (n < 0) return refuse("MissingFile", cat("the file ", path, " cannot be read"));
  if (text.size() > bytes_max)
    return refuse("TooLarge", cat("the file ", path, " is larger than ", bytes_max, " bytes"));
  return text;
}

Outcome<> write_file(const std::string& path, std::string_view bytes) { return write_renamed(path, bytes, false); }
Outcome<> write_file_durably(const std::string& path, std::string_view bytes) {
  return write_renamed(path, bytes, true);
}

}  // namespace utakata::images
