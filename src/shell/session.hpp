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
  std::function<void(const SessionRecord&)> resumed = [](const SessionRecord&) {};
  std::string logs_dir = {};  // of files of SessionLog, by session id; empty: none
};

/// One session: a WebSocket at one side, a command at the other, session::Agent between them. It holds at most what the
/// agent's windows allow; whoever is slower holds the other back. A client that comes back after its WebSocket was lost
/// (ResumeSession) has some time for it; meanwhile the command goes on until the window is full.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(reactor::Loop&, std::string id, std::unique_ptr<reactor::Stream>, std::string arrived, SessionDoors);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Until the connection is over and the command has been hung up on.
  reactor::Co<void> run();
  /// Another connection for this session: taken when it shows a token that resumes it.
  reactor::Co<void> reconnect(std::unique_ptr<reactor::Stream>, std::string arrived);
  [[nodiscard]] const std::string& id() const { return record_.id; }
  /// The client has been let in, and the session has not ended.
  [[nodiscard]] bool may_be_resumed() const { return resumes_ && began_ && !over_; }
  /// The daemon ends.
  void cut();

 private:
  /// One connection of the client.
  struct Channel {
    Channel(std::unique_ptr<reactor::Stream>, std::string arrived);
    std::unique_ptr<reactor::Stream> stream;
    http::WebSocket socket;
    reactor::Event written;
    bool all_written = false;  // nothing more is written to it
  };
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
  void lose();
  reactor::Co<Outcome<OpenSessionResponse>> ask_to_open(std::string token);
  reactor::Co<void> read(std::shared_ptr<Channel>);
  [[nodiscard]] Instant now() const { return loop_.now(); }

  reactor::Co<void> write_socket(std::shared_ptr<Channel>);
  reactor::Co<void> write_input();
  reactor::Co<void> read_output(Output&, bool errors);
  reactor::Co<void> watch_command();

  reactor::Loop& loop_;
  std::shared_ptr<Channel> channel_;
  session::Agent agent_;
  SessionDoors doors_;
  SessionRecord record_;
  reactor::Event has_input_, ended_;
  std::deque<session::Input> input_;
  std::unique_ptr<reactor::Descriptor> control_, command_input_;
  std::array<Output, 2> outputs_;  // output, errors
  std::size_t reading_ = 0;        // outputs that have not ended
  std::optional<session::Size> size_;
  reactor::Loop::Timer timer_, resume_timer_;
  std::optional<SessionLog> log_;
  bool began_ = false;    // the token was right
  bool hung_up_ = false;  // on the command
  bool exited_ = false;   // the command
  bool over_ = false;     // the session
  bool resumes_ = false;  // its client would come back
  bool cut_ = false;      // the daemon ends
};

}  // namespace utakata::shell
