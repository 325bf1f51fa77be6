#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/outcome.hpp"

namespace utakata::events {

/// The bytes of an IP address: 4 or 16 of them count.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;
};
std::optional<IpAddress> parse_ip(std::string_view text);

/// A block of addresses, as "10.0.0.0/8" or "2001:db8::/32" names it.
struct CidrRange {
  IpAddress network;
  unsigned bits = 0;

  /// The fault's message is the reason, in the pattern language's words.
  static Outcome<CidrRange> parse(std::string_view text);
  [[nodiscard]] bool holds(std::string_view address) const;
};

}  // namespace utakata::events
