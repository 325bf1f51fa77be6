// What a daemon that was killed left of its sessions, as the next one delivers it.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <atomic>

#include "core/session.hpp"
#include "http/websocket.hpp"
#include "session/client.hpp"
#include "shell/sessions.hpp"
#include "tests/files.hpp"

using namespace utakata;        // NOLINT: a test
using namespace utakata::test;  // NOLINT: a test
using reactor::Co;

namespace {

struct Kept {
  static constexpr std::string_view table_name = "test.kept";
  str text;
};

Outcome<OpenSessionResponse> open_any(Tx& tx, const OpenSessionRequest& request) {
  tx.put(tx.world().key("opened/", request.session_id), Kept{});
  return OpenSessionResponse{.task_arn = "t", .words = {"cat"}, .logged = false};
}

Outcome<CloseSessionResponse> close_any(Tx& tx, const CloseSessionRequest& over) {
  tx.put(tx.world().key("closed/", over.session_id), Kept{over.lines.empty() ? str() : over.lines[0].text});
  return CloseSessionResponse{};
}

constexpr Operation open_any_operation = operation<open_any>("Open");
constexpr Operation close_any_operation = operation<close_any>("Close");
constexpr std::array<void (*)(Schema&), 1> kept_modules{[](Schema& schema) { schema.table<Kept>(); }};

class FailingStore final : public ports::JournalStore {
 public:
  Outcome<Head> load(const Row&) override { return Head{}; }
  Outcome<> commit(const std::vector<Change>&, std::uint64_t) override {
    if (fails) return refuse("ServiceUnavailable", "the journal cannot be written: disk is full", 503);
    return {};
  }
  std::atomic<bool> fails = false;
};

class NoCommands final : public ports::CommandRunner {
 public:
  void run_command(const ports::CommandPlan&, Begun begun) override {
    ++asked;
    begun(refuse("CommandNotStarted", "there is no container"));
  }
  std::atomic<int> asked = 0;
};

// A daemon that finds what the session "s" left.
struct Daemon {
  TemporaryFolder folder{"sessions"};
  reactor::Loop loop;
  FailingStore store;
  NoCommands commands;
  Machine machine{1, kept_modules};
  int failures = 0;
  shell::Engine engine{machine,
                       store,
                       0,
                       {.clock = [] { return Instant{1000}; },
                        .post = [this](std::function<void()> work) { loop.post(std::move(work)); },
                        .wake_at = [](Instant) {},
                        .perform = [](const Effect&) {},
                        .journal_failed = [this](const Fault&) { ++failures; },
                        .ask = [](const Question&, const std::function<void(Outcome<Answer>)>&) {}}};
  std::unique_ptr<shell::Sessions> sessions;

  Daemon() {
    folder.write("logs/s", "5 6\nhello\n");
    sessions = std::make_unique<shell::Sessions>(shell::Sessions::Surroundings{.loop = loop,
                                                                               .engine = engine,
                                                                               .open_session = open_any_operation,
                                                                               .close_session = close_any_operation,
                                                                               .logs_dir = folder.path + "/logs",
                                                                               .runner = commands,
                                                                               .tell = [](const std::string&) {}});
  }
  ~Daemon() {
    sessions.reset();
    loop.drain();
  }
  template <class Question>
  void until(Question question) {
    for (int i = 0; i < 6000 && !question(); ++i) loop.run_once(milliseconds(5));
    REQUIRE(question());
  }
  [[nodiscard]] bool left() const { return std::filesystem::exists(folder.path + "/logs/s"); }
  [[nodiscard]] bool has(const str& key) {
    return machine.read(Instant{1000}, [&](const Tx& tx) { return tx.find<Kept>(World{}.key(key)) != nullptr; });
  }
  // A write that does not succeed: from here on the engine refuses every call.
  void fail_the_journal() {
    store.fails = true;
    auto call = std::make_unique<shell::PendingCall>();
    call->operation = &close_any_operation;
    call->input = close_any_operation.new_input();
    call->done = [](const Outcome<>&) {};
    engine.call(std::move(call));
    until([&] { return failures == 1; });
  }
};

}  // namespace

TEST_CASE("sessions: what a session left while the journal fails is delivered once that can be written") {
  Daemon daemon;
  daemon.fail_the_journal();
  daemon.sessions->deliver_left();
  CHECK(daemon.left());
  CHECK_FALSE(daemon.has("closed/s"));
  daemon.store.fails = false;
  daemon.until([&] { return !daemon.left(); });
  CHECK(daemon.has("closed/s"));
}

TEST_CASE("sessions: none opens before those are closed that a former daemon left") {
  Daemon daemon;
  const Outcome<int> listener = reactor::listen_tcp({});
  REQUIRE(listener);
  const http::Server server(
      daemon.loop, *listener, {}, [](http::Request) -> Co<http::Response> { co_return http::Response{}; },
      [](int status, std::string_view) { return http::Response{.status = status}; },
      [&daemon](http::Request request, reactor::TcpStream& stream, std::string arrived) {
        return daemon.sessions->upgrade(std::move(request), stream, std::move(arrived));
      });
  std::optional<http::OpenedWebSocket> opened;
  reactor::start([](Daemon& at, int port, std::optional<http::OpenedWebSocket>& end) -> Co<void> {
    end = co_await http::open_websocket(at.loop, {.port = port}, "localhost",
                                        "/v1/data-channel/t?role=publish_subscribe", seconds(30));
  }(daemon, reactor::local_port(*listener), opened));
  daemon.until([&] { return opened.has_value(); });
  REQUIRE(opened->stream);
  const auto socket = std::make_shared<http::WebSocket>(*opened->stream, http::WebSocketSide::client,
                                                        http::WebSocketLimits{}, opened->arrived);
  reactor::start([](std::shared_ptr<http::WebSocket> end) -> Co<void> { co_await end->write_out(seconds(5)); }(socket));
  session::Client client{{.open = {.token = "any", .terminal = false}, .seed = 1}};
  for (const auto& action : client.open())
    if (const auto* send = std::get_if<session::SendToAgent>(&action); send != nullptr)
      socket->send(send->text ? http::Opcode::text : http::Opcode::binary, send->bytes);
  for (int i = 0; i < 60; ++i) daemon.loop.run_once(milliseconds(5));  // long enough for what would come too early
  CHECK_FALSE(daemon.has("opened/t"));
  daemon.sessions->deliver_left();
  daemon.until([&] { return daemon.has("opened/t"); });
  CHECK(daemon.has("closed/s"));
  socket->close(http::close_code::normal, "");
  opened->stream->shut_down();
  daemon.loop.drain();  // whatever still writes to the connection ends before it is gone
}
