#pragma once

#include "base/outcome.hpp"
#include "base/types.hpp"

namespace utakata::sandbox {

/// Copies what lies in `folder` of the root file system `root`, as a process with that root would find it, into the
/// folder `target`, which also gets its owner and mode: what docker does with an empty volume. Links are copied as
/// links, devices left out. False if there is no such folder in the image.
Outcome<bool> copy_into_volume(const str& root, const str& folder, const str& target);

bool is_empty_folder(const str& path);

/// A descriptor (O_PATH) of the folder `path` in `root`: links in it never lead out. -1 with errno.
int open_in_root(const str& root, const str& path);

/// The text of a file in `root`, as a process with that root would find it; empty if it is missing, no regular file (a
/// pipe would let one wait) or larger than 1 MiB: it is an image's own, and may be anything.
str read_in_root(const str& root, const str& path);

}  // namespace utakata::sandbox
