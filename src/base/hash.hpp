#pragma once

#include <cstdint>
#include <string_view>

namespace utakata {

/// One round of a good mixer (SplitMix64's finaliser).
constexpr std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9U;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

/// FNV-1a with a final mix: stable on every machine, for ids and history hashes; not for secrets.
constexpr std::uint64_t hash64(std::string_view text, std::uint64_t seed = 0xcbf29ce484222325U) {
  std::uint64_t h = seed;
  for (const char c : text) {
    h ^= static_cast<unsigned char>(c);
    h *= 0x100000001b3U;
  }
  return mix(h);
}

}  // namespace utakata
