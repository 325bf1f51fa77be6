#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/session.hpp"
#include "http/websocket.hpp"
#include "ports/commands.hpp"
#include "reactor/event.hpp"
#include "reactor/file.hpp"
#include "session/agent.hpp"
#include "shell/session_log.hpp"

namespace utakata::shell {

/// What a session left behind, for the log of the daemon and of the cluster.
struct SessionRecord {
  std::string id, peer;
  OpenSessionResponse what;
  Instant began, ended;          // wall time
  std::optional<int> exit_code;  // of the command
  std::string why;               // it ended otherwise than by the command's end
  list<SessionLine> lines;       // what the command said, when that is kept
};

/// What one session needs of its surroundings; every answer comes on the session's loop.
struct SessionDoors {
  std::function<void(OpenSessionRequest, std::function<void(Outcome<OpenSessionResponse>)>)> open;
  std::function<void(ports::CommandPlan, ports::CommandRunner::Begun)> run;
  std::function<void(const SessionRecord&)> began;
  std::function<void(const SessionRecord&)> ended;  // only after began
  std::string logs_dir;                             // of files of SessionLog, by session id; empty: none
};

/// One data channel: a WebSocket at one side, a command at the other, session::Agent between them. It holds at most
/// what the agent's windows allow; whoever is slower holds the other back.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(reactor::Loop&, std::string id, std::unique_ptr<reactor::Stream>, std::string arrived, SessionDoors);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Until the connection is over and the command has been hung up on.
  reactor::Co<void> run();
  /// The daemon ends.
  void cut();

 private:
  /// One stream of the command's output.
  struct Output {
    std::unique_ptr<reactor::Descriptor> from;
    std::unique_ptr<reactor::Event> room;
  };
  void act(session::AgentActions);
  void perform(session::Send&);
  void perform(session::Present&);
  void perform(session::Start&);
  void perform(session::Input&);
  void perform(session::Resize&);
  void perform(session::HangUp&);
  void perform(session::Close&);
  void opened(Outcome<OpenSessionResponse>);
  void begin(Outcome<ports::CommandEnds>);
  void finish_if_said();
  void finish();
  void arm();
  void set_size() const;
  [[nodiscard]] Instant now() const { return loop_.now(); }

  reactor::Co<void> write_socket();
  reactor::Co<void> write_input();
  reactor::Co<void> read_output(Output&, bool errors);
  reactor::Co<void> watch_command();

  reactor::Loop& loop_;
  std::unique_ptr<reactor::Stream> stream_;
  http::WebSocket socket_;
  session::Agent agent_;
  SessionDoors doors_;
  SessionRecord record_;
  reactor::Event written_, has_input_;
  std::deque<session::Input> input_;
  std::unique_ptr<reactor::Descriptor> control_, command_input_;
  std::array<Output, 2> outputs_;  // output, errors
  std::size_t reading_ = 0;        // outputs that have not ended
  std::optional<session::Size> size_;
  reactor::Loop::Timer timer_;
  std::optional<SessionLog> log_;
  bool began_ = false;           // the token was right
  bool hung_up_ = false;         // on the command
  bool exited_ = false;          // the command
  bool over_ = false;            // the connection
  bool socket_written_ = false;  // nothing more is written to it
};

}  // namespace utakata::shell
