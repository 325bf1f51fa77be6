#pragma once

#include "base/types.hpp"

// AWS's quotas of SQS (facts: platform.md §E).
namespace utakata::sqs::limits {

inline constexpr std::size_t name_characters = 80;
inline constexpr std::size_t batch_entries = 10;
inline constexpr std::size_t batch_bytes = 1'048'576;
inline constexpr std::size_t message_attributes = 10;
inline constexpr std::size_t attribute_name_characters = 256;
inline constexpr std::size_t group_id_characters = 128;
inline constexpr std::size_t tags = 50;
inline constexpr std::size_t in_flight = 120'000;  // of one queue
inline constexpr i32 delay_seconds = 900;
inline constexpr i32 visibility_seconds = 43'200;  // also what one receive may last in all
inline constexpr i32 wait_seconds = 20;
inline constexpr i32 receive_messages = 10;
inline constexpr i32 list_results = 1'000;
inline constexpr i64 receives_before_dead_letter = 1'000;
inline constexpr Duration deduplication_window = minutes(5);
inline constexpr Duration purge_interval = seconds(60);

}  // namespace utakata::sqs::limits
