#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.hpp"

// WebSocket (RFC 6455) as bytes: the opening handshake's texts, frames to print, and a reader that is fed whatever has
// arrived. Nothing here waits. What two programs could read differently is refused with the close code that §7.4.1 has.
namespace utakata::http {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Who reads: a server takes masked frames only, a client unmasked ones only (§5.1).
enum class WebSocketSide : std::uint8_t { server, client };

namespace close_code {
inline constexpr int normal = 1000, going_away = 1001, protocol_error = 1002, bad_text = 1007, policy = 1008,
                     too_big = 1009, internal_error = 1011;
}

struct WebSocketLimits {
  std::size_t message = 128 * 1024;  // bytes of a whole message, its fragments together
};

struct WebSocketMessage {
  Opcode kind = Opcode::binary;  // text, binary, close, ping or pong; never continuation
  std::string bytes;             // of a close: its reason
  int code = 0;                  // of a close; 1005 when it says none
};

struct WebSocketViolation {
  int code = close_code::protocol_error;
  std::string_view why;
};

/// Takes bytes as they come, gives whole messages: fragments are joined, control frames between them come first.
class FrameReader {
 public:
  explicit FrameReader(WebSocketSide side, WebSocketLimits limits = {}) : side_(side), limits_(limits) {}

  /// Appends what is complete to `messages`. Says what is wrong, after which nothing may be read any more.
  std::optional<WebSocketViolation> take(std::string_view bytes, std::vector<WebSocketMessage>& messages);

 private:
  struct Frame {
    bool final = false;
    Opcode opcode = Opcode::continuation;
    std::string payload;
  };
  /// `whole`: how many bytes of the buffer the first frame takes with its payload; 0: it is not all there.
  std::optional<WebSocketViolation> check_head(std::size_t& whole);
  Frame cut(std::size_t whole);
  std::optional<WebSocketViolation> take_frame(Frame, std::vector<WebSocketMessage>& messages);
  std::optional<WebSocketViolation> take_control(Frame, std::vector<WebSocketMessage>& messages);

  WebSocketSide side_;
  WebSocketLimits limits_;
  std::string buffer_;
  std::optional<Opcode> fragmented_;  // the kind of the message whose fragments are being joined
  std::string joined_;
};

/// One whole frame. `mask`: a client's four random bytes, or empty for a server.
std::string print_frame(Opcode, std::string_view payload, std::string_view mask = {});
std::string print_close(int code, std::string_view reason, std::string_view mask = {});

/// What Sec-WebSocket-Accept must be for a Sec-WebSocket-Key.
std::string websocket_accept(std::string_view key);

/// A request that asks to become a WebSocket, well formed or not.
bool wants_websocket(const RequestHead&);
/// The answer to such a request: 101, or 400 or 426 with the reason.
struct WebSocketAnswer {
  std::string text;  // to be sent as it is
  bool accepted = false;
};
WebSocketAnswer answer_websocket(const RequestHead&);

}  // namespace utakata::http
