#include <doctest/doctest.h>

#include <atomic>

#include "balancer/raw_fixture_test.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test
using raw::Bench;
using raw::Connection;
using Counts = Bench::Counts;

namespace {

// Tells as its answer what came to it, its head and the content up to "END".
void echo(Connection& connection) {
  while (true) {
    std::string head = connection.hear("\r\n\r\n");
    if (head.empty()) return;
    if (head.contains("ransfer-Encoding")) head += connection.hear("0\r\n\r\n");
    connection.say(cat("HTTP/1.1 200 OK\r\nContent-Length: ", head.size(), "\r\n\r\n", head));
  }
}

constexpr std::string_view get_and_close = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
constexpr std::string_view two_lengths =
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n01234";
constexpr std::string_view blank_in_target = "GET /a b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
constexpr std::string_view unknown_coding = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n";

}  // namespace

TEST_CASE("balancer: requests that no two readers agree on are refused with AWS's codes, whatever the mode") {
  const std::string long_line = cat("GET /", std::string(17000, 'a'), " HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string endless_line = cat("GET /", std::string(40000, 'a'));
  const std::string long_header = cat("GET / HTTP/1.1\r\nHost: a\r\nX: ", std::string(17000, 'a'), "\r\n\r\n");
  std::string many_headers = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 9; ++i) many_headers += cat("X", i, ": ", std::string(8000, 'a'), "\r\n");
  std::string forwarded = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1";
  for (int i = 0; i < 30; ++i) forwarded += ", 1.1.1.1";
  std::string tiny_headers = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 8000; ++i) tiny_headers += "a:\r\n";
  std::string options = "GET / HTTP/1.1\r\nHost: a\r\nConnection: a";
  for (int i = 0; i < 7000; ++i) options += ",a";
  const std::vector<std::pair<std::string, int>> cases{
      {"nonsense\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},  // no Host
      {"GET / HTTP/1.1\nHost: a\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nA: b\rc\r\n\r\n", 400},
      {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
      {"GET http://a\x18:1/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://user@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET relative HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {long_line, 414},
      {endless_line, 414},
      {long_header, 400},
      {many_headers, 400},
      {tiny_headers + "\r\n", 400},
      {options + "\r\n\r\n", 400},
      {forwarded + "\r\n\r\n", 463}};
  raw::Target target(echo);
  const Bench monitor(target.port(), [](BalancerConfig& config) { config.desync_mitigation_mode = "monitor"; });
  const Bench defensive(target.port());
  for (const auto& [text, status] : cases) {
    CHECK_MESSAGE(monitor.status(text) == status, text.substr(0, 80));
    CHECK_MESSAGE(defensive.status(text) == status, text.substr(0, 80));
  }
  const auto refused = static_cast<i64>(cases.size());
  CHECK(defensive.fates(refused) == Counts{{"bad_request", refused}});
  CHECK(monitor.status(unknown_coding) == 501);
  CHECK(defensive.status(unknown_coding) == 400);
}

TEST_CASE("balancer: the desync mitigation mode decides about ambiguous requests, and they go on in one reading only") {
  raw::Target target(echo);
  const Bench monitor(target.port(), [](BalancerConfig& config) { config.desync_mitigation_mode = "monitor"; });
  const Bench strictest(target.port(), [](BalancerConfig& config) { config.desync_mitigation_mode = "strictest"; });
  const Bench defensive(target.port());

  CHECK(strictest.status(two_lengths) == 400);
  const std::string closed = defensive.answer(two_lengths);  // the balancer closes by itself
  CHECK(closed.contains("Connection: close"));
  CHECK(closed.find("Content-Length: 5") == closed.rfind("Content-Length: 5"));
  const auto kept = monitor.client();
  kept->say(two_lengths);
  CHECK(kept->hear("\r\n\r\n").contains("Connection: keep-alive"));

  CHECK(strictest.status(blank_in_target) == 400);
  CHECK(defensive.answer(blank_in_target).contains("GET /a%20b HTTP/1.1\r\n"));

  const std::string both = defensive.answer(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n");
  CHECK(both.contains("Transfer-Encoding: chunked\r\n"));
  CHECK_FALSE(both.substr(both.find("POST")).contains("Content-Length"));

  const std::string disguised = monitor.answer(
      "GET / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\nContent-Length : 5\r\nConnection: close\r\n\r\n");
  CHECK(disguised.starts_with("HTTP/1.1 200"));
  CHECK_FALSE(disguised.contains("chunked"));
  CHECK_FALSE(disguised.contains("Content-Length : 5"));
}

TEST_CASE("balancer: an ambiguous request ends the target's connection as well, where the mode closes connections") {
  for (const bool closes : {true, false}) {
    raw::Target target(echo);
    const Bench bench(target.port(), [&](BalancerConfig& config) {
      if (!closes) config.desync_mitigation_mode = "monitor";
    });
    CHECK(bench.status(get_and_close) == 200);
    const std::size_t connections = target.connections();
    const auto client = bench.client();
    client->say(two_lengths);
    CHECK(client->hear("\r\n\r\n").starts_with("HTTP/1.1 200"));  // over the connection that was kept
    client->close();
    CHECK(target.connections() == connections);
    CHECK(bench.fates(2) == Counts{{"ok", 2}});
    CHECK(bench.status(get_and_close) == 200);
    CHECK(target.connections() == connections + (closes ? 1 : 0));
  }
}

TEST_CASE("balancer: what goes on names one host, one length, and nothing of this connection") {
  raw::Target target(echo);
  const Bench bench(target.port());
  const Bench dropping(target.port(), [](BalancerConfig& config) { config.drop_invalid_header_fields = true; });
  const std::string_view request =
      "GET http://Shop.Example/a?b HTTP/1.1\r\nHost: other\r\nHost: third\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\n"
      "Keep-Alive: 5\r\nTE: trailers\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nX_Odd: 2\r\nX-Kept: 3\r\n\r\n";
  const std::string got = bench.answer(request);
  CHECK(got.contains("GET /a?b HTTP/1.1\r\nHost: shop.example"));
  CHECK(got.contains("X-Kept: 3\r\n"));
  CHECK(got.contains("X_Odd: 2\r\n"));
  for (const std::string_view gone : {"other", "third", "X-Mine", "Keep-Alive", "TE:", "Upgrade", "HTTP2-Settings"})
    CHECK_MESSAGE(!got.contains(gone), gone);
  CHECK_FALSE(dropping.answer(request).contains("X_Odd"));
  CHECK(bench.answer("GET / HTTP/1.0\r\n\r\n").contains("Host: web.elb.localhost"));
}

TEST_CASE("balancer: malformed chunks are refused and the target's connection is not used again") {
  std::atomic<int> begun = 0;  // chunked requests that the target has seen the head of
  raw::Target target([&](Connection& connection) {
    for (std::string head; !(head = connection.hear("\r\n\r\n")).empty();) {
      if (head.contains("Transfer-Encoding"))
        ++begun;
      else
        connection.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  const Bench bench(target.port());
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::initializer_list<std::string_view> bad{
      "x\r\n", "5\nhello", "1\r\nab\r\n", "fffffffffffffffff\r\n", "5 \r\nhello\r\n0\r\n\r\n", "0\r\nno colon\r\n\r\n"};
  for (const std::string_view each : bad) {
    CHECK(bench.status(get_and_close) == 200);
    const std::size_t connections = target.connections();
    const int before = begun;
    const auto split_up = bench.client();
    split_up->say(head);
    for (int i = 0; i < 3000 && begun == before; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    split_up->say(each);
    CHECK_MESSAGE(split_up->hear_all().starts_with("HTTP/1.1 400"), each);
    CHECK(target.connections() == connections);  // it went over the one that was kept
    CHECK(bench.status(get_and_close) == 200);
    CHECK(target.connections() == connections + 1);
  }
  const auto refused = static_cast<i64>(bad.size());
  CHECK(bench.fates(3 * refused) == Counts{{"bad_request", refused}, {"ok", 2 * refused}});
}

TEST_CASE("balancer: whether a refusal has a body goes by its own request, not by the one before") {
  raw::Target target(raw::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"));
  const Bench bench(target.port());
  CHECK(bench.answer("HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n").ends_with("\r\n\r\n"));
  const auto client = bench.client();
  client->say("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client->hear("\r\n\r\n").starts_with("HTTP/1.1 200"));
  client->say(cat("GET /", std::string(40'000, 'a')));
  CHECK(client->hear_all().ends_with("</html>\r\n"));
}

TEST_CASE("balancer: a slow head is 408 at the idle timeout, a silent client is closed without a word") {
  const Bench bench(0, [](BalancerConfig& config) { config.idle_timeout_seconds = 1; });
  CHECK(bench.status("GET / HTTP/1.1\r\nHo") == 408);
  CHECK(bench.answer("").empty());
  CHECK(bench.fates(1) == Counts{{"bad_request", 1}});
}

TEST_CASE("balancer: a WebSocket that neither side uses ends at the idle timeout") {
  raw::Target target([](Connection& connection) {
    if (connection.hear("\r\n\r\n").empty()) return;
    connection.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    connection.hear_all();
  });
  const Bench bench(target.port(), [](BalancerConfig& config) { config.idle_timeout_seconds = 1; });
  CHECK(bench.answer("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            .ends_with("Connection: Upgrade\r\n\r\n"));
  CHECK(bench.fates(1) == Counts{{"upgraded", 1}});
}
