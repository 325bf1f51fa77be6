#include "base/sha1.hpp"

#include <array>
#include <bit>
#include <cstdint>

#include "base/bytes.hpp"

namespace utakata {
namespace {

using Sha1Words = std::array<std::uint32_t, 5>;

// FIPS 180-4 §4.1.1 and §4.2.1: the function and the constant of a round.
struct Round {
  std::uint32_t mixed, constant;
};
Round round_of(std::size_t i, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  if (i < 20) return {(b & c) | (~b & d), 0x5a827999};
  if (i < 40) return {b ^ c ^ d, 0x6ed9eba1};
  if (i < 60) return {(b & c) | (b & d) | (c & d), 0x8f1bbcdc};
  return {b ^ c ^ d, 0xca62c1d6};
}

void take_sha1_block(Sha1Words& state, std::string_view block) {
  std::array<std::uint32_t, 80> w{};
  for (std::size_t i = 0; i < 16; ++i) w[i] = static_cast<std::uint32_t>(big_endian(block, i * 4, 4));
  for (std::size_t i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  auto [a, b, c, d, e] = state;
  for (std::size_t i = 0; i < 80; ++i) {
    const Round round = round_of(i, b, c, d);
    const std::uint32_t next = std::rotl(a, 5) + round.mixed + e + round.constant + w[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  const Sha1Words mixed{a, b, c, d, e};
  for (std::size_t i = 0; i < state.size(); ++i) state[i] += mixed[i];
}

}  // namespace

std::string sha1(std::string_view bytes) {
  Sha1Words state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  const std::size_t whole = bytes.size() / 64 * 64;
  for (std::size_t at = 0; at < whole; at += 64) take_sha1_block(state, bytes.substr(at, 64));
  std::string rest(bytes.substr(whole));
  rest += static_cast<char>(0x80);
  while (rest.size() % 64 != 56) rest += '\0';
  append_big_endian(rest, std::uint64_t{bytes.size()} * 8, 8);
  for (std::size_t at = 0; at < rest.size(); at += 64) take_sha1_block(state, std::string_view(rest).substr(at, 64));
  std::string digest;
  for (const std::uint32_t word : state) append_big_endian(digest, word, 4);
  return digest;
}

}  // namespace utakata
