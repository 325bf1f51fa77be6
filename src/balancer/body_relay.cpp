#include "balancer/body_relay.hpp"

#include <cstring>

#include "balancer/desync.hpp"

namespace utakata::balancer {

Piece take_body(http::BodyReader& reader, Bytes& bytes) {
  const std::span<char> all = bytes.writable();
  std::string_view rest = bytes.text();
  std::size_t begin = 0;
  std::size_t length = 0;
  while (true) {
    const auto piece = reader.next(rest);
    if (!piece) return {.sound = false};
    if (piece->empty()) break;
    const auto at = static_cast<std::size_t>(piece->data() - all.data());
    if (length == 0)
      begin = at;
    else
      std::memmove(&all[begin + length], piece->data(), piece->size());
    length += piece->size();
  }
  return {.used = all.size() - rest.size(), .content = std::string_view(all.data() + begin, length)};
}

void add_chunk(const http::BodyReader& reader, std::string_view content, std::string& before, std::string& behind) {
  behind.clear();
  if (!content.empty()) {
    constexpr std::string_view digits = "0123456789abcdef";
    int shift = 60;
    while ((content.size() >> shift) == 0) shift -= 4;
    for (; shift >= 0; shift -= 4) before += digits[content.size() >> shift & 15];
    before += "\r\n";
    behind += "\r\n";
  }
  if (!reader.done()) return;
  behind += "0\r\n";
  for (std::string_view rest = reader.trailers(); !rest.empty();) {
    const std::string_view trailer = rest.substr(0, rest.find('\n') + 1);
    if (!resembles_framing_header(trailer.substr(0, trailer.find(':')))) behind += trailer;
    rest.remove_prefix(trailer.size());
  }
  behind += "\r\n";
}

}  // namespace utakata::balancer
