#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace utakata {

/// An address of either family; one of IPv4 as IPv6 maps it, so that both compare alike.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  /// "192.0.2.1" or "2001:db8::1". Nothing if it is neither.
  static std::optional<IpAddress> parse(std::string_view text);
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

/// A block of addresses of either family.
struct IpBlock {
  IpAddress base;
  int length = 0;  // of the 128 bits
  bool is_ipv4 = false;

  /// "192.0.2.0/24" or "2001:db8::/32". Nothing if it is neither.
  static std::optional<IpBlock> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress&) const;
};

}  // namespace utakata
