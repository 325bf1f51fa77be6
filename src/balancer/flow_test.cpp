#include "balancer/flow.hpp"

#include <doctest/doctest.h>

#include "balancer/log_fixture_test.hpp"
#include "balancer/proxy_protocol.hpp"
#include "base/hash.hpp"
#include "reactor/sockets.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test
using balancer::raw::Bench;
using balancer::raw::Connection;
using Counts = Bench::Counts;

namespace {

void carries_tcp(BalancerConfig& config) {
  config.network = true;
  config.listeners[0].protocol = "TCP";
}
void carries_udp(BalancerConfig& config) {
  config.network = true;
  config.listeners[0].protocol = "UDP";
}

// Says back what it hears, until the client ends.
void echo(Connection& connection) {
  for (std::string heard = connection.hear_some(); !heard.empty(); heard = connection.hear_some())
    connection.say(heard);
  connection.close();
}

// A socket of UDP at a port of its own, connected or not.
class Datagrams {
 public:
  Datagrams() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const sockaddr_in any = reactor::socket_address({});
    REQUIRE(::bind(fd_, reactor::generic(any), sizeof any) == 0);
  }
  Datagrams(const Datagrams&) = delete;
  Datagrams& operator=(const Datagrams&) = delete;
  ~Datagrams() { ::close(fd_); }
  [[nodiscard]] int port() const { return reactor::local_port(fd_); }
  void send(std::string_view text, int to) const {
    const sockaddr_in in = reactor::socket_address({.port = to});
    ::sendto(fd_, text.data(), text.size(), 0, reactor::generic(in), sizeof in);
  }
  /// What came, and from which port.
  std::pair<std::string, int> receive() const {
    std::string space(65'536, '\0');
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t n = ::recvfrom(fd_, space.data(), space.size(), 0, reactor::generic(from), &size);
    space.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return {space, ntohs(from.sin_port)};
  }

 private:
  int fd_;
};

// One datagram from the client as the target got it, and the port that it came from.
std::pair<std::string, int> first_through(const Datagrams& client, const Datagrams& target, int port,
                                          std::string_view text) {
  client.send(text, port);
  return target.receive();
}

}  // namespace

