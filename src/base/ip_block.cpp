#include "base/ip_block.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "base/ipv4.hpp"
#include "base/text.hpp"

namespace utakata {
namespace {

constexpr int mapped_bits = 96;  // in front of an address of IPv4

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  IpAddress address;
  if (const auto ipv4 = parse_ipv4(text)) {
    address.bytes[10] = address.bytes[11] = 0xff;
    for (std::size_t i = 0; i < 4; ++i) address.bytes[12 + i] = static_cast<std::uint8_t>(*ipv4 >> (24 - 8 * i));
    return address;
  }
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.contains('\0')) return {};
  std::ranges::copy(text, terminated.begin());
  if (inet_pton(AF_INET6, terminated.data(), address.bytes.data()) != 1) return {};
  return address;
}

std::optional<IpBlock> IpBlock::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const auto base = IpAddress::parse(text.substr(0, slash));
  const auto length = parse_integer(text.substr(slash + 1));
  const bool is_ipv4 = !text.contains(':');
  if (!base || !length || *length < 0 || *length > (is_ipv4 ? 32 : 128)) return {};
  return IpBlock{.base = *base, .length = static_cast<int>(*length) + (is_ipv4 ? mapped_bits : 0), .is_ipv4 = is_ipv4};
}

bool IpBlock::contains(const IpAddress& address) const {
  for (int bit = 0; bit < length; bit += 8) {
    const auto at = static_cast<std::size_t>(bit / 8);
    const int beyond = std::max(0, bit + 8 - length);
    if (((base.bytes[at] ^ address.bytes[at]) >> beyond) != 0) return false;
  }
  return true;
}

}  // namespace utakata
