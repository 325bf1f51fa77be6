#pragma once

#include <string>

#include "base/outcome.hpp"

namespace utakata::sandbox {

/// Unpacks one image layer (tar, gzip, zstd) into an empty folder as an overlay lower layer: whiteouts become device
/// 0/0, opaque folders get overlay's mark. Refused: broken archives, paths and links that lead out of the folder.
Outcome<> unpack_layer(const std::string& archive, const std::string& folder);

}  // namespace utakata::sandbox
