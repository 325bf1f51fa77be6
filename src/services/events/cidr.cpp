#include "services/events/cidr.hpp"

#include <charconv>
#include <vector>

#include "base/text.hpp"

namespace utakata::events {
namespace {

std::optional<IpAddress> parse_ipv4(std::string_view text) {
  const auto parts = split(text, '.');
  if (parts.size() != 4) return {};
  IpAddress address{.size = 4};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto number = parse_integer(parts[i]);
    if (!number || parts[i].size() > 3 || *number < 0 || *number > 255) return {};
    address.bytes[i] = static_cast<std::uint8_t>(*number);
  }
  return address;
}

/// The 16-bit groups of one side of "::"; nothing if one is malformed.
std::optional<std::vector<std::uint16_t>> parse_groups(std::string_view text) {
  std::vector<std::uint16_t> groups;
  if (text.empty()) return groups;
  for (const std::string_view part : split(text, ':')) {
    std::uint16_t value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, 16);
    if (part.empty() || part.size() > 4 || error != std::errc{} || end != part.data() + part.size()) return {};
    groups.push_back(value);
  }
  return groups;
}

std::optional<IpAddress> parse_ipv6(std::string_view text) {
  const std::size_t gap = text.find("::");
  const auto front = parse_groups(text.substr(0, gap));
  const auto back = parse_groups(gap == std::string_view::npos ? "" : text.substr(gap + 2));
  if (!front || !back) return {};
  const std::size_t given = front->size() + back->size();
  if (gap == std::string_view::npos ? given != 8 : given > 7) return {};
  IpAddress address{.size = 16};
  const auto set = [&](std::size_t group, std::uint16_t value) {
    address.bytes[group * 2] = static_cast<std::uint8_t>(value >> 8);
    address.bytes[group * 2 + 1] = static_cast<std::uint8_t>(value & 0xff);
  };
  for (std::size_t i = 0; i < front->size(); ++i) set(i, (*front)[i]);
  for (std::size_t i = 0; i < back->size(); ++i) set(8 - back->size() + i, (*back)[i]);
  return address;
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  return text.find(':') == std::string_view::npos ? parse_ipv4(text) : parse_ipv6(text);
}

Outcome<CidrRange> CidrRange::parse(std::string_view text) {
  const auto reason = [](std::string words) { return refuse("InvalidEventPatternException", std::move(words)); };
  const auto parts = split(text, '/');
  if (parts.size() != 2) return reason("Malformed CIDR, one '/' required");
  const auto bits = parse_integer(parts[1]);
  if (!bits) return reason("Malformed CIDR, mask bits must be an integer");
  const auto address = parse_ip(parts[0]);
  if (!address) return reason(cat("Nonstandard IP address: ", parts[0]));
  if (*bits < 0 || *bits > static_cast<std::int64_t>(address->size * 8))
    return reason(cat("IP address mask bits must be between 0 and ", address->size * 8));
  return CidrRange{.network = *address, .bits = static_cast<unsigned>(*bits)};
}

bool CidrRange::holds(std::string_view text) const {
  const auto address = parse_ip(text);
  if (!address || address->size != network.size) return false;
  for (unsigned bit = 0; bit < bits; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
    if ((address->bytes[bit / 8] & mask) != (network.bytes[bit / 8] & mask)) return false;
  }
  return true;
}

}  // namespace utakata::events
