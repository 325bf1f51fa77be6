#include "http/websocket.hpp"

#include <doctest/doctest.h>

#include "http/server.hpp"

using namespace utakata;        // NOLINT: a test
using namespace utakata::http;  // NOLINT: a test
using reactor::Co;

namespace {

// Says every message back, until "close".
Co<void> echo(Request request, reactor::Stream& stream, std::string arrived) {
  const WebSocketAnswer answer = answer_websocket(request.head);
  co_await stream.write(answer.text);
  if (!answer.accepted) co_return;
  auto socket = std::make_shared<WebSocket>(stream, WebSocketSide::server, WebSocketLimits{.message = 200'000},
                                            std::move(arrived));
  bool written = false;
  reactor::Event done(stream.loop());
  reactor::start([](std::shared_ptr<WebSocket> s, bool& over, reactor::Event& told) -> Co<void> {
    co_await s->write_out(seconds(5));
    over = true;
    told.tell();
  }(socket, written, done));
  while (auto message = co_await socket->receive()) {
    if (message->bytes == "close") socket->close(close_code::normal, "as asked");
    socket->send(message->kind, message->bytes);
  }
  socket->close(close_code::normal, "");
  while (!written) co_await done.wait();
}

struct Served {
  reactor::Loop loop;
  int port = 0;
  std::unique_ptr<Server> server;
  Served() {
    const auto fd = reactor::listen_tcp({.port = 0});
    REQUIRE(fd);
    port = reactor::local_port(*fd);
    server = std::make_unique<Server>(
        loop, *fd, ServerLimits{}, [](Request) -> Co<Response> { co_return Response{.body = "plain"}; },
        [](int status, std::string_view) { return Response{.status = status}; },
        [](Request request, reactor::Stream& stream, std::string arrived) {
          return echo(std::move(request), stream, std::move(arrived));
        });
  }
  ~Served() {
    server.reset();
    loop.drain();
  }
  template <class Work>
  void run(Work work) {
    reactor::start([](Served& s, Work w) -> Co<void> {
      co_await w(s);
      s.loop.stop();
    }(*this, std::move(work)));
    loop.run();
  }
};

// Everything that the server says to these bytes until it ends the connection.
std::string said_to(const std::string& bytes) {
  Served served;
  std::string answer;
  served.run([&](Served& s) -> Co<void> {
    auto connected = co_await reactor::connect_tcp(s.loop, {.port = s.port}, seconds(5));
    co_await connected.stream->write(bytes);
    std::string space(65'536, '\0');
    while (true) {
      const auto got = co_await connected.stream->read(space, seconds(10));
      if (got.count == 0) break;
      answer.append(space, 0, got.count);
    }
  });
  return answer;
}

const std::string handshake =
    "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

}  // namespace

TEST_CASE("websocket: messages go both ways, in order and whole") {
  Served served;
  std::vector<std::string> got;
  served.run([&](Served& s) -> Co<void> {
    auto opened = co_await open_websocket(s.loop, {.port = s.port}, "here", "/x", seconds(5));
    REQUIRE_MESSAGE(opened.stream, opened.why);
    auto socket = std::make_shared<WebSocket>(*opened.stream, WebSocketSide::client,
                                              WebSocketLimits{.message = 200'000}, opened.arrived);
    reactor::start([](std::shared_ptr<WebSocket> w) -> Co<void> { co_await w->write_out(seconds(5)); }(socket));
    socket->send(Opcode::text, "first");
    socket->send(Opcode::ping, "are you there");
    socket->send(Opcode::binary, std::string(150'000, '\1'));
    socket->send(Opcode::text, "close");
    while (auto message = co_await socket->receive()) got.push_back(std::move(message->bytes));
    co_await s.loop.sleep(milliseconds(1));
  });
  REQUIRE(got.size() == 2);
  CHECK(got[0] == "first");
  CHECK(got[1] == std::string(150'000, '\1'));
}

TEST_CASE("websocket: what follows the handshake in the same bytes is not lost") {
  const std::string answer =
      said_to(handshake + print_frame(Opcode::text, "now", "mask") + print_close(1000, "", "mask"));
  CHECK(answer.starts_with("HTTP/1.1 101 "));
  CHECK(answer.ends_with(print_frame(Opcode::text, "now") + print_close(1000, "")));
}

TEST_CASE("websocket: who breaks the protocol is told so and cut off") {
  CHECK(said_to(handshake + print_frame(Opcode::text, "bare"))
            .contains(print_close(1002, "a client's frame is not masked")));
  CHECK(said_to(handshake + print_frame(Opcode::binary, std::string(200'001, 'x'), "mask"))
            .contains(print_close(1009, "the message is too big")));
  CHECK(said_to("GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            .starts_with("HTTP/1.1 426"));
}
