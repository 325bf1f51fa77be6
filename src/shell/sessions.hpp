#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/operation.hpp"
#include "http/server.hpp"
#include "ports/commands.hpp"
#include "shell/engine.hpp"

namespace utakata::shell {

/// The data channels of ExecuteCommand: WebSockets at /v1/data-channel/SESSION-ID. They live on a thread of their own,
/// so that what a command says or a client types never delays a call.
class Sessions {
 public:
  struct Surroundings {
    reactor::Loop& loop;  // the engine's
    Engine& engine;
    const Operation& open_session;   // from OpenSessionRequest to OpenSessionResponse
    const Operation& close_session;  // from CloseSessionRequest to CloseSessionResponse
    std::string logs_dir;            // where what commands say is kept until it is in their logs
    ports::CommandRunner& runner;
    std::function<void(const std::string& sentence)> tell;  // the daemon's log; from any thread
  };
  explicit Sessions(Surroundings);
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;
  /// Every session is cut; their commands are hung up on.
  ~Sessions();

  /// Sends what a former daemon's sessions left to their logs, and closes them. After the engine was told to recover;
  /// on its thread.
  void deliver_left();
  /// For http::Server: takes the connection over.
  reactor::Co<void> upgrade(http::Request, reactor::TcpStream&, std::string arrived);

 private:
  class Inside;
  std::shared_ptr<Inside> inside_;
};

/// The session that a request's target names, or "" if it is no data channel's.
std::string data_channel_of(std::string_view target);

}  // namespace utakata::shell
