#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "session/contents.hpp"
#include "session/stream.hpp"

// The platform's end of a data channel: what the client sends and what the command says go in, what to do comes out.
namespace utakata::session {

namespace limits {
inline constexpr std::size_t input_bytes = 1024 * 1024;  // that the command has not taken; more is not acknowledged
inline constexpr Duration opening = seconds(10);         // until the token
inline constexpr Duration handshake = seconds(30);
inline constexpr Duration idle = minutes(20);      // neither input nor taken output (facts: ecs.md §11)
inline constexpr Duration farewell = seconds(30);  // for the last output to be acknowledged
}  // namespace limits

/// A binary message for the client.
struct Send {
  std::string bytes;
};
/// The client shows its token: answer with opened() or refused().
struct Present {
  OpenChannel open;
};
/// The handshake is over: run the command.
struct Start {};
/// For the command: answer with input_taken() once it has it. `last`: then its input ends.
struct Input {
  std::string bytes;
  bool last = false;
  std::int64_t sequence = 0;
};
struct Resize {
  Size size;
};
/// The client asks for the session's end, or is given up: the command is hung up on.
struct HangUp {
  std::string why;
};
/// The channel is over: close the WebSocket with this.
struct Close {
  int code = 1000;
  std::string why;
};
using AgentAction = std::variant<Send, Present, Start, Input, Resize, HangUp, Close>;
using AgentActions = std::vector<AgentAction>;

class Agent {
 public:
  struct Settings {
    std::string session_id;
    std::uint64_t seed = 0;  // of message ids
    Duration wall_ahead;     // what makes `now` wall time
  };
  Agent(Settings, Instant now);

  AgentActions take_text(std::string_view text, Instant now);
  AgentActions take_binary(std::string_view bytes, Instant now);
  AgentActions opened(Instant now);
  AgentActions refused(const std::string& why);
  /// The client is there again, on another connection: what it has not acknowledged is sent once more.
  AgentActions resumed(Instant now);
  AgentActions input_taken(std::int64_t sequence, Instant now);

  /// What the command says; only while has_room(). Longer pieces are cut into messages.
  AgentActions output(std::string_view bytes, Instant now) { return say(PayloadType::output, bytes, now); }
  AgentActions error_output(std::string_view bytes, Instant now) { return say(PayloadType::error_output, bytes, now); }
  [[nodiscard]] bool has_room() const { return outgoing_.has_room(); }
  /// The command has ended, or could not go on: `why` is for a person. The channel closes when the client has
  /// acknowledged everything.
  AgentActions ended(std::optional<int> exit_code, const std::string& why, Instant now);

  [[nodiscard]] Instant next_due() const;
  AgentActions advance(Instant now);
  [[nodiscard]] bool terminal() const { return terminal_; }

 private:
  enum class Stage : std::uint8_t { opening, presented, handshake, running, ending, closed };
  AgentActions say(PayloadType, std::string_view bytes, Instant now);
  AgentActions close(int code, std::string why);
  Send send(Message, Instant now);
  Send acknowledge(const Message&, Instant now);
  void take_input(Message, AgentActions&, Instant now);
  Outcome<> take_control(const Message&, AgentActions&, Instant now);
  void finish_if_silent(AgentActions&, Instant now);
  Message message(std::string_view type, PayloadType, std::string payload, Instant now);

  Settings settings_;
  Stage stage_ = Stage::opening;
  Instant begun_, last_active_, ended_at_;
  bool terminal_ = true;
  std::uint64_t messages_made_ = 0;
  Outgoing outgoing_;
  Incoming incoming_;
  struct Untaken {
    Message head;  // without its payload
    std::size_t bytes = 0;
  };
  std::map<std::int64_t, Untaken> untaken_;  // input that the command has been given and has not taken
  std::size_t untaken_bytes_ = 0;
  ChannelClosed end_;
};

}  // namespace utakata::session
