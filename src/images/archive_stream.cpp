#include "images/archive_stream.hpp"

#include <archive.h>

#include "base/text.hpp"

namespace utakata::images {

std::string error_of(archive* a) {
  const char* why = archive_error_string(a);
  return why == nullptr ? "the archive is broken" : why;
}

Outcome<std::unique_ptr<ArchiveStream>> ArchiveStream::open(const std::string& path, const UnpackLimits& limits,
                                                            const std::atomic<bool>& ending) {
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) return refuse("LayerBroken", cat("the layer's file ", path, " is missing"));
  std::unique_ptr<ArchiveStream> stream(new ArchiveStream(file, limits, ending));
  stream->unpacking_.reset(archive_read_new());
  archive* const a = stream->unpacking_.get();
  // The three forms of OCI and nothing else: others would start programs of the host.
  archive_read_support_filter_gzip(a);
  archive_read_support_filter_zstd(a);
  archive_read_support_format_raw(a);
  archive_read_support_format_empty(a);
  archive_entry* content = nullptr;
  const bool opened = archive_read_open(a, stream.get(), nullptr, read_packed, nullptr) == ARCHIVE_OK;
  const int state = opened ? archive_read_next_header(a, &content) : ARCHIVE_FATAL;
  if (state != ARCHIVE_OK && state != ARCHIVE_EOF) return refuse("LayerBroken", error_of(a));
  return stream;
}

ArchiveStream::~ArchiveStream() {
  unpacking_.reset();
  std::fclose(file_);
}

void ArchiveStream::Free::operator()(archive* a) const { archive_read_free(a); }

long ArchiveStream::read_packed(archive*, void* self, const void** piece) {
  auto& stream = *static_cast<ArchiveStream*>(self);
  const std::size_t n = std::fread(stream.packed_piece_.get(), 1, piece_bytes, stream.file_);
  stream.packed_.add(stream.packed_piece_.get(), n);
  stream.packed_bytes_ += static_cast<std::int64_t>(n);
  *piece = stream.packed_piece_.get();
  return std::ferror(stream.file_) != 0 ? -1 : static_cast<long>(n);
}

std::nullopt_t ArchiveStream::fail(std::string why) {
  if (!fault_) fault_ = Fault{.code = "LayerBroken", .message = std::move(why)};
  return std::nullopt;
}

std::optional<std::string_view> ArchiveStream::next() {
  if (fault_) return std::nullopt;
  if (ending_) return fail("the platform is ending");
  const void* piece = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  const int state = archive_read_data_block(unpacking_.get(), &piece, &size, &offset);
  if (state == ARCHIVE_EOF) return std::string_view();
  if (state < ARCHIVE_WARN) return fail(error_of(unpacking_.get()));
  content_bytes_ += static_cast<std::int64_t>(size);
  content_.add(piece, size);
  if (content_bytes_ > limits_.bytes) return fail(cat("the layer is larger than ", limits_.bytes, " bytes unpacked"));
  if (content_bytes_ > limits_.ratio_begins && content_bytes_ / limits_.ratio > packed_bytes_)
    return fail(cat("the layer grows to more than ", limits_.ratio, " times its size"));
  if (size == 0) return next();
  return std::string_view(static_cast<const char*>(piece), size);
}

Outcome<> ArchiveStream::finish(const LayerDigests& wanted) {
  std::optional<std::string_view> piece = next();
  while (piece && !piece->empty()) piece = next();
  if (!piece) return std::unexpected(*fault_);
  // A packed stream may be followed by bytes that nobody unpacks: they belong to the archive's digest.
  const void* rest = nullptr;
  while (read_packed(nullptr, this, &rest) > 0) {
  }
  const std::string packed = packed_.digest();
  const std::string content = content_.digest();
  const auto wrong = [](const std::string& got, const std::string& expected) {
    return refuse("DigestMismatch", cat("unexpected commit digest ", got, ", expected ", expected));
  };
  if (!wanted.archive.empty() && packed != wanted.archive) return wrong(packed, wanted.archive);
  if (content != wanted.content) return wrong(content, wanted.content);
  return {};
}

}  // namespace utakata::images
