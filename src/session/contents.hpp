#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/outcome.hpp"
#include "session/message.hpp"

// What the payloads say: JSON, with the plugin's member names.
namespace utakata::session {

/// Of a terminal, in characters.
struct Size {
  int columns = 80;
  int rows = 24;
  friend bool operator==(const Size&, const Size&) = default;
};
Outcome<Size> parse_size(std::string_view payload);
std::string print_size(const Size&);

/// The first message of a channel, the only one that is text.
struct OpenChannel {
  std::string token;
  std::string client_version;
  bool terminal = true;  // false: pipes
  bool resumes = true;  // a client that says nothing of its terminal is the plugin, which comes back when it is cut off
  std::optional<Size> size;  // of the terminal at the start
};
Outcome<OpenChannel> parse_open(std::string_view text);
std::string print_open(const OpenChannel&, std::string_view request_id);

struct Acknowledgement {
  std::string type;
  std::string id;  // 16 bytes; only printed
  std::int64_t sequence = 0;
};
Outcome<Acknowledgement> parse_acknowledgement(std::string_view payload);
std::string print_acknowledgement(const Acknowledgement&);

/// `session_type`: InteractiveCommands has a terminal, NonInteractiveCommands has pipes.
std::string print_handshake_request(std::string_view session_type);
/// What a client makes of a request: it does as it is asked, or says what it does not know.
Outcome<std::string> answer_handshake(std::string_view request, std::string_view client_version);
/// Fault: the client could not do what it was asked, in its words.
Outcome<> check_handshake_response(std::string_view payload);
std::string print_handshake_complete(std::int64_t nanoseconds);

struct ChannelClosed {
  std::string session_id;
  std::string output;            // why, for a person; empty after an ordinary end
  std::optional<int> exit_code;  // of the command
};
Outcome<ChannelClosed> parse_channel_closed(std::string_view payload);
std::string print_channel_closed(const ChannelClosed&, std::string_view message_id, std::int64_t created_ms);

/// The number of a flag: 2 asks to end the session.
inline constexpr std::uint32_t terminate_flag = 2;
Outcome<std::uint32_t> parse_flag(std::string_view payload);
std::string print_flag(std::uint32_t);

}  // namespace utakata::session
