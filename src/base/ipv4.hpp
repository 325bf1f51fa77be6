#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace utakata {

/// An IPv4 address as a number: 10.0.0.1 is 0x0a000001. Nothing unless the text is four decimal parts.
std::optional<std::uint32_t> parse_ipv4(std::string_view text);
std::string ipv4_text(std::uint32_t address);

/// A block of addresses. Bits beyond its length are zero.
struct Ipv4Block {
  std::uint32_t base = 0;
  int length = 0;

  /// "10.0.0.0/16"; bits beyond the length are cut off. Nothing if it is no block.
  static std::optional<Ipv4Block> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::uint32_t last() const {
    return base | static_cast<std::uint32_t>((std::uint64_t{1} << (32 - length)) - 1);
  }
  [[nodiscard]] bool contains(std::uint32_t address) const { return address >= base && address <= last(); }
  [[nodiscard]] bool contains(const Ipv4Block& other) const { return contains(other.base) && contains(other.last()); }
  [[nodiscard]] bool overlaps(const Ipv4Block& other) const { return base <= other.last() && other.base <= last(); }
  friend bool operator==(const Ipv4Block&, const Ipv4Block&) = default;
};

}  // namespace utakata
