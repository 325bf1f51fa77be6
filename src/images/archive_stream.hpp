#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "base/outcome.hpp"
#include "images/digest.hpp"
#include "images/unpack.hpp"

struct archive;

namespace utakata::images {

/// What libarchive says went wrong.
std::string error_of(archive*);

/// A layer's archive, unpacked piece by piece: both digests and the limits are kept on the way.
class ArchiveStream {
 public:
  static Outcome<std::unique_ptr<ArchiveStream>> open(const std::string& path, const UnpackLimits&,
                                                      const std::atomic<bool>& ending);
  ArchiveStream(const ArchiveStream&) = delete;
  ArchiveStream& operator=(const ArchiveStream&) = delete;
  ~ArchiveStream();

  /// The next piece of the content; empty at its end, nothing when it cannot go on: fault() says why.
  std::optional<std::string_view> next();
  [[nodiscard]] const std::optional<Fault>& fault() const { return fault_; }
  /// Reads what is left, and holds both digests against what they must be.
  Outcome<> finish(const LayerDigests&);

 private:
  ArchiveStream(std::FILE* file, const UnpackLimits& limits, const std::atomic<bool>& ending)
      : file_(file), limits_(limits), ending_(ending) {}
  static long read_packed(archive*, void* self, const void** piece);
  std::nullopt_t fail(std::string why);

  static constexpr std::size_t piece_bytes = std::size_t{256} << 10;
  std::FILE* file_;
  UnpackLimits limits_;
  const std::atomic<bool>& ending_;
  struct Free {
    void operator()(archive*) const;
  };
  std::unique_ptr<archive, Free> unpacking_;
  std::unique_ptr<char[]> packed_piece_{new char[piece_bytes]};  // NOLINT(modernize-avoid-c-arrays)
  Sha256 packed_, content_;
  std::int64_t packed_bytes_ = 0, content_bytes_ = 0;
  std::optional<Fault> fault_;
};

}  // namespace utakata::images
