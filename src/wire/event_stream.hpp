#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// AWS's event streams (application/vnd.amazon.eventstream): an answer that goes on as a row of messages.
namespace utakata::wire {

inline constexpr std::string_view event_stream_type = "application/vnd.amazon.eventstream";

/// One message with an event of this type, its payload in JSON.
std::string event_message(std::string_view type, std::string_view payload);
/// The same with an exception, after which the stream ends.
std::string exception_message(std::string_view type, std::string_view payload);

/// The checksum of such messages (that of zip and Ethernet).
std::uint32_t crc32(std::string_view bytes);

}  // namespace utakata::wire
