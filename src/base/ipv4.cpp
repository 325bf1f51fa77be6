#include "base/ipv4.hpp"

#include "base/text.hpp"

namespace utakata {

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  const auto parts = split(text, '.');
  if (parts.size() != 4) return {};
  std::uint32_t address = 0;
  for (const std::string_view part : parts) {
    const auto n = parse_integer(part);
    if (!n || *n < 0 || *n > 255 || part.size() > 3) return {};
    address = address << 8 | static_cast<std::uint32_t>(*n);
  }
  return address;
}

std::string ipv4_text(std::uint32_t address) {
  return cat(address >> 24, ".", address >> 16 & 255, ".", address >> 8 & 255, ".", address & 255);
}

std::optional<Ipv4Block> Ipv4Block::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const auto length = parse_integer(text.substr(slash + 1));
  const auto address = parse_ipv4(text.substr(0, slash));
  if (!address || !length || *length < 0 || *length > 32) return {};
  Ipv4Block block{.length = static_cast<int>(*length)};
  block.base = *address & ~static_cast<std::uint32_t>((std::uint64_t{1} << (32 - block.length)) - 1);
  return block;
}

std::string Ipv4Block::text() const { return cat(ipv4_text(base), "/", length); }

}  // namespace utakata
