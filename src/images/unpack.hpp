#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/outcome.hpp"

namespace utakata::images {

/// Bounds against archives that grow without end.
struct UnpackLimits {
  std::int64_t bytes = std::int64_t{32} << 30;  // of the archive unpacked, headers and all
  std::int64_t entries = 1'000'000;
  std::int64_t ratio = 200;                           // unpacked to packed, once more than the following has come out
  std::int64_t ratio_begins = std::int64_t{1} << 30;  // bytes: small layers of zeros are honest
};

/// What a layer must be: the digest of its archive (empty: not asked) and of its content unpacked.
struct LayerDigests {
  std::string archive, content;
};

struct Unpacked {
  std::int64_t bytes = 0;  // of files
};

/// Unpacks one image layer (tar; plain, gzip or zstd) into an empty folder as an overlay lower layer: whiteouts become
/// device 0/0, opaque folders get overlay's mark. Device nodes are left out: a container has its own /dev, and nothing
/// of an image reaches the host's devices. Refused: broken archives, wrong digests, paths that lead out of the folder,
/// more than the limits. `ending` becomes true: it stops soon.
Outcome<Unpacked> unpack_layer(const std::string& archive, const std::string& folder, const LayerDigests&,
                               const std::atomic<bool>& ending, const UnpackLimits& = {});

}  // namespace utakata::images
