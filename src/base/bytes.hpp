#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// Numbers as the bytes that travel, the most significant first.
namespace utakata {

inline void append_big_endian(std::string& out, std::uint64_t number, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>((number >> shift) & 0xff);
}

/// The caller has looked that the text reaches so far.
inline std::uint64_t big_endian(std::string_view text, std::size_t at, std::size_t bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes; ++i) number = (number << 8) | static_cast<unsigned char>(text[at + i]);
  return number;
}

}  // namespace utakata
