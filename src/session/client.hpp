#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "session/contents.hpp"
#include "session/stream.hpp"

// The user's end of a data channel: what the agent sends and what is typed go in, what to do comes out.
namespace utakata::session {

/// For the agent.
struct SendToAgent {
  std::string bytes;
  bool text = false;
};
/// The command runs.
struct Ready {};
/// Of the command: answer with output_taken() once it is written.
struct Output {
  std::string bytes;
  bool error = false;
  std::int64_t sequence = 0;
};
/// Nothing more comes.
struct Ended {
  ChannelClosed end;
};
using ClientAction = std::variant<SendToAgent, Ready, Output, Ended>;
using ClientActions = std::vector<ClientAction>;

class Client {
 public:
  struct Settings {
    OpenChannel open;
    std::uint64_t seed = 0;  // of message ids
    Duration wall_ahead;     // what makes `now` wall time
  };
  explicit Client(Settings settings) : settings_(std::move(settings)) {}

  ClientActions open();
  /// Fault: the agent breaks the protocol.
  Outcome<ClientActions> take(std::string_view bytes, Instant now);
  ClientActions output_taken(std::int64_t sequence, Instant now);
  /// What is typed; only while has_room().
  ClientActions input(std::string_view bytes, Instant now);
  ClientActions input_ended(Instant now);
  ClientActions resize(const Size&, Instant now);
  ClientActions terminate(Instant now);
  [[nodiscard]] bool has_room() const { return outgoing_.has_room(); }

  [[nodiscard]] Instant next_due() const { return outgoing_.next_due(); }
  ClientActions advance(Instant now);

 private:
  SendToAgent send(PayloadType, std::string payload, std::uint64_t flags, Instant now);
  SendToAgent acknowledge(const Message&, Instant now);
  Outcome<> take_output(Message, ClientActions&, Instant now);

  Settings settings_;
  std::uint64_t messages_made_ = 0;
  Outgoing outgoing_;
  Incoming incoming_;
  std::map<std::int64_t, Message> untaken_;  // output that has not been written, without its payload
};

}  // namespace utakata::session
