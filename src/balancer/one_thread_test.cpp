#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "balancer/raw_fixture_test.hpp"
#include "balancer/state.hpp"
#include "base/text.hpp"

// The data path on a loop that the test turns itself, with sockets that it fills: what happens in which round is
// certain.

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test

namespace {

constexpr i32 port = 80;
constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// The other side of a connection of the balancer.
class Far {
 public:
  Far(reactor::Loop& loop, int send_buffer = 0) {
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
    if (send_buffer > 0) setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    near_ = std::make_unique<reactor::TcpStream>(loop, ends[0]);
    fd_ = ends[1];
  }
  Far(const Far&) = delete;
  Far& operator=(const Far&) = delete;
  ~Far() { close(); }

  [[nodiscard]] std::unique_ptr<reactor::Stream> take_near() { return std::move(near_); }
  void say(std::string_view text) const {
    REQUIRE(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  }
  // What has come by now.
  [[nodiscard]] std::string heard() const {
    std::string all;
    std::array<char, 4096> space{};
    for (ssize_t n = 0; (n = ::recv(fd_, space.data(), space.size(), 0)) > 0;)
      all.append(space.data(), static_cast<std::size_t>(n));
    return all;
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  std::unique_ptr<reactor::Stream> near_;
  int fd_ = -1;
};

// A port whose queue is full: nobody else who wants to connect there is answered, until it is closed.
class FullPort {
 public:
  FullPort() : fd_(*reactor::listen_tcp({})), port_(reactor::local_port(fd_)) {
    REQUIRE(::listen(fd_, 0) == 0);
    only_ = raw::connect(port_);
  }
  FullPort(const FullPort&) = delete;
  FullPort& operator=(const FullPort&) = delete;
  ~FullPort() { close(); }
  [[nodiscard]] int port() const { return port_; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_, port_;
  std::unique_ptr<raw::Connection> only_;
};

class World {
 public:
  explicit World(BalancerAction action) {
    shared->sink = [](const Report&) {};
    running->config = std::make_shared<const BalancerConfig>(BalancerConfig{
        .arn = "lb",
        .name = "app/web/1",
        .idle_timeout_seconds = 1,
        .listeners = {{.arn = "l", .port = port, .rules = {{.arn = "r", .action = std::move(action)}}}}});
    running->routing = std::make_shared<const Routing>(running->config);
    running->fates = std::make_shared<FateLine>("app/web/1", "", "");
    shared->balancers["lb"] = running;
    shared->configured();
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() {
    shared->ending = true;
    shared->loop.drain();
  }

  void serve(Far& client) { reactor::start(serve_client(shared, client.take_near(), {.port = port, .own = running})); }
  // One that has closed looks like one that has only ended its sending side, other than over a pair of sockets.
  std::unique_ptr<raw::Connection> client_by_tcp() {
    const int listener = *reactor::listen_tcp({});
    auto client = raw::connect(reactor::local_port(listener));
    const int near = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    ::close(listener);
    REQUIRE(near >= 0);
    reactor::start(
        serve_client(shared, std::make_unique<reactor::TcpStream>(shared->loop, near), {.port = port, .own = running}));
    return client;
  }
  std::shared_ptr<balancer::Target> add_target(i32 target_port = 1, i32 connect_timeout = 10) {
    auto group = new_group(*shared, *running, "g");
    running->groups["g"] = group;
    // Nobody listens there: requests go over the connections that the test says are kept.
    update_group(*shared, running, *group,
                 {.arn = "g",
                  .targets = {{.address = "127.0.0.1", .port = target_port}},
                  .connect_timeout_seconds = connect_timeout});
    return group->targets.front();
  }
  void round() { shared->loop.run_once(Duration{}); }
  void rounds() {
    for (int i = 0; i < 10; ++i) round();
  }
  // How the one request has ended.
  str fate() {
    auto rows = shared->fates.snapshot();
    for (; rows.empty(); rows = shared->fates.snapshot()) shared->loop.run_once(seconds(5));
    rounds();
    CHECK(rows.size() == 1);
    return rows[0].cause;
  }

  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  std::shared_ptr<Running> running = std::make_shared<Running>();
};

std::size_t answers_in(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find("HTTP/1.1 200", at)) != std::string_view::npos; ++at) ++count;
  return count;
}

constexpr int small_buffer = 4096;  // less than a request of these tests

std::string long_post() {
  return cat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n", std::string(30'000, 'b'));
}

}  // namespace

TEST_CASE("balancer: a request of which the target has seen a part is not sent again, and an early answer counts") {
  World world({.forward = {{.target_group_arn = "g"}}});
  const auto target = world.add_target();
  Far client(world.shared->loop);
  Far first(world.shared->loop, small_buffer);
  Far second(world.shared->loop, small_buffer);
  target->keep(second.take_near());
  target->keep(first.take_near());  // the last used is taken first
  world.round();
  world.serve(client);
  client.say(long_post());
  world.round();
  CHECK(first.heard().starts_with("POST /"));
  world.round();
  first.say("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\n\r\nbig");
  first.close();
  std::string answer;
  for (int i = 0; i < 10; ++i) {
    world.round();
    answer += client.heard();
  }
  CHECK(answer.starts_with("HTTP/1.1 413"));
  CHECK(answer.ends_with("big"));
  CHECK(second.heard().empty());
}

TEST_CASE("balancer: a target that hangs is tried on one of its kept connections only") {
  World world({.forward = {{.target_group_arn = "g"}}});
  const auto target = world.add_target();
  Far client(world.shared->loop);
  Far first(world.shared->loop, small_buffer);
  Far second(world.shared->loop, small_buffer);
  target->keep(second.take_near());
  target->keep(first.take_near());
  world.round();
  world.serve(client);
  client.say(long_post());
  std::string answer;
  while (answer.empty()) {
    world.shared->loop.run_once(seconds(5));
    answer = client.heard();
  }
  CHECK(answer.starts_with("HTTP/1.1 504"));
  CHECK(second.heard().empty());
}

TEST_CASE("balancer: a client that always has another request ready does not keep the others waiting") {
  World world({.type = "fixed-response", .status = 200, .body = "x"});
  Far busy(world.shared->loop);
  Far other(world.shared->loop);
  world.serve(busy);
  world.serve(other);
  constexpr std::size_t count = 150;  // so few that their answers fit into the socket's buffer
  std::string pipelined;
  for (std::size_t i = 0; i < count; ++i) pipelined += get;
  busy.say(pipelined);
  other.say(get);
  world.round();
  std::size_t answered = answers_in(busy.heard());
  CHECK(answered > 0);
  CHECK(answered < count);
  CHECK(answers_in(other.heard()) == 1);
  for (int i = 0; i < 100; ++i) {
    world.round();
    answered += answers_in(busy.heard());
  }
  CHECK(answered == count);
}

TEST_CASE("balancer: the rules that a request is held against are counted, without the default one") {
  World world({.type = "fixed-response", .status = 200, .body = "x"});
  BalancerConfig config = *world.running->config;
  list<BalancerRule>& rules = config.listeners[0].rules;
  for (i32 priority = 1; priority <= 12; ++priority)
    rules.push_back({.arn = cat(priority),
                     .priority = priority,
                     .conditions = {{.field = "path-pattern", .values = {cat("/", priority)}}},
                     .action = rules[0].action});
  world.running->config = std::make_shared<const BalancerConfig>(config);
  world.running->routing = std::make_shared<const Routing>(world.running->config);
  Far client(world.shared->loop);
  world.serve(client);
  const auto counted = [&](std::string_view path, Measure measure) {
    const i64 before = world.running->meter->get(measure);
    client.say(cat("GET ", path, " HTTP/1.1\r\nHost: a\r\n\r\n"));
    world.round();
    CHECK(answers_in(client.heard()) == 1);
    return world.running->meter->get(measure) - before;
  };
  CHECK(counted("/1", Measure::rule_evaluations) == 1);
  CHECK(counted("/11", Measure::rule_evaluations) == 11);
  CHECK(counted("/", Measure::rule_evaluations) == 12);
  CHECK(counted("/10", Measure::billed_evaluations) == 0);
  CHECK(counted("/11", Measure::billed_evaluations) == 1);
  CHECK(counted("/", Measure::billed_evaluations) == 2);
}

TEST_CASE("balancer: a WebSocket whose target breaks while it is written to is cut off") {
  World world({.forward = {{.target_group_arn = "g"}}});
  const auto target = world.add_target();
  Far client(world.shared->loop);
  Far far(world.shared->loop);
  target->keep(far.take_near());
  world.round();
  world.serve(client);
  client.say("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  world.round();
  CHECK(far.heard().starts_with("GET /"));
  far.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  world.round();
  CHECK(client.heard().starts_with("HTTP/1.1 101"));
  client.say("more");  // the balancer sees this first
  far.close();
  for (int i = 0; i < 5; ++i) world.round();
  const auto rows = world.shared->fates.snapshot();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].cause == "cut_off");
}

TEST_CASE(
    "balancer: a client that has closed before its answer begins is 460, one that only ended its side is served") {
  for (const bool closed : {true, false}) {
    CAPTURE(closed);
    World world({.forward = {{.target_group_arn = "g"}}});
    const auto target = world.add_target();
    Far far(world.shared->loop);
    target->keep(far.take_near());
    world.round();
    const auto client = world.client_by_tcp();
    client->say(get);
    world.rounds();
    CHECK(far.heard().starts_with("GET /"));
    closed ? client->close() : client->end_writing();
    world.rounds();
    far.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    CHECK(world.fate() == (closed ? "client_closed_460" : "ok"));
    CHECK(world.running->meter->get(Measure::elb_4xx) == (closed ? 1 : 0));
    CHECK(world.running->meter->get(Measure::target_2xx) == (closed ? 0 : 1));
    if (!closed) CHECK(client->hear("ok").starts_with("HTTP/1.1 200 OK\r\n"));
  }
}

TEST_CASE("balancer: a client that has closed while its target cannot be reached is 460, one that waits is told") {
  for (const bool closed : {true, false}) {
    CAPTURE(closed);
    FullPort nobody;
    World world({.forward = {{.target_group_arn = "g"}}});
    const auto target = world.add_target(nobody.port());
    const auto client = world.client_by_tcp();
    client->say(get);
    world.rounds();
    REQUIRE(target->candidate.in_flight == 1);
    closed ? client->close() : client->end_writing();
    world.rounds();
    nobody.close();  // the kernel asks again after a second, and is refused then
    CHECK(world.fate() == (closed ? "client_closed_460" : "connect_refused_502"));
    CHECK(world.running->meter->get(Measure::elb_4xx) == (closed ? 1 : 0));
    CHECK(world.running->meter->get(Measure::elb_502) == (closed ? 0 : 1));
    if (!closed) CHECK(client->hear("</html>\r\n").starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
  }
}

TEST_CASE("balancer: a target that is deregistered while it cannot be reached has lost nothing") {
  FullPort nobody;
  World world({.forward = {{.target_group_arn = "g"}}});
  const auto target = world.add_target(nobody.port());
  Far client(world.shared->loop);
  world.serve(client);
  client.say(get);
  world.rounds();
  REQUIRE(target->candidate.in_flight == 1);
  update_group(*world.shared, world.running, *world.running->groups["g"], {.arn = "g"});
  REQUIRE(target->gone);
  nobody.close();
  CHECK(world.fate() == "connect_refused_502");
  CHECK(client.heard().starts_with("HTTP/1.1 502"));
}

TEST_CASE("balancer: a target that does not answer is waited for no longer than its group says") {
  const FullPort nobody;
  World world({.forward = {{.target_group_arn = "g"}}});
  world.add_target(nobody.port(), 1);
  Far client(world.shared->loop);
  world.serve(client);
  client.say(get);
  const Instant before = world.shared->loop.now();
  CHECK(world.fate() == "connect_timeout_504");
  CHECK(world.shared->loop.now() - before < seconds(9));  // else it is 10
  CHECK(client.heard().starts_with("HTTP/1.1 504"));
}
