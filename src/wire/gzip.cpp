#include "wire/gzip.hpp"

#include <zlib.h>

#include <array>

namespace utakata::wire {

std::optional<std::string> gunzip(std::string_view bytes, std::size_t most) {
  constexpr int gzip_only = 16 + MAX_WBITS;
  z_stream stream{};
  if (inflateInit2(&stream, gzip_only) != Z_OK) return {};
  std::string from(bytes);
  stream.next_in = static_cast<Bytef*>(static_cast<void*>(from.data()));
  stream.avail_in = static_cast<uInt>(from.size());
  std::string out;
  std::array<char, 32 * 1024> space{};
  int state = Z_OK;
  while (state == Z_OK && out.size() <= most) {
    stream.next_out = static_cast<Bytef*>(static_cast<void*>(space.data()));
    stream.avail_out = static_cast<uInt>(space.size());
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(space.data(), space.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END || stream.avail_in > 0 || out.size() > most) return {};
  return out;
}

}  // namespace utakata::wire
