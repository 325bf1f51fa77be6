#include <doctest/doctest.h>

#include <future>

#include "balancer/tls_fixture_test.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test
using balancer::raw::Bench;
using balancer::raw::Connection;
using balancer::raw::Secured;
using Counts = Bench::Counts;

namespace {

raw::Adapt carries_tls(const std::vector<std::string>& names, list<str> alpn = {}) {
  return [names, alpn = std::move(alpn)](BalancerConfig& config) {
    config.network = true;
    config.listeners[0].protocol = "TLS";
    config.listeners[0].tls = raw::secured(names);
    config.listeners[0].tls.alpn = alpn;
  };
}

raw::Adapt to_tls_targets(raw::Adapt more) {
  return [more = std::move(more)](BalancerConfig& config) {
    more(config);
    config.target_groups[0].tls = true;
  };
}

// Says back what it hears, until the client ends; then the last word.
void echo_plain(Connection& connection) {
  for (std::string heard = connection.hear_some(); !heard.empty(); heard = connection.hear_some())
    connection.say(heard);
  connection.say("bye");
  connection.close();
}

// The same by TLS, after which protocol was agreed upon.
raw::Target::Behaviour echo_by_tls(std::vector<std::string> protocols) {
  return [protocols = std::move(protocols)](Connection& connection) {
    const auto target = Secured::server(connection, protocols);
    if (!target->agreed()) return;  // a health check
    target->say(cat("[", target->protocol(), "]"));
    for (std::string heard = target->hear_some(); !heard.empty(); heard = target->hear_some()) target->say(heard);
    if (target->ended_in_order()) target->say("bye");
    target->end_writing();
    connection.close();
  };
}

}  // namespace

TEST_CASE("balancer flow tls: a listener ends TLS, and the target gets what was within") {
  raw::Target target(echo_plain);
  const Bench bench(target.port(), carries_tls({"one.example.com", "two.example.com"}));
  const auto connection = bench.client();
  Secured client(*connection, "two.example.com", {"h2"});
  REQUIRE(client.agreed());
  CHECK(client.peer_is("two.example.com"));
  CHECK(client.protocol().empty());
  client.say("hello");
  CHECK(client.hear(5) == "hello");
  const std::string much(50'000, 'x');  // as sockets hold: who speaks does not listen meanwhile
  for (int i = 0; i < 10; ++i) {
    client.say(much);
    CHECK(client.hear(much.size()) == much);
  }
  client.end_writing();
  CHECK(client.hear(3) == "bye");
  CHECK(client.hear_some().empty());
  CHECK(client.ended_in_order());
  CHECK(bench.fates(1) == Counts{{"flow_ended", 1}});
  CHECK(raw::counted(bench, Measure::processed_bytes_tls).first == 2 * (5 + 10 * 50'000) + 3);
  CHECK(raw::counted(bench, Measure::new_flows_tls).first == 1);

  const auto nameless = bench.client();
  CHECK(Secured(*nameless, "").peer_is("one.example.com"));
}

TEST_CASE("balancer flow tls: the ALPN policy's order decides, and who offers nothing of it goes without") {
  raw::Target target(echo_plain);
  const Bench bench(target.port(), carries_tls({"a.example.com"}, {"h2", "http/1.1", "http/1.0"}));
  const auto agreed = [&](const std::vector<std::string>& offered) {
    const auto connection = bench.client();
    Secured client(*connection, "a.example.com", offered);
    client.say("x");
    CHECK(client.hear(1) == "x");
    return client.protocol();
  };
  CHECK(agreed({"http/1.0", "http/1.1", "h2"}) == "h2");
  CHECK(agreed({"http/1.0", "http/1.1"}) == "http/1.1");
  CHECK(agreed({"smtp"}).empty());
  CHECK(agreed({}).empty());
}

TEST_CASE("balancer flow tls: targets of TLS are offered what their client has agreed upon") {
  raw::Target target(echo_by_tls({"h2", "http/1.1"}));
  const Bench bench(target.port(), to_tls_targets(carries_tls({"a.example.com"}, {"h2", "http/1.1"})));
  for (const auto& [offered, told] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"http/1.1"}, "[http/1.1]"}, {{"http/1.1", "h2"}, "[h2]"}, {{}, "[]"}}) {
    const auto connection = bench.client();
    Secured client(*connection, "a.example.com", offered);
    CHECK(client.hear(told.size()) == told);
    client.say("hello");
    CHECK(client.hear(5) == "hello");
    client.end_writing();
    CHECK(client.hear(3) == "bye");
    CHECK(client.hear_some().empty());
    CHECK(client.ended_in_order());
  }
  CHECK(bench.fates(3) == Counts{{"flow_ended", 3}});
}

TEST_CASE("balancer flow tls: the PROXY protocol's header comes before the handshake with the target") {
  raw::Target target([](Connection& connection) {
    constexpr std::size_t behind_signature = 16;
    if (connection.hear("QUIT\n").empty() || !connection.hear_exactly(behind_signature)) return;
    echo_by_tls({})(connection);
  });
  const Bench bench(target.port(), [](BalancerConfig& config) {
    to_tls_targets(carries_tls({"a.example.com"}))(config);
    config.target_groups[0].flows.proxy_protocol = true;
  });
  const auto connection = bench.client();
  Secured client(*connection, "a.example.com");
  client.say("hello");
  CHECK(client.hear(7) == "[]hello");
}

