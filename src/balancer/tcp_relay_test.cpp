#include "balancer/tcp_relay.hpp"

#include <doctest/doctest.h>

#include <array>

#include "balancer/proxy_protocol.hpp"
#include "balancer/raw_fixture_test.hpp"
#include "reactor/sockets.hpp"

// The relay between two connections, on a loop that the test turns itself.

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test
using balancer::raw::Connection;

namespace {

// A relayed connection: the far ends of the client and of the target are the test's.
class Relayed {
 public:
  explicit Relayed(Duration idle = seconds(300)) {
    auto [client_far, client_near] = pair();
    auto [target_far, target_near] = pair();
    client = std::make_unique<Connection>(client_far);
    target = std::make_unique<Connection>(target_far);
    reactor::start(run(client_near, target_near, idle));
  }

  // Lets everything that is ready go on; more than enough rounds for what these tests do.
  void turn(int rounds = 20) {
    for (int i = 0; i < rounds; ++i) loop.run_once(Duration{});
  }
  Cause end() {
    for (int i = 0; i < 2000 && !cause; ++i) loop.run_once(milliseconds(10));
    return cause.value_or(Cause::ok);
  }

  reactor::Loop loop;
  std::unique_ptr<Connection> client, target;
  std::optional<Cause> cause;
  TcpRelay* relay = nullptr;
  std::shared_ptr<Meter> meter = std::make_shared<Meter>();

 private:
  static std::pair<int, int> pair() {
    const int listener = *reactor::listen_tcp({});
    sockaddr_in to = reactor::socket_address({.port = reactor::local_port(listener)});
    const int far = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::connect(far, reactor::generic(to), sizeof to) == 0);
    const int near = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    ::close(listener);
    return {far, near};
  }
  reactor::Co<void> run(int client_near, int target_near, Duration idle) {
    reactor::TcpStream one(loop, client_near);
    reactor::TcpStream other(loop, target_near);
    {
      TcpRelay both({one, one}, {other, other}, idle, pipes_, counted_);
      relay = &both;
      const Cause ended = co_await both.run();
      relay = nullptr;
      if (ended != Cause::flow_ended) {
        one.reset_when_closed();
        other.reset_when_closed();
      }
      cause = ended;
    }
  }
  reactor::SplicePipes pipes_;
  OpenFlow counted_{meter, FlowKind::tcp};
};

}  // namespace

TEST_CASE("balancer: each side of a relayed connection ends by itself") {
  Relayed both;
  both.client->say("question");
  both.client->end_writing();
  both.turn();
  CHECK(both.target->hear_all() == "question");
  CHECK(both.meter->get(Measure::processed_bytes) == 8);
  CHECK_FALSE(both.cause);
  both.target->say("answer");
  both.target->end_writing();
  CHECK(both.end() == Cause::flow_ended);
  CHECK(both.client->hear_all() == "answer");
  CHECK_FALSE(both.client->broken());
}

TEST_CASE("balancer: what a side has not taken yet outlives the end of the other direction") {
  Relayed both;
  // More than the sockets hold, so that the relay waits for the target.
  std::thread client([&] {
    both.client->say(std::string(8 << 20, 'u'));
    both.client->end_writing();
  });
  both.target->end_writing();
  both.turn(200);
  std::string heard;
  std::thread target([&] { heard = both.target->hear_all(); });
  CHECK(both.end() == Cause::flow_ended);
  client.join();
  target.join();
  CHECK(heard.size() == 8 << 20);
}

TEST_CASE("balancer: bytes of any number are carried as they are") {
  Relayed both;
  std::string sent;
  for (int i = 0; i < 3'000'000; ++i) sent += static_cast<char>(i * 7 + i / 251);
  std::string heard;
  std::thread client([&] {
    both.client->say(sent);
    both.client->end_writing();
    both.client->hear_all();
  });
  std::thread target([&] {
    heard = both.target->hear_all();
    both.target->end_writing();
  });
  CHECK(both.end() == Cause::flow_ended);
  client.join();
  target.join();
  CHECK(heard == sent);
}

TEST_CASE("balancer: a reset of one side is passed on to the other") {
  Relayed both;
  both.client->say("half");
  both.turn();
  both.client->reset();
  CHECK(both.end() == Cause::flow_client_reset);
  CHECK(both.target->hear_all() == "half");
  CHECK(both.target->broken());

  Relayed again;
  again.target->reset();
  CHECK(again.end() == Cause::flow_target_reset);
  again.client->hear_all();
  CHECK(again.client->broken());
}

TEST_CASE("balancer: a client's reset is noticed while the target takes nothing") {
  Relayed both;
  std::atomic<bool> full = false;
  std::thread client([&] {
    const std::string piece(1 << 20, 'u');
    while (::send(both.client->fd(), piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0 || !full) {
    }
  });
  both.turn(2000);
  full = true;
  client.join();
  both.turn();
  CHECK_FALSE(both.cause);
  both.client->reset();
  CHECK(both.end() == Cause::flow_client_reset);
}

TEST_CASE("balancer: a connection on which nothing moves ends with its idle timeout, one in use does not") {
  Relayed idle(milliseconds(1));
  CHECK(idle.end() == Cause::flow_idle);
  idle.client->hear_all();
  CHECK(idle.client->broken());
}

TEST_CASE("balancer: a relay can be ended from outside") {
  Relayed both;
  both.turn();
  REQUIRE(both.relay != nullptr);
  both.relay->end(Cause::flow_unhealthy);
  CHECK(both.end() == Cause::flow_unhealthy);
  both.target->hear_all();
  CHECK(both.target->broken());
}

TEST_CASE("balancer: the header of the PROXY protocol says who the client is") {
  const std::string header = proxy_header({.host = "192.0.2.1", .port = 258}, {.host = "10.0.0.9", .port = 443}, false);
  CHECK(hex(header) == "0d0a0d0a000d0a515549540a2111000cc00002010a000009010201bb");
  CHECK(proxy_header({}, {}, true)[13] == 0x12);
}