TEST_CASE("balancer: a network load balancer carries a connection to a target and back") {
  raw::Target target(echo);
  const Bench bench(target.port(), carries_tcp);
  const auto client = bench.client();
  client->say("no HTTP at all\n");
  CHECK(client->hear("\n") == "no HTTP at all\n");
  client->say(std::string(200'000, 'x') + "\n");
  CHECK(client->hear("\n").size() == 200'001);
  client->end_writing();
  CHECK(client->hear_all().empty());
  CHECK_FALSE(client->broken());
  CHECK(bench.fates(1) == Counts{{"flow_ended", 1}});
  const i64 bytes = 2 * (15 + 200'001);
  CHECK(raw::counted(bench, Measure::processed_bytes) == std::pair<i64, i64>(bytes, 0));
  CHECK(raw::counted(bench, Measure::processed_bytes_tcp) == std::pair<i64, i64>(bytes, 0));
  CHECK(raw::counted(bench, Measure::new_flows_tcp) == std::pair<i64, i64>(1, 0));
  CHECK(raw::counted(bench, Measure::billed_connections) == std::pair<i64, i64>(1, 0));
}

TEST_CASE("balancer: a target can be told who the client is") {
  raw::Target target(echo);
  const Bench bench(target.port(), [](BalancerConfig& config) {
    carries_tcp(config);
    config.target_groups[0].flows.proxy_protocol = true;
  });
  const auto client = bench.client();
  client->say("hello\n");
  sockaddr_in own{};
  socklen_t size = sizeof own;
  ::getsockname(client->fd(), reactor::generic(own), &size);
  const reactor::Address node{.host = "127.0.0.1", .port = bench.port()};
  CHECK(client->hear("hello\n") == proxy_header(reactor::address_of(own), node, false) + "hello\n");
}

TEST_CASE("balancer: a flow that finds no target is reset") {
  const Bench nobody(0, carries_tcp);
  const auto client = nobody.client();
  client->hear_all();
  CHECK(client->broken());
  CHECK(nobody.fates(1) == Counts{{"flow_no_target", 1}});
  CHECK(raw::counted(nobody, Measure::new_flows).first == 0);
  CHECK(raw::counted(nobody, Measure::own_resets).first == 1);

  const int closed = *reactor::listen_tcp({});
  const int port = reactor::local_port(closed);
  ::close(closed);
  const Bench refused(port, carries_tcp);
  const auto other = refused.client();
  other->hear_all();
  CHECK(other->broken());
  CHECK(refused.fates(1) == Counts{{"flow_refused", 1}});
  CHECK(raw::counted(refused, Measure::target_connection_errors) == std::pair<i64, i64>(1, 1));
  CHECK(raw::counted(refused, Measure::target_resets).first == 1);
}

TEST_CASE("balancer: resets of either side are told apart") {
  raw::Target target([](Connection& connection) {
    if (connection.hear_some() == "reset") connection.reset();
    connection.hear_all();
  });
  const Bench bench(target.port(), carries_tcp);
  const auto one = bench.client();
  one->say("reset");
  one->hear_all();
  CHECK(one->broken());
  CHECK(bench.fates(1) == Counts{{"flow_target_reset", 1}});
  const auto other = bench.client();
  other->say("stay");
  other->reset();
  CHECK(bench.fates(2) == Counts{{"flow_target_reset", 1}, {"flow_client_reset", 1}});
  CHECK(raw::counted(bench, Measure::client_resets).first == 1);
  CHECK(raw::counted(bench, Measure::target_resets).first == 1);
}

TEST_CASE("balancer: a client that resets at any byte leaves nothing behind") {
  raw::Target target(echo);
  Bench bench(target.port(), [](BalancerConfig& config) {
    carries_tcp(config);
    config.target_groups[0].flows.proxy_protocol = true;
  });
  constexpr int clients = 60;
  for (int bytes = 0; bytes < clients; ++bytes) {
    const auto client = bench.client();
    client->say(std::string(static_cast<std::size_t>(bytes * bytes * 40), 'x'));
    client->reset();
  }
  i64 all = 0;
  for (const auto& [cause, count] : bench.fates(clients)) {
    CHECK(cause == "flow_client_reset");
    all += count;
  }
  CHECK(all == clients);
  const auto client = bench.client();
  client->say("still here\n");
  CHECK(client->hear("still here\n").ends_with("still here\n"));
}

TEST_CASE("balancer: flows go on while their target drains and after it, unless they are to end then") {
  raw::Target old_target(echo);
  raw::Target new_target([](Connection& connection) {
    connection.say("new ");
    echo(connection);
  });
  Bench bench(old_target.port(), carries_tcp);
  const auto client = bench.client();
  client->say("one\n");
  CHECK(client->hear("\n") == "one\n");
  bench.reconfigure([&](BalancerConfig& config) {
    config.target_groups[0].targets[0].draining = true;
    config.target_groups[0].targets.push_back({.address = "127.0.0.1", .port = new_target.port()});
  });
  const auto later = bench.client();
  later->say("two\n");
  CHECK(later->hear("\n") == "new two\n");
  client->say("three\n");
  CHECK(client->hear("\n") == "three\n");
  bench.reconfigure([](BalancerConfig& config) {
    auto& targets = config.target_groups[0].targets;
    targets.erase(targets.begin());
  });
  client->say("four\n");
  CHECK(client->hear("\n") == "four\n");
  bench.reconfigure([](BalancerConfig& config) {
    config.target_groups[0].flows.end_when_deregistered = true;
    config.target_groups[0].targets.clear();
  });
  later->hear_all();
  CHECK(later->broken());
  CHECK(bench.fates(1) == Counts{{"flow_deregistered", 1}});
  client->say("five\n");
  CHECK(client->hear("\n") == "five\n");
}

TEST_CASE("balancer: flows of a target that becomes unhealthy are reset while others are healthy") {
  const int sick = *reactor::listen_tcp({});
  ::fcntl(sick, F_SETFL, 0);
  raw::Target well(echo);
  Bench bench(reactor::local_port(sick), [](BalancerConfig& config) {
    carries_tcp(config);
    config.target_groups[0].health_check = {
        .protocol = "TCP", .interval_seconds = 1, .timeout_seconds = 1, .unhealthy_threshold = 1};
  });
  const auto client = bench.client();
  client->say("here");
  std::vector<std::unique_ptr<Connection>> theirs;  // health checks are among them
  while (theirs.empty() || theirs.back()->hear_some() != "here")
    theirs.push_back(std::make_unique<Connection>(::accept4(sick, nullptr, nullptr, SOCK_CLOEXEC)));
  bench.reconfigure([&](BalancerConfig& config) {
    config.target_groups[0].targets.push_back({.address = "127.0.0.1", .port = well.port()});
  });
  while (well.connections() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ::close(sick);
  client->hear_all();
  CHECK(client->broken());
  CHECK(bench.fates(1) == Counts{{"flow_unhealthy", 1}});
}

TEST_CASE("balancer: datagrams of one client go to one target, and its answers back") {
  const Datagrams target;
  const Bench bench(target.port(), carries_udp);
  bench.wait_for_datagrams();
  const Datagrams client;
  const auto [text, door] = first_through(client, target, bench.port(), "one");
  CHECK(text == "one");
  client.send("two", bench.port());
  CHECK(target.receive() == std::pair<std::string, int>("two", door));
  target.send("answer", door);
  CHECK(client.receive() == std::pair<std::string, int>("answer", bench.port()));
  CHECK(raw::counted(bench, Measure::new_flows_udp).first == 1);
  CHECK(raw::counted(bench, Measure::processed_bytes_udp).first == 12);
  const Datagrams other;
  CHECK(first_through(other, target, bench.port(), "three").second != door);
}

TEST_CASE("balancer: one port carries connections and datagrams") {
  const Datagrams datagrams;
  Bench bench(datagrams.port(), [](BalancerConfig& config) {
    config.network = true;
    config.listeners[0].protocol = "TCP_UDP";
    config.target_groups[0].flows.proxy_protocol = true;
  });
  bench.wait_for_datagrams();
  const Datagrams client;
  const reactor::Address from{.host = "127.0.0.1", .port = client.port()};
  const reactor::Address node{.host = "127.0.0.1", .port = bench.port()};
  CHECK(first_through(client, datagrams, bench.port(), "a").first == proxy_header(from, node, true) + "a");
  CHECK(bench.client() != nullptr);
}

TEST_CASE("balancer: a flow of datagrams ends with its listener") {
  const Datagrams target;
  Bench bench(target.port(), carries_udp);
  bench.wait_for_datagrams();
  const Datagrams client;
  first_through(client, target, bench.port(), "one");
  bench.reconfigure([](BalancerConfig& config) { config.listeners.clear(); });
  CHECK(bench.fates(1) == Counts{{"flow_deregistered", 1}});
}

TEST_CASE("balancer: the same ends lead to the same target, and few flows move when targets change") {
  std::vector<Candidate> targets(4);
  std::vector<Candidate*> all;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    targets[i].healthy = true;
    targets[i].key = hash64(cat("10.0.0.", i, ":80"));
    all.push_back(&targets[i]);
  }
  const BalancerTargetGroup rules;
  std::vector<int> share(targets.size());
  std::vector<std::size_t> before;
  for (std::uint64_t flow = 0; flow < 4000; ++flow) {
    before.push_back(*choose_by_flow(all, rules, {}, mix(flow)));
    ++share[before.back()];
  }
  for (const int each : share) CHECK((each > 850 && each < 1150));
  targets[2].healthy = false;
  for (std::uint64_t flow = 0; flow < 4000; ++flow) {
    const std::size_t now = *choose_by_flow(all, rules, {}, mix(flow));
    CHECK((before[flow] == 2 ? now != 2 : now == before[flow]));
  }
}

TEST_CASE("balancer: a client's address stays with its target while others come") {
  const auto shared = std::make_shared<Shared>();
  Running running;
  running.config = std::make_shared<const BalancerConfig>();
  auto group = running.groups["g"] = new_group(*shared, running, "g");
  group->config.stickiness.kind = "source_ip";
  const BalancerListener listener{.rules = {{.action = {.forward = {{.target_group_arn = "g"}}}}}};
  const auto add = [&](const str& name) {
    auto target = std::make_shared<Target>();
    target->name = name;
    target->candidate.healthy = true;
    group->targets.push_back(target);
    group->targets_changed();
  };
  const auto way = [&](int client, int port) {
    const FlowEnds ends{.client = {.host = cat("10.1.0.", client), .port = port}, .node = {.port = 1}};
    return choose_way(running, listener, ends, Instant()).target->name;
  };
  add("a");
  for (int client = 0; client < 50; ++client) CHECK(way(client, 1) == "a");
  add("b");
  for (int client = 0; client < 50; ++client) CHECK(way(client, 2) == "a");
  group->targets[0]->candidate.healthy = false;
  for (int client = 0; client < 50; ++client) CHECK(way(client, 3) == "b");
  group->targets[0]->candidate.healthy = true;
  for (int client = 0; client < 50; ++client) CHECK(way(client, 4) == "b");
}
