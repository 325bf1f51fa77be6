#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http/websocket_frames.hpp"
#include "reactor/event.hpp"
#include "reactor/stream.hpp"

namespace utakata::http {

/// One end of an open WebSocket. What is sent is queued; write_out(), which the owner starts beside its reading, brings
/// it to the peer. The owner keeps it alive until both have ended.
class WebSocket {
 public:
  /// `arrived`: bytes behind the handshake that have been read already.
  WebSocket(reactor::Stream&, WebSocketSide, WebSocketLimits, std::string arrived);
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  /// The next text or binary message. Nothing: the peer closed, went away, or sent what it may not; then the close is
  /// answered and nothing more comes. Pings are answered on the way.
  reactor::Co<std::optional<WebSocketMessage>> receive();
  /// Ignored once close() was called.
  void send(Opcode, std::string_view payload);
  /// Why the peer closed, in its words; empty as long as it has not.
  [[nodiscard]] const std::string& peer_reason() const { return peer_reason_; }
  /// The connection below has ended without a close.
  [[nodiscard]] bool lost() const { return lost_; }
  /// The last frame that is sent.
  void close(int code, std::string_view reason);

  /// Writes what is queued until the close has been written or the peer takes nothing for `patience`; then the
  /// connection is shut down.
  reactor::Co<void> write_out(Duration patience);

  /// Bytes that wait to be written: who sends much looks at it first.
  [[nodiscard]] std::size_t unsent() const { return queue_.size() + writing_; }
  /// Told whenever unsent() has become less, and at the end.
  std::function<void()> on_written;

 private:
  std::optional<WebSocketMessage> next_data();
  std::string mask();

  reactor::Stream& stream_;
  WebSocketSide side_;
  FrameReader reader_;
  std::string arrived_;
  std::vector<WebSocketMessage> messages_;
  std::string queue_;
  std::string peer_reason_;
  std::size_t writing_ = 0;
  bool ended_ = false;  // nothing is read any more
  bool lost_ = false;
  bool closing_ = false;  // the close is queued
  std::uint64_t mask_seed_ = 0;
  reactor::Event queued_;
};

/// A client's end with the connection below it.
struct OpenedWebSocket {
  std::unique_ptr<reactor::Stream> stream;
  std::string arrived;  // behind the handshake's answer
  std::string why;      // when it could not be opened: stream is null
};
reactor::Co<OpenedWebSocket> open_websocket(reactor::Loop&, reactor::Address, std::string host, std::string target,
                                            Duration patience);

}  // namespace utakata::http
