#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/outcome.hpp"
#include "client/terminal.hpp"
#include "http/websocket.hpp"
#include "session/client.hpp"

namespace utakata::client {

/// How a command in a container ended, for the one who ran it.
struct ExecEnd {
  std::optional<int> exit_code;
  std::string why;  // it has no exit code of its own, or never ran
};

/// The user's end of a session: this program's standard input, output and errors at one side, the data channel at the
/// other.
class ExecSession : public std::enable_shared_from_this<ExecSession> {
 public:
  ExecSession(reactor::Loop&, std::string token, bool terminal);
  ExecSession(const ExecSession&) = delete;
  ExecSession& operator=(const ExecSession&) = delete;

  /// From an open WebSocket to the command's end.
  reactor::Co<ExecEnd> run(http::OpenedWebSocket);
  /// The window has another size.
  void resize();
  /// The command is hung up on; how it ends is still told.
  void hang_up();

 private:
  void act(session::ClientActions);
  void perform(session::SendToAgent&);
  void perform(session::Ready&);
  void perform(session::Output&);
  void perform(session::Ended&);
  void typed(const std::string& bytes);
  void arm();
  [[nodiscard]] Instant now() const { return loop_.now(); }

  reactor::Loop& loop_;
  bool terminal_;
  session::Client client_;
  http::OpenedWebSocket opened_;
  std::unique_ptr<http::WebSocket> socket_;
  std::unique_ptr<StandardInput> input_;
  bool held_back_ = false;  // input waits until the agent has taken some
  bool hung_up_ = false;
  reactor::Loop::Timer timer_;
  std::optional<ExecEnd> end_;
};

}  // namespace utakata::client
