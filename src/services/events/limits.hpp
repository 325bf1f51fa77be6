#pragma once

#include <cstddef>

// AWS's quotas of EventBridge (facts: platform.md §D1, D2).
namespace utakata::events::limits {

inline constexpr std::size_t put_entries = 10;
inline constexpr std::size_t put_bytes = 262'144;
inline constexpr int detail_depth = 1'000;
inline constexpr std::size_t name_characters = 64;
inline constexpr std::size_t bus_name_characters = 256;
inline constexpr std::size_t description_characters = 512;
inline constexpr std::size_t targets_of_rule = 5;
inline constexpr std::size_t rules_of_bus = 300;
inline constexpr std::size_t buses = 100;
inline constexpr std::size_t input_characters = 8'192;
inline constexpr std::size_t input_path_characters = 256;
inline constexpr std::size_t input_paths = 100;
inline constexpr std::size_t tags = 50;
inline constexpr int list_results = 100;

}  // namespace utakata::events::limits
