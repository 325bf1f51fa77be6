#pragma once

#include "base/types.hpp"

// AWS's quotas of CloudWatch Logs (facts: platform.md §C5), and our own of what is kept.
namespace utakata::logs::limits {

inline constexpr std::size_t name_characters = 512;
inline constexpr std::size_t put_bytes = 1'048'576;
inline constexpr std::size_t put_events = 10'000;
inline constexpr std::size_t event_overhead = 26;
inline constexpr std::size_t event_bytes = 1'048'576 - event_overhead;
inline constexpr i64 put_span = i64{24} * 3'600'000;        // milliseconds from the first to the last event
inline constexpr i64 future_span = i64{2} * 3'600'000;      // later events are too new
inline constexpr i64 past_span = i64{14} * 24 * 3'600'000;  // earlier ones too old
inline constexpr i64 page_bytes = 1'048'576;
inline constexpr i32 page_events = 10'000;
inline constexpr i32 describe_results = 50;
inline constexpr std::size_t pattern_bytes = 1'024;
inline constexpr std::size_t messages_tested = 50;
inline constexpr std::size_t streams_filtered = 100;
inline constexpr std::size_t live_tail_groups = 10;
inline constexpr std::size_t live_tail_sessions = 15;  // of an account in a region; AWS's is not verified
inline constexpr std::size_t tags = 50;

// What is searched when a request names no streams: the first ones in the order of their names.
inline constexpr std::size_t streams_searched = 10'000;

}  // namespace utakata::logs::limits