TEST_CASE("balancer flow tls: an end that only TCP tells of is passed on in order") {
  raw::Target plain(echo_plain);
  const Bench bench(plain.port(), carries_tls({"a.example.com"}));
  const auto connection = bench.client();
  Secured client(*connection, "a.example.com");
  client.say("hello");
  connection->end_writing();
  CHECK(client.hear(8) == "hellobye");
  CHECK(client.hear_some().empty());
  CHECK(client.ended_in_order());
  CHECK(bench.fates(1) == Counts{{"flow_ended", 1}});

  raw::Target curt([](Connection& own) {
    const auto target = Secured::server(own);
    if (target->agreed()) target->say("half");
    own.close();
  });
  const Bench other(curt.port(), to_tls_targets(carries_tls({"a.example.com"})));
  const auto second = other.client();
  Secured asking(*second, "a.example.com");
  CHECK(asking.hear(4) == "half");
  CHECK(asking.hear_some().empty());
  CHECK_FALSE(second->broken());
  asking.end_writing();
  second->end_writing();
  CHECK(other.fates(1) == Counts{{"flow_ended", 1}});
}

TEST_CASE("balancer flow tls: handshakes that fail on either side are told apart") {
  raw::Target target([](Connection& connection) {
    while (!connection.hear_some().empty()) connection.say("no TLS here\n");
  });
  Bench bench(target.port(), to_tls_targets(carries_tls({"a.example.com"})));
  const auto stranger = bench.client();
  stranger->say("GET / HTTP/1.1\r\n\r\n");
  stranger->hear_all();
  const auto connection = bench.client();
  Secured client(*connection, "a.example.com");
  CHECK(client.agreed());
  connection->hear_all();
  CHECK(connection->broken());
  CHECK(bench.fates(2) == Counts{{"client_tls_error", 1}, {"flow_tls_failed", 1}});
  CHECK(raw::counted(bench, Measure::client_tls_errors) == std::pair<i64, i64>(1, 0));
  CHECK(raw::counted(bench, Measure::target_tls_errors) == std::pair<i64, i64>(1, 1));
}

TEST_CASE("balancer flow tls: without a certificate nobody is served") {
  raw::Target target(echo_plain);
  const Bench bench(target.port(), carries_tls({}));
  const auto connection = bench.client();
  CHECK_FALSE(Secured(*connection, "a.example.com").agreed());
  CHECK(bench.fates(1) == Counts{{"client_tls_error", 1}});
}

TEST_CASE("balancer flow tls: resets of either side are told apart") {
  raw::Target target([](Connection& connection) {
    const auto own = Secured::server(connection);
    if (!own->agreed()) return;
    own->say("ready");
    if (own->hear_some() == "reset") connection.reset();
  });
  const Bench bench(target.port(), to_tls_targets(carries_tls({"a.example.com"})));
  const auto one = bench.client();
  Secured asking(*one, "a.example.com");
  asking.say("reset");
  one->hear_all();
  CHECK(one->broken());
  CHECK(bench.fates(1) == Counts{{"flow_target_reset", 1}});
  const auto other = bench.client();
  Secured staying(*other, "a.example.com");
  CHECK(staying.hear(5) == "ready");  // only then has the balancer seen the last of the handshake
  other->reset();
  CHECK(bench.fates(2) == Counts{{"flow_target_reset", 1}, {"flow_client_reset", 1}});
}

TEST_CASE("balancer flow tls: a flow whose target goes during their handshake ends with it") {
  raw::Target silent([](Connection& connection) { connection.hear_all(); });
  Bench bench(silent.port(), to_tls_targets(carries_tls({"a.example.com"})));
  const auto connection = bench.client();
  const Secured client(*connection, "a.example.com");
  while (silent.connections() < 2) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // one checks its health
  bench.reconfigure([](BalancerConfig& config) {
    config.target_groups[0].flows.end_when_deregistered = true;
    config.target_groups[0].targets.clear();
  });
  connection->hear_all();
  CHECK(connection->broken());
  CHECK(bench.fates(1) == Counts{{"flow_deregistered", 1}});
}

TEST_CASE("balancer flow tls: a certificate that is replaced is that of the next connection") {
  raw::Target target(echo_plain);
  Bench bench(target.port(), carries_tls({"old.example.com"}));
  const auto connection = bench.client();
  Secured client(*connection, "old.example.com");
  CHECK(client.peer_is("old.example.com"));
  bench.reconfigure([](BalancerConfig& config) { config.listeners[0].tls = raw::secured({"new.example.com"}); });
  bool renewed = false;
  while (!renewed) {  // the balancer takes its configuration a moment later
    const auto next = bench.client();
    renewed = Secured(*next, "").peer_is("new.example.com");
  }
  client.say("still here");
  CHECK(client.hear(10) == "still here");
}

TEST_CASE("balancer flow tls: health checks say by the PROXY protocol whose they are, before TLS") {
  raw::Target target([](Connection& connection) {
    constexpr std::size_t without_addresses = 4;
    if (connection.hear("QUIT\n").empty() || !connection.hear_exactly(without_addresses)) return;
    const auto own = Secured::server(connection);
    if (own->agreed() && own->hear_some().starts_with("GET /up "))
      own->say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    own->end_writing();
  });
  std::promise<str> first;
  const Bench bench(
      target.port(),
      [](BalancerConfig& config) {
        to_tls_targets(carries_tls({"a.example.com"}))(config);
        config.target_groups[0].flows.proxy_protocol = true;
        config.target_groups[0].health_check = {
            .protocol = "HTTPS", .path = "/up", .interval_seconds = 300, .unhealthy_threshold = 1};
      },
      [&](const Report& report) {
        const auto* health = std::get_if<TargetHealthReport>(&report);
        if (health != nullptr && health->state != "initial") first.set_value(str(health->state.name()));
      });
  CHECK(first.get_future().get() == "healthy");
}
