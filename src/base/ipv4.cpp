#include "base/ipv4.hpp"

#include "base/text.hpp"

namespace utakata {

// Without memory of the heap: a load balancer asks it of every request.
std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  std::uint32_t address = 0;
  for (int part = 0; part < 4; ++part) {
    const std::size_t end = part < 3 ? text.find('.') : text.size();
    const std::string_view digits = text.substr(0, end);
    const auto n = parse_integer(digits);
    if (end == std::string_view::npos || !n || *n < 0 || *n > 255 || digits.size() > 3) return {};
    address = address << 8 | static_cast<std::uint32_t>(*n);
    text.remove_prefix(part < 3 ? end + 1 : end);
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
