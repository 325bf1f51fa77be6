#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/text.hpp"
#include "base/types.hpp"
#include "images/digest.hpp"
#include "tests/files.hpp"

// Layers made by hand, honest and hostile. Included by the tests of images only.
namespace utakata::test {

struct Entry {
  str path;
  str content;
  unsigned type = AE_IFREG;
  str link;  // of AE_IFLNK; with `hard`, of a hard link
  bool hard = false;
  dict<str> extended;
  unsigned mode = 0644;
  i64 uid = 0;
};

inline str tar(const list<Entry>& entries, bool packed = false) {
  std::size_t room = 1 << 20;
  for (const Entry& each : entries) room += each.content.size() + 16384;
  str out(room, '\0');
  std::size_t used = 0;
  archive* a = archive_write_new();
  archive_write_set_format_pax_restricted(a);
  if (packed) archive_write_add_filter_gzip(a);
  archive_write_set_bytes_in_last_block(a, 1);
  archive_write_open_memory(a, out.data(), out.size(), &used);
  for (const Entry& each : entries) {
    archive_entry* e = archive_entry_new();
    archive_entry_set_pathname(e, each.path.c_str());
    archive_entry_set_filetype(e, each.type);
    archive_entry_set_perm(e, static_cast<mode_t>(each.mode));
    archive_entry_set_uid(e, each.uid);
    archive_entry_set_mtime(e, 1'000'000'000, 0);
    archive_entry_set_size(e, each.type == AE_IFREG && !each.hard ? static_cast<la_int64_t>(each.content.size()) : 0);
    if (each.hard) archive_entry_set_hardlink(e, each.link.c_str());
    if (each.type == AE_IFLNK) archive_entry_set_symlink(e, each.link.c_str());
    if (each.type == AE_IFCHR || each.type == AE_IFBLK) archive_entry_set_rdev(e, 0x0101);
    for (const auto& [name, value] : each.extended)
      archive_entry_xattr_add_entry(e, name.c_str(), value.data(), value.size());
    archive_write_header(a, e);
    if (!each.content.empty()) archive_write_data(a, each.content.data(), each.content.size());
    archive_entry_free(e);
  }
  archive_write_free(a);
  out.resize(used);
  return out;
}

/// A folder under /tmp that goes with it.
}  // namespace utakata::test
