#pragma once

#include <cstdint>
#include <string_view>

#include "base/hash.hpp"
#include "base/instant.hpp"

namespace utakata::sim {

/// A chance as a fraction, so that a seed means the same on every machine.
struct Ratio {
  std::uint64_t part = 0;
  std::uint64_t of = 1;
};

/// Counter-based random numbers keyed by (seed, entity, purpose, how often before): one more task does not shift what
/// the others throw.
class Dice {
 public:
  explicit constexpr Dice(std::uint64_t seed) : seed_(seed) {}

  [[nodiscard]] constexpr std::uint64_t roll(std::string_view entity, std::string_view purpose,
                                             std::uint64_t nth = 0) const {
    return mix(mix(seed_ + 0x9e3779b97f4a7c15U) ^ hash64(entity) ^ mix(hash64(purpose) + nth * 0x9e3779b97f4a7c15U));
  }
  [[nodiscard]] constexpr std::uint64_t below(std::uint64_t bound, std::string_view entity, std::string_view purpose,
                                              std::uint64_t nth = 0) const {
    return bound == 0 ? 0 : roll(entity, purpose, nth) % bound;
  }
  /// From `least` to `most`, both included, in whole microseconds.
  [[nodiscard]] constexpr Duration between(Duration least, Duration most, std::string_view entity,
                                           std::string_view purpose, std::uint64_t nth = 0) const {
    if (most <= least) return least;
    const auto span = static_cast<std::uint64_t>((most - least).ns / 1000);
    return least + microseconds(static_cast<std::int64_t>(below(span + 1, entity, purpose, nth)));
  }
  [[nodiscard]] constexpr bool chance(Ratio ratio, std::string_view entity, std::string_view purpose,
                                      std::uint64_t nth = 0) const {
    return ratio.part > 0 && below(ratio.of, entity, purpose, nth) < ratio.part;
  }

 private:
  std::uint64_t seed_;
};

}  // namespace utakata::sim
