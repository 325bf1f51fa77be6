#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>

#include "balancer/http2_check.hpp"
#include "balancer/state.hpp"
#include "base/text.hpp"
#include "http2/client.hpp"
#include "http2/server.hpp"

// Clients and targets that speak HTTP/2, on a loop that the test turns itself.

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test
using reactor::Co;
using reactor::Stream;
using reactor::Trouble;

namespace {

constexpr i32 port = 443;

// A server on loopback that gives every request to `serve`.
class Server {
 public:
  using Serve = std::function<Co<void>(std::unique_ptr<Stream>)>;
  Server(reactor::Loop& loop, bool http2, Serve serve)
      : serve_(std::move(serve)),
        listener_(loop, *reactor::listen_tcp({})),
        port_(reactor::local_port(listener_.fd())) {
    reactor::start(accept(*this, http2));
  }
  [[nodiscard]] int port() const { return port_; }
  int connections = 0;
  bool ending = false;

 private:
  static Co<void> accept(Server& server, bool http2) {
    while (auto stream = co_await reactor::accept_tcp(server.listener_)) {
      ++server.connections;
      if (http2)
        reactor::start(http2::serve_connection(
            std::move(stream), {.serve = server.serve_, .ending = [&server] { return server.ending; }}));
      else
        reactor::start(server.serve_(std::move(stream)));
    }
  }
  Serve serve_;
  reactor::Descriptor listener_;
  int port_;
};

// Hears a head, and says the text; without one it waits for the end.
Server::Serve answering(std::string text, std::string* asked) {
  return [=](std::unique_ptr<Stream> stream) {
    return [](std::unique_ptr<Stream> own, std::string answer, std::string* heard) -> Co<void> {
      std::array<char, 4096> space{};
      std::string request;
      while (http::head_length(request) == 0) {
        const auto got = co_await own->read(space);
        if (got.count == 0) co_return;
        request.append(space.data(), got.count);
      }
      *heard = request;
      if (!answer.empty()) co_await own->write(answer);
      while (answer.empty() && (co_await own->read(space)).count > 0) continue;
      if (answer.empty()) *heard += "gone";
    }(std::move(stream), text, asked);
  };
}

class World {
 public:
  explicit World(std::string_view answer, bool target_speaks_http2 = true)
      : World(answering(std::string(answer), &asked), target_speaks_http2) {}
  /// `asked` is filled by `serve` if by anybody.
  World(Server::Serve serve, bool target_speaks_http2) : server(shared->loop, target_speaks_http2, std::move(serve)) {
    shared->sink = [](const Report&) {};
    running->fates = std::make_shared<FateLine>("app/web/1", "", "");
    running->config = std::make_shared<const BalancerConfig>(BalancerConfig{
        .arn = "lb",
        .name = "app/web/1",
        .idle_timeout_seconds = 5,
        .listeners = {
            {.arn = "l", .port = port, .rules = {{.arn = "r", .action = {.forward = {{.target_group_arn = "g"}}}}}}}});
    running->routing = std::make_shared<const Routing>(running->config);
    shared->balancers["lb"] = running;
    shared->configured();
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() {
    client = nullptr;
    shared->ending = server.ending = true;
    shared->loop.drain();
  }

  void add_group(BalancerTargetGroup group) {
    group.arn = "g";
    group.health_check = {.protocol = "TCP", .interval_seconds = 300, .timeout_seconds = 120};
    group.targets = {{.address = "127.0.0.1", .port = server.port()}};
    auto made = new_group(*shared, *running, "g");
    running->groups["g"] = made;
    update_group(*shared, running, *made, group);
    rounds();
    server.connections = 0;  // that of the health check
  }
  std::unique_ptr<Stream> far_end(std::unique_ptr<Stream>& near) {
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
    near = std::make_unique<reactor::TcpStream>(shared->loop, ends[0]);
    return std::make_unique<reactor::TcpStream>(shared->loop, ends[1]);
  }
  std::unique_ptr<Stream> http2_stream() {
    if (!client) {
      std::unique_ptr<Stream> near;
      client = std::make_unique<http2::Client>(far_end(near),
                                               http2::ClientFacts{.ending = [this] { return shared->ending; }});
      reactor::start(serve_http2_client(shared, std::move(near), {.port = port, .own = running}));
    }
    return client->open();
  }
  std::unique_ptr<Stream> http1_stream() {
    std::unique_ptr<Stream> near;
    auto far = far_end(near);
    reactor::start(serve_client(shared, std::move(near), {.port = port, .own = running}));
    return far;
  }
  void rounds(int count = 20) {
    for (int i = 0; i < count; ++i) shared->loop.run_once(milliseconds(1));
  }
  std::string ask(std::unique_ptr<Stream> stream, std::string_view request) {
    Stream::Slices slices{request, {}, {}};
    REQUIRE(stream->try_write(slices) == Trouble::none);
    std::string text;
    std::array<char, 4096> space{};
    for (int i = 0; i < 2000; ++i) {
      const auto got = stream->try_read(space);
      if (got && got->count == 0) break;
      if (got)
        text.append(space.data(), got->count);
      else
        shared->loop.run_once(milliseconds(1));
      if (text.ends_with("</html>\r\n")) break;
    }
    return text;
  }
  [[nodiscard]] str fate() const {
    const auto rows = shared->fates.snapshot();
    return rows.empty() ? "" : rows.back().cause;
  }

  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  std::string asked;
  Server server;
  std::shared_ptr<Running> running = std::make_shared<Running>();
  std::unique_ptr<http2::Client> client;
};

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: Web\r\n\r\n";
constexpr std::string_view call =
    "POST /a.B/C HTTP/1.1\r\nHost: web\r\nContent-Type: application/grpc\r\nTE: trailers\r\nContent-Length: "
    "5\r\n\r\n\0\0\0\0\0";
constexpr std::string_view plain = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// A target that says these frames to each connection, and reads until its end.
Server::Serve saying(std::string frames) {
  return [=](std::unique_ptr<Stream> stream) {
    return [](std::unique_ptr<Stream> own, std::string text) -> Co<void> {
      std::array<char, 4096> space{};
      co_await own->write(text);
      while ((co_await own->read(space)).count > 0) continue;
    }(std::move(stream), frames);
  };
}

}  // namespace

TEST_CASE("balancer: a request over HTTP/2 reaches a target of HTTP/1.1 as any other") {
  World world(plain, false);
  world.add_group({});
  const std::string answer = world.ask(world.http2_stream(), get);
  CHECK(answer == "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  CHECK(world.asked.starts_with("GET /a HTTP/1.1\r\nHost: web\r\nX-Forwarded-For: "));
  CHECK(world.asked.contains("X-Forwarded-Port: 443\r\n"));
  CHECK_FALSE(world.asked.contains("TE:"));
  CHECK(world.fate() == "ok");
}

TEST_CASE("balancer: requests to a target of HTTP/2 share a connection") {
  World world(plain);
  world.add_group({.protocol_version = "HTTP2"});
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < 20; ++i) {
    streams.push_back(world.http2_stream());
    Stream::Slices slices{get, {}, {}};
    REQUIRE(streams.back()->try_write(slices) == Trouble::none);
  }
  for (auto& stream : streams) CHECK(world.ask(std::move(stream), "").ends_with("ok"));
  CHECK(world.server.connections == 1);
  CHECK(world.asked.starts_with("GET /a HTTP/1.1\r\nhost: web\r\nx-forwarded-for: "));
  CHECK(world.asked.contains("te: trailers\r\n"));
}

TEST_CASE("balancer: a call of gRPC and its trailers go through") {
  World world(
      "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n0\r\nGrpc-Status: 0\r\n\r\n");
  world.add_group({.protocol_version = "GRPC"});
  CHECK(world.ask(world.http2_stream(), call) ==
        "HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\ntransfer-encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n0\r\ngrpc-status: 0\r\n\r\n");
  CHECK(world.asked.contains("content-type: application/grpc\r\n"));
  CHECK(world.running->meter->get(Measure::grpc_requests) == 1);
}

TEST_CASE("balancer: a call of gRPC that is answered by trailers only") {
  World world("HTTP/1.1 200 OK\r\nGrpc-Status: 12\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  world.add_group({.protocol_version = "GRPC"});
  CHECK(world.ask(world.http2_stream(), call) ==
        "HTTP/1.1 200 OK\r\ngrpc-status: 12\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n");
}

TEST_CASE("balancer: what a target group's version does not take is 464") {
  SUBCASE("HTTP/1.1 to GRPC") {
    World world(plain);
    world.add_group({.protocol_version = "GRPC"});
    CHECK(world.ask(world.http1_stream(), call).starts_with("HTTP/1.1 464"));
    CHECK(world.fate() == "bad_request");
  }
  SUBCASE("HTTP/1.1 to HTTP2") {
    World world(plain);
    world.add_group({.protocol_version = "HTTP2"});
    CHECK(world.ask(world.http1_stream(), get).starts_with("HTTP/1.1 464"));
  }
  SUBCASE("no POST to GRPC") {
    World world(plain);
    world.add_group({.protocol_version = "GRPC"});
    CHECK(world.ask(world.http2_stream(), get).starts_with("HTTP/1.1 464"));
  }
  SUBCASE("gRPC to HTTP1") {
    World world(plain, false);
    world.add_group({});
    CHECK(world.ask(world.http2_stream(), call).starts_with("HTTP/1.1 464"));
  }
}

TEST_CASE("balancer: a target of HTTP2 that speaks HTTP/1.1 is 502") {
  World world("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false);
  world.add_group({.protocol_version = "HTTP2"});
  CHECK(world.ask(world.http2_stream(), get).starts_with("HTTP/1.1 502"));
  CHECK(world.fate() == "malformed_502");
}

TEST_CASE("balancer: a target of HTTP2 that takes no streams is not asked again and again") {
  // SETTINGS with MAX_CONCURRENT_STREAMS of 0
  World world(saying(std::string("\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\0", 15)), false);
  world.add_group({.protocol_version = "HTTP2"});
  CHECK(world.ask(world.http2_stream(), get).starts_with("HTTP/1.1 502"));
  CHECK(world.server.connections == 1);
  CHECK(world.fate() == "connect_refused_502");
  CHECK(world.running->groups["g"]->targets[0]->sessions.connections() == 0);
}

TEST_CASE("balancer: a target of HTTP2 that leaves at once is not asked again and again") {
  // SETTINGS, GOAWAY
  World world(saying(std::string("\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0", 26)), false);
  world.add_group({.protocol_version = "HTTP2"});
  CHECK(world.ask(world.http2_stream(), get).starts_with("HTTP/1.1 502"));
  CHECK(world.server.connections <= 2);
}

TEST_CASE("balancer: a client that resets its stream has gone, and the target learns of it") {
  World world("");
  world.add_group({.protocol_version = "HTTP2"});
  auto stream = world.http2_stream();
  Stream::Slices slices{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab", {}, {}};
  REQUIRE(stream->try_write(slices) == Trouble::none);
  world.rounds(40);
  CHECK(world.asked.starts_with("POST"));
  stream = nullptr;
  world.rounds(40);
  CHECK(world.fate() == "client_closed_460");
  CHECK(world.asked.ends_with("gone"));
}

TEST_CASE("balancer: health checks over HTTP/2 and of gRPC") {
  const auto check = [](World& world, bool grpc, Duration patience = seconds(5)) {
    CheckResult result;
    bool over = false;
    reactor::start([](World& in, bool of_grpc, Duration within, CheckResult& into, bool& ended) -> Co<void> {
      auto connected = co_await reactor::connect_tcp(in.shared->loop, {.port = in.server.port()}, seconds(5));
      into = co_await check_http2(std::move(connected.stream),
                                  {.authority = "a:1", .path = "/AWS.ALB/healthcheck", .grpc = of_grpc},
                                  {.ending = [&in] { return in.shared->ending; }}, within);
      ended = true;
    }(world, grpc, patience, result, over));
    for (int i = 0; i < 2000 && !over; ++i) world.rounds(1);
    REQUIRE(over);
    return result;
  };
  SUBCASE("the status of HTTP") {
    World world("HTTP/1.1 204 No Content\r\n\r\n");
    const CheckResult result = check(world, false);
    CHECK(result.kind == CheckResult::Kind::answered);
    CHECK(result.status == 204);
    CHECK(
        world.asked.starts_with("GET /AWS.ALB/healthcheck HTTP/1.1\r\nhost: a:1\r\nuser-agent: ELB-HealthChecker/2.0"));
  }
  SUBCASE("the status of gRPC in trailers") {
    World world("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\nGrpc-Status: 0\r\n\r\n");
    const CheckResult result = check(world, true);
    CHECK(result.kind == CheckResult::Kind::answered);
    CHECK(result.status == 0);
    CHECK(world.asked.starts_with("POST /AWS.ALB/healthcheck HTTP/1.1\r\n"));
  }
  SUBCASE("the status of gRPC alone") {
    World world("HTTP/1.1 200 OK\r\nGrpc-Status: 12\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    CHECK(check(world, true).status == 12);
  }
  SUBCASE("an answer of gRPC without end") {
    World world(
        [](std::unique_ptr<Stream> stream) -> Co<void> {
          const std::string part(10'000, 'x');
          co_await stream->write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
          while (co_await stream->write(cat("2710\r\n", part, "\r\n")) == Trouble::none) continue;
        },
        true);
    CHECK(check(world, true, milliseconds(50)).kind == CheckResult::Kind::timed_out);
  }
  SUBCASE("no gRPC") {
    World world(plain);
    CHECK(check(world, true).kind == CheckResult::Kind::failed);
  }
  SUBCASE("no HTTP/2") {
    World world(plain, false);
    CHECK(check(world, true).kind == CheckResult::Kind::failed);
  }
}
