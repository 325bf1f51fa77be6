#include "shell/sessions.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "http/websocket.hpp"
#include "session/client.hpp"
#include "shell/session.hpp"

using namespace utakata;           // NOLINT: a test
using namespace utakata::session;  // NOLINT: a test
using reactor::Co;

namespace {

// A command whose other ends the test holds.
struct Command {
  std::array<int, 4> theirs{-1, -1, -1, -1};  // control, input, output, errors
  Command() = default;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  ~Command() {
    for (const std::size_t i : {0U, 1U, 2U, 3U}) end(i);
  }
  void end(std::size_t i) {
    if (theirs.at(i) >= 0) close(std::exchange(theirs.at(i), -1));
  }
  ports::CommandEnds begin() {
    std::array<int, 2> pair{};
    REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) == 0);
    ports::CommandEnds ends{.control = pair[0]};
    theirs[0] = pair[1];
    REQUIRE(pipe2(pair.data(), O_CLOEXEC) == 0);
    ends.input = pair[1];
    theirs[1] = pair[0];
    REQUIRE(pipe2(pair.data(), O_CLOEXEC) == 0);
    ends.output = pair[0];
    theirs[2] = pair[1];
    REQUIRE(pipe2(pair.data(), O_CLOEXEC) == 0);
    ends.errors = pair[0];
    theirs[3] = pair[1];
    return ends;
  }
  void say(std::size_t where, std::string_view text) const {
    REQUIRE(write(theirs.at(where), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void exit(std::string_view word) {
    say(0, word);
    for (const std::size_t i : {0U, 1U, 2U, 3U}) end(i);
  }
  // True once the session's side has hung up.
  [[nodiscard]] bool hung_up() const {
    std::array<char, 8> word{};
    return recv(theirs[0], word.data(), word.size(), MSG_DONTWAIT) == 0;
  }
};

// A session over a socket pair, with a client at its other end; all on one loop.
struct Bench {
  reactor::Loop loop;
  Command command;
  Outcome<OpenSessionResponse> permit = OpenSessionResponse{.task_arn = "t", .words = {"cat"}, .logged = true};
  Outcome<> starts = {};
  std::vector<ports::CommandPlan> plans;
  std::vector<shell::SessionRecord> ended;
  std::unique_ptr<reactor::Stream> stream;
  std::shared_ptr<http::WebSocket> socket;
  Client client;
  std::string out, err;
  bool ready = false, over = false;
  std::optional<ChannelClosed> closed;
  std::shared_ptr<shell::Session> session;
  std::vector<std::unique_ptr<reactor::Stream>> former;

  // A plugin says nothing of its terminal.
  explicit Bench(bool plugin = false) : client({.open = {.token = "right", .terminal = plugin}, .seed = 1}) {
    session = std::make_shared<shell::Session>(loop, "s", connect(), "", doors());
    reactor::start([](std::shared_ptr<shell::Session> s) -> Co<void> { co_await s->run(); }(session));
    act(client.open());
  }
  // The session's end of a new connection, of which the client has the other.
  std::unique_ptr<reactor::Stream> connect() {
    std::array<int, 2> pair{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
    if (stream) former.push_back(std::move(stream));
    over = false;
    stream = std::make_unique<reactor::TcpStream>(loop, pair[1]);
    socket = std::make_shared<http::WebSocket>(*stream, http::WebSocketSide::client, http::WebSocketLimits{}, "");
    reactor::start([](std::shared_ptr<http::WebSocket> s) -> Co<void> { co_await s->write_out(seconds(5)); }(socket));
    reactor::start(listen(*this, socket));
    return std::make_unique<reactor::TcpStream>(loop, pair[0]);
  }
  void come_back(const std::string& token) {
    reactor::start([](std::shared_ptr<shell::Session> s, std::unique_ptr<reactor::Stream> to) -> Co<void> {
      co_await s->reconnect(std::move(to), "");
    }(session, connect()));
    socket->send(http::Opcode::text, print_open({.token = token}, "r"));
  }
  ~Bench() {
    leave();
    loop.drain();
  }
  shell::SessionDoors doors() {
    return {
        .open =
            [this](const OpenSessionRequest& request, const std::function<void(Outcome<OpenSessionResponse>)>& answer) {
              const bool right = request.token == "right" && request.session_id == "s";
              if (request.token == "again") return answer(OpenSessionResponse{.resumed = true});
              answer(right ? permit : Outcome<OpenSessionResponse>(refuse("AccessDeniedException", "no")));
            },
        .run =
            [this](const ports::CommandPlan& plan, const ports::CommandRunner::Begun& begun) {
              plans.push_back(plan);
              begun(starts ? Outcome<ports::CommandEnds>(command.begin())
                           : Outcome<ports::CommandEnds>(std::unexpected(starts.error())));
            },
        .began = [](const shell::SessionRecord&) {},
        .ended = [this](const shell::SessionRecord& record) { ended.push_back(record); }};
  }
  static Co<void> listen(Bench& bench, std::shared_ptr<http::WebSocket> socket) {
    while (const auto message = co_await socket->receive()) {
      auto actions = bench.client.take(message->bytes, bench.loop.now());
      REQUIRE(actions);
      bench.act(*std::move(actions));
    }
    bench.over = bench.over || socket == bench.socket;
    socket->close(1000, "");
  }
  void act(const ClientActions& actions) {
    for (const auto& each : actions) {
      if (const auto* send = std::get_if<SendToAgent>(&each); send != nullptr)
        socket->send(send->text ? http::Opcode::text : http::Opcode::binary, send->bytes);
      ready = ready || std::holds_alternative<Ready>(each);
      if (const auto* said = std::get_if<Output>(&each); said != nullptr) {
        (said->error ? err : out) += said->bytes;
        act(client.output_taken(said->sequence, loop.now()));
      }
      if (const auto* end = std::get_if<Ended>(&each); end != nullptr) closed = end->end;
    }
  }
  void leave() {
    if (stream) stream->shut_down();
  }
  template <class Question>
  void until(Question question) {
    for (int i = 0; i < 6000 && !question(); ++i) loop.run_once(milliseconds(5));
    REQUIRE(question());
  }
};

}  // namespace

TEST_CASE("sessions: bytes go to the command and come back, errors apart, and its exit code ends the channel") {
  Bench bench;
  bench.until([&] { return bench.ready && !bench.plans.empty(); });
  CHECK_FALSE(bench.plans[0].terminal);
  CHECK(bench.plans[0].words == std::vector<std::string>{"cat"});
  bench.act(bench.client.input("to the command", bench.loop.now()));
  bench.act(bench.client.input_ended(bench.loop.now()));
  std::string got;
  bench.until([&] {
    std::array<char, 100> space{};
    fcntl(bench.command.theirs[1], F_SETFL, O_NONBLOCK);
    const ssize_t n = read(bench.command.theirs[1], space.data(), space.size());
    if (n > 0) got.append(space.data(), static_cast<std::size_t>(n));
    return n == 0;
  });
  CHECK(got == "to the command");
  bench.command.say(2, "output\r\nlast");
  bench.command.say(3, "errors");
  bench.command.exit("exited 7");
  bench.until([&] { return bench.over && !bench.ended.empty(); });
  CHECK(bench.out == "output\r\nlast");
  CHECK(bench.err == "errors");
  CHECK(bench.closed->exit_code == 7);
  CHECK(bench.ended[0].exit_code == 7);
  CHECK(bench.ended[0].why.empty());
  CHECK(bench.ended[0].lines.size() == 2);
  CHECK(bench.ended[0].lines[0].text == "output");
}

TEST_CASE("sessions: without the right token nothing runs, and nothing is recorded") {
  Bench bench;
  bench.permit = refuse("AccessDeniedException", "the session's token is wrong, used or expired");
  bench.until([&] { return bench.over; });
  CHECK(bench.socket->peer_reason().contains("wrong, used or expired"));
  CHECK(bench.plans.empty());
  CHECK(bench.ended.empty());
}

TEST_CASE("sessions: what does not start says why") {
  Bench bench;
  bench.starts = refuse("CommandNotStarted", "no such program");
  bench.until([&] { return bench.over && !bench.ended.empty(); });
  CHECK(bench.closed->output == "no such program");
  CHECK_FALSE(bench.closed->exit_code);
  CHECK(bench.ended[0].why == "no such program");
}

TEST_CASE("sessions: a program that is not there, or cannot be executed, has the exit status that a shell gives it") {
  for (const auto& [code, status] :
       std::initializer_list<std::pair<const char*, int>>{{"CommandNotFound", 127}, {"CommandNotExecutable", 126}}) {
    Bench bench;
    bench.starts = refuse(code, "no such program");
    bench.until([&] { return bench.over && !bench.ended.empty(); });
    CHECK(bench.closed->output == "no such program");
    CHECK(bench.closed->exit_code == status);
    CHECK(bench.ended[0].why == "no such program");
  }
}

TEST_CASE("sessions: a command is hung up on when its client goes away, and when it asks for the end") {
  Bench gone;
  gone.until([&] { return gone.ready && !gone.plans.empty(); });
  gone.leave();
  gone.until([&] { return gone.command.hung_up() && !gone.ended.empty(); });
  CHECK(gone.ended[0].why == "the client went away");
  Bench asks;
  asks.until([&] { return asks.ready && !asks.plans.empty(); });
  asks.act(asks.client.terminate(asks.loop.now()));
  asks.until([&] { return asks.command.hung_up(); });
  asks.command.exit("exited 129");
  asks.until([&] { return asks.over; });
  CHECK(asks.closed->exit_code == 129);
}

TEST_CASE("sessions: a plugin whose connection is lost comes back to what its command has said meanwhile") {
  Bench bench(true);
  bench.until([&] { return bench.ready && !bench.plans.empty(); });
  bench.command.say(2, "before ");
  bench.until([&] { return bench.out == "before "; });
  bench.leave();
  bench.until([&] { return bench.over; });
  bench.command.say(2, "meanwhile ");
  bench.come_back("wrong");
  bench.until([&] { return bench.over; });
  CHECK(bench.out == "before ");
  CHECK_FALSE(bench.command.hung_up());
  bench.come_back("again");
  bench.until([&] { return bench.out == "before meanwhile "; });
  bench.command.exit("exited 3");
  bench.until([&] { return bench.over && !bench.ended.empty(); });
  CHECK(bench.closed->exit_code == 3);
  CHECK(bench.ended.size() == 1);
  CHECK(bench.ended[0].why.empty());
  CHECK_FALSE(bench.session->may_be_resumed());
}

TEST_CASE("sessions: a command that ends, or a daemon, while the connection is lost ends the session") {
  Bench bench(true);
  bench.until([&] { return bench.ready && !bench.plans.empty(); });
  bench.leave();
  bench.until([&] { return bench.over; });
  bench.session->cut();
  bench.until([&] { return bench.command.hung_up() && !bench.ended.empty(); });
  CHECK(bench.ended[0].why == "the platform ends");
}

TEST_CASE("sessions: a command that floods waits for its client, and one that leaves others behind does not hang") {
  Bench bench;
  bench.until([&] { return bench.ready && !bench.plans.empty(); });
  fcntl(bench.command.theirs[2], F_SETFL, O_NONBLOCK);
  const std::string piece(64 * 1024, 'x');
  std::size_t said = 0;
  bench.until([&] {
    const ssize_t n = write(bench.command.theirs[2], piece.data(), piece.size());
    if (n > 0) said += static_cast<std::size_t>(n);
    return said > 4 * 1024 * 1024;
  });
  bench.until([&] { return bench.out.size() == said; });
  // The output stays open in another process, which says nothing.
  bench.command.say(0, "exited 0");
  bench.until([&] { return bench.closed.has_value(); });
  CHECK(bench.closed->exit_code == 0);
  bench.until([&] { return !bench.ended.empty(); });
  CHECK(bench.ended[0].lines.back().text.contains("the rest is not kept"));
}

TEST_CASE("sessions: only the path of a data channel is one") {
  CHECK(shell::data_channel_of("/v1/data-channel/ecs-execute-command-0a?role=publish_subscribe") ==
        "ecs-execute-command-0a");
  for (const std::string_view other :
       {"/", "/v1/data-channel/x", "/v1/data-channel/x?role=publish", "/v1/data-channel/?role=publish_subscribe",
        "/v1/data-channel/../x?role=publish_subscribe", "/v2/data-channel/x?role=publish_subscribe"})
    CHECK(shell::data_channel_of(other).empty());
}
