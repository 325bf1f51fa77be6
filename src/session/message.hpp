#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/outcome.hpp"

// One message of a data channel (session-manager-plugin, message/clientmessage.go), numbers the most significant byte
// first:
//
//   | 0 header length = 116 | 4 type, 32 bytes, padded with spaces | 36 schema version = 1 | 40 created, ms since 1970
//   | | 48 sequence number | 56 flags | 64 id, its lower half first | 80 SHA-256 of the payload | 112 payload type | |
//   116 payload length | 120 payload |
namespace utakata::session {

namespace kind {
inline constexpr std::string_view input = "input_stream_data", output = "output_stream_data",
                                  acknowledge = "acknowledge", channel_closed = "channel_closed",
                                  start_publication = "start_publication", pause_publication = "pause_publication";
}

enum class PayloadType : std::uint32_t {
  none = 0,
  output = 1,  // of either stream: the bytes of a terminal or a pipe
  size = 3,
  handshake_request = 5,
  handshake_response = 6,
  handshake_complete = 7,
  flag = 10,
  error_output = 11,
};

namespace flags {
inline constexpr std::uint64_t first = 1, last = 2;  // SYN, FIN
}

struct Message {
  std::string type;  // one of kind::
  std::int64_t created_ms = 0;
  std::int64_t sequence = 0;
  std::uint64_t flags = 0;
  std::string id;  // 16 bytes
  PayloadType payload_type = PayloadType::none;
  std::string payload;
};

std::string print(const Message&);
/// Refuses what is cut short, contradicts its own lengths or does not match its digest.
Outcome<Message> parse(std::string_view bytes);

/// "8-4-4-4-12" hexadecimal digits of an id.
std::string id_text(std::string_view id);
/// The n-th id of a channel, of version 4 as far as its bits go.
std::string make_id(std::uint64_t seed, std::uint64_t n);

}  // namespace utakata::session
