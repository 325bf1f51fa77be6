#include <doctest/doctest.h>
#include <sys/resource.h>

#include <atomic>
#include <future>
#include <semaphore>

#include "balancer/log_fixture_test.hpp"
#include "balancer/raw_fixture_test.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test
using raw::answering;
using raw::Bench;
using raw::Connection;
using Counts = Bench::Counts;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view get_and_close = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

constexpr std::size_t size = 24 * 1024 * 1024;  // of a large body

void impatient(BalancerConfig& config) { config.idle_timeout_seconds = 1; }

// What an answer carries, without its head.
std::string content(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

}  // namespace

TEST_CASE("balancer: pipelined requests are answered in their order over one kept connection to the target") {
  std::atomic<int> asked = 0;
  raw::Target target([&](Connection& connection) {
    std::string head;
    while (!(head = connection.hear("\r\n\r\n")).empty()) {
      ++asked;
      const std::string path = head.substr(4, 2);
      connection.say(cat("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", path));
    }
  });
  const Bench bench(target.port());
  const auto client = bench.client();
  client->say(
      "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n"
      "Connection: close\r\n\r\n");
  const std::string all = client->hear_all();
  CHECK(all.find("/a") < all.find("/b"));
  CHECK(all.find("/b") < all.find("/c"));
  CHECK(all.ends_with("/c"));
  CHECK(asked == 3);
  CHECK(target.connections() <= 2);  // one of them the health check's
  CHECK(bench.fates(3) == Counts{{"ok", 3}});
}

TEST_CASE("balancer: chunks go both ways in one plain coding, with their trailers") {
  std::string came;
  raw::Target target([&](Connection& connection) {
    const std::string head = connection.hear("\r\n\r\n");
    if (head.empty()) return;  // a health check's connection, on a thread of its own
    came = head + connection.hear("0\r\n");
    came += connection.hear("\r\n\r\n");
    connection.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3;ext=1\r\nabc\r\n0\r\n");
    connection.say("X-Sum: 6\r\nContent-Length: 9\r\nContent_Length: 9\r\n\r\n");
  });
  const Bench bench(target.port());
  const auto client = bench.client();
  client->say("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhel");
  client->say("lo\r\n00006\r\n world\r\n0\r\nX-End: 1\r\nTransfer-Encoding: x\r\nContent_Length: 5\r\n\r\n");
  CHECK(content(client->hear_all()) == "3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n");
  CHECK_FALSE(came.contains(";a=b"));
  CHECK(came.ends_with("0\r\nX-End: 1\r\n\r\n"));
  CHECK(came.contains("world"));
}

TEST_CASE("balancer: an old client gets chunks joined, a body until the target's end is chunked for a new one") {
  raw::Target chunking(
      answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
  const Bench old(chunking.port());
  const std::string joined = old.answer("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(joined.contains("Connection: close\r\n"));
  CHECK(content(joined) == "abcde");

  raw::Target closing([](Connection& connection) {
    if (connection.hear("\r\n\r\n").empty()) return;
    connection.say("HTTP/1.1 200 OK\r\n\r\nabc");
    connection.close();
  });
  const Bench bench(closing.port());
  const auto client = bench.client();
  client->say(get);
  CHECK(client->hear("\r\n\r\n").contains("Transfer-Encoding: chunked\r\nConnection: keep-alive"));
  CHECK(client->hear("0\r\n\r\n") == "3\r\nabc\r\n0\r\n\r\n");
  CHECK(bench.fates(1) == Counts{{"ok", 1}});
}

TEST_CASE("balancer: Expect is answered at once and taken away; an answer to HEAD has its length and no body") {
  std::string came;
  raw::Target target([&](Connection& connection) {
    const std::string head = connection.hear("\r\n\r\n");
    if (head.empty()) return;  // a health check's connection, on a thread of its own
    came = head + connection.hear("hello");
    connection.say("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    CHECK(connection.hear("\r\n\r\n").starts_with("HEAD / HTTP/1.1"));
    connection.say("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    connection.hear("\r\n\r\n");
    connection.say(ok);
  });
  const Bench bench(target.port());
  const auto client = bench.client();
  client->say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client->hear("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client->say("hello");
  CHECK(client->hear("ok").starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK_FALSE(came.contains("Expect"));
  client->say("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client->hear("\r\n\r\n").contains("Content-Length: 1000\r\n"));
  client->say(get);
  CHECK(client->hear("ok").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("balancer: a large body goes through unchanged while the target answers with as much") {
  raw::Target target([](Connection& connection) {
    if (connection.hear("\r\n\r\n").empty()) return;
    connection.say(cat("HTTP/1.1 200 OK\r\nContent-Length: ", size, "\r\n\r\n"));
    for (std::size_t left = size; left > 0;) {
      const std::string piece = connection.hear_some();
      if (piece.empty()) return;
      connection.say(piece);
      left -= piece.size();
    }
  });
  const Bench bench(target.port());
  std::string body(size, '\0');
  for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>('a' + (i * 31 + i / 4096) % 26);
  const auto client = bench.client();
  std::thread sender([&] {
    client->say(cat("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ", size, "\r\n\r\n"));
    client->say(body);
  });
  const std::string answer = client->hear_all();
  sender.join();
  CHECK(content(answer) == body);
  CHECK(bench.fates(1) == Counts{{"ok", 1}});
}

TEST_CASE("balancer: a client that waits lends its memory, and nothing of another's request comes into its answer") {
  std::binary_semaphore asked(0);
  std::binary_semaphore go_on(0);
  std::binary_semaphore ended(0);
  raw::Target target([&](Connection& connection) {
    std::string head;
    while (!(head = connection.hear("\r\n\r\n")).empty()) {
      if (head.starts_with("GET /halves")) {
        connection.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
        go_on.acquire();
        connection.say("67890");
      } else if (head.starts_with("GET /other")) {
        asked.release();
        ended.acquire();
        connection.say(ok);
      } else {
        connection.say(ok);
      }
    }
  });
  const Bench bench(target.port());
  const auto one = bench.client();
  one->say("GET /halves HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(one->hear("12345").ends_with("12345"));
  const auto other = bench.client();
  other->say("GET /other HTTP/1.1\r\nHost: a\r\nCookie: secret\r\nConnection: close\r\n\r\n");
  asked.acquire();
  go_on.release();
  CHECK(one->hear_all() == "67890");
  ended.release();
  CHECK(content(other->hear_all()) == "ok");
}

TEST_CASE("balancer: a client that has ended its sending side still gets its answer") {
  std::promise<void> half_closed;
  raw::Target target([&](Connection& connection) {
    if (connection.hear("\r\n\r\n").empty()) return;
    half_closed.get_future().wait();
    connection.say(ok);
  });
  const Bench bench(target.port());
  const auto client = bench.client();
  client->say(get);
  client->end_writing();
  half_closed.set_value();
  CHECK(client->hear_all().ends_with("\r\n\r\nok"));
  CHECK(bench.fates(1) == Counts{{"ok", 1}});
}

TEST_CASE("balancer: what a client has heard counts, though it had ended its sending side and gives up in the end") {
  constexpr std::size_t part = 100'000;
  std::promise<void> heard;
  raw::Target target([&](Connection& connection) {
    if (connection.hear("\r\n\r\n").empty()) return;
    connection.say(cat("HTTP/1.1 200 OK\r\nContent-Length: ", 3 * part, "\r\n\r\n", std::string(part, 'x')));
    heard.get_future().wait();
    connection.say(std::string(part, 'x'));
    connection.hear_all();
  });
  const Bench bench(target.port());
  const auto client = bench.client();
  client->say(get);
  client->end_writing();
  client->hear(std::string(part, 'x'));
  heard.set_value();
  client->hear("x");
  client->reset();
  CHECK(bench.fates(1) == Counts{{"client_closed_460", 1}});
  CHECK(raw::counted(bench, Measure::processed_bytes).first > static_cast<i64>(part));
  CHECK(raw::counted(bench, Measure::target_2xx).first == 1);
}

TEST_CASE("balancer: a client that resets while it waits is 460, and the target's connection ends") {
  std::promise<void> arrived;
  std::promise<std::string> rest;
  raw::Target target([&](Connection& connection) {
    if (connection.hear("\r\n\r\n").empty()) return;
    arrived.set_value();
    rest.set_value(connection.hear_all());
  });
  const Bench bench(target.port());
  const auto client = bench.client();
  client->say(get);
  arrived.get_future().wait();
  client->reset();
  CHECK(rest.get_future().get().empty());
  CHECK(bench.fates(1) == Counts{{"client_closed_460", 1}});
}

TEST_CASE("balancer: a client that goes in the midst of its body: ended is 400, reset 460") {
  raw::Target target([](Connection& connection) { connection.hear_all(); });
  const Bench bench(target.port());
  const auto ended = bench.client();
  ended->say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nabc");
  ended->end_writing();
  CHECK(ended->hear_all().starts_with("HTTP/1.1 400"));
  CHECK(bench.fates(1) == Counts{{"bad_request", 1}});
  const auto closed = bench.client();
  closed->say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nabc");
  closed->close();
  CHECK(bench.fates(2) == Counts{{"bad_request", 2}});
  const auto reset = bench.client();
  reset->say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n");
  reset->hear("\r\n\r\n");
  reset->reset();
  CHECK(bench.fates(3) == Counts{{"bad_request", 2}, {"client_closed_460", 1}});
}

TEST_CASE("balancer: a target may answer before it has read the body, and the client gets that answer") {
  raw::Target target([](Connection& connection) {
    if (connection.hear("\r\n\r\n").empty()) return;
    connection.say("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\n\r\nbig");
    connection.hear_all();
  });
  const Bench bench(target.port());
  const auto client = bench.client();
  client->say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000000\r\n\r\nbegins");
  const std::string answer = client->hear_all();
  CHECK(answer.starts_with("HTTP/1.1 413 Payload Too Large\r\n"));
  CHECK(answer.contains("Connection: close\r\n"));
  CHECK(answer.ends_with("big"));
  CHECK(bench.fates(1) == Counts{{"target_4xx", 1}});
}

TEST_CASE("balancer: a target that never answers is 504 at the idle timeout, one that stops in its body cut off") {
  raw::Target silent([](Connection& connection) { connection.hear_all(); });
  const Bench bench(silent.port(), impatient);
  CHECK(bench.status(get_and_close) == 504);
  CHECK(bench.fates(1) == Counts{{"timeout_504", 1}});
  raw::Target stalled([](Connection& connection) {
    if (connection.hear("\r\n\r\n").empty()) return;
    connection.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    connection.hear_all();
  });
  const Bench other(stalled.port(), impatient);
  CHECK(content(other.answer(get)) == "half");
  CHECK(other.fates(1) == Counts{{"timeout_504", 1}});
}

TEST_CASE("balancer: a target that closes or resets without an answer is 502, in the midst of its body cut off") {
  const auto fate_of = [](std::string said, bool reset) {
    raw::Target target([&](Connection& connection) {
      if (connection.hear("\r\n\r\n").empty()) return;
      connection.say(said);
      if (reset)
        connection.reset();
      else
        connection.close();
    });
    const Bench bench(target.port());
    const std::string answer = bench.answer(get_and_close);
    return std::pair(answer.substr(0, 12), bench.fates(1));
  };
  const Counts unanswered{{"reset_in_flight_502", 1}};
  CHECK(fate_of("", false) == std::pair(std::string("HTTP/1.1 502"), unanswered));
  CHECK(fate_of("", true) == std::pair(std::string("HTTP/1.1 502"), unanswered));
  CHECK(fate_of("HTTP/1.1 200 OK\r\nContent-Le", false) == std::pair(std::string("HTTP/1.1 502"), unanswered));
  const Counts cut{{"cut_off", 1}};
  CHECK(fate_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", false) ==
        std::pair(std::string("HTTP/1.1 200"), cut));
  CHECK(fate_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", false) ==
        std::pair(std::string("HTTP/1.1 200"), cut));
}

TEST_CASE("balancer: answers that are no HTTP are 502 and malformed") {
  const std::string endless = cat("HTTP/1.1 200 OK\r\nX: ", std::string(40'000, 'x'));
  const std::initializer_list<std::string> bad{
      "nonsense\r\n\r\n",
      "HTTP/2.0 200 OK\r\n\r\n",
      "HTTP/1.1 20x OK\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
      "HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
      endless};
  const Counts malformed{{"malformed_502", 1}};
  for (const std::string& each : bad) {
    raw::Target target(answering(each));
    const Bench bench(target.port());
    CHECK_MESSAGE(bench.status(get_and_close) == 502, each.substr(0, 60));
    CHECK_MESSAGE(bench.fates(1) == malformed, each.substr(0, 60));
    CHECK_MESSAGE(raw::counted(bench, Measure::elb_502).first == 1, each.substr(0, 60));
    CHECK_MESSAGE(raw::counted(bench, Measure::target_2xx).first == 0, each.substr(0, 60));
  }
}

TEST_CASE("balancer: more than an answer's length is nobody's answer") {
  raw::Target target(answering(cat(ok, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")));
  const Bench bench(target.port());
  const auto client = bench.client();
  client->say(get);
  CHECK(content(client->hear("ok")) == "ok");
  client->say(get_and_close);
  CHECK_FALSE(client->hear_all().contains("evil"));
  CHECK(bench.fates(2) == Counts{{"ok", 2}});
}

TEST_CASE("balancer: what a target sends unasked on a kept connection is nobody's answer, and it is not used again") {
  std::counting_semaphore<> said{0};
  raw::Target target([&](Connection& connection) {
    if (connection.hear("\r\n\r\n").empty()) return;
    connection.say(ok);
    connection.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    said.release();
    connection.hear_all();
  });
  const Bench bench(target.port());
  const auto client = bench.client();
  for (int i = 0; i < 20; ++i) {
    client->say(get);
    CHECK(client->hear("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"));
    CHECK(client->hear("ok") == "ok");
    said.acquire();
  }
  CHECK(bench.fates(20) == Counts{{"ok", 20}});
}

TEST_CASE("balancer: a target that closes on reuse is 502, as ALB has it") {
  raw::Target closing([](Connection& connection) {
    if (connection.hear("\r\n\r\n").empty()) return;
    connection.say(ok);
    connection.hear("\r\n\r\n");
    connection.close();
  });
  const Bench bench(closing.port());
  const auto client = bench.client();
  client->say(get);
  client->hear("ok");
  client->say(get);
  CHECK(client->hear("\r\n\r\n").starts_with("HTTP/1.1 502"));
  CHECK(bench.fates(2) == Counts{{"ok", 1}, {"reset_in_flight_502", 1}});
}

TEST_CASE("balancer: a connection that the target has closed meanwhile is not used again") {
  raw::Target once([](Connection& connection) {
    if (connection.hear("\r\n\r\n").empty()) return;
    connection.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    connection.close();
  });
  const Bench bench(once.port());
  const auto client = bench.client();
  for (int i = 0; i < 20; ++i) {
    client->say(get);
    CHECK(client->hear("ok").starts_with("HTTP/1.1 200"));
  }
  CHECK(bench.fates(20) == Counts{{"ok", 20}});
}

TEST_CASE("balancer: a WebSocket is carried both ways, also what came with the handshake, and counted at its end") {
  raw::Target target([](Connection& connection) {
    const std::string head = connection.hear("\r\n\r\n");
    if (head.empty()) return;
    CHECK(head.contains("Upgrade: WebSocket\r\n"));
    CHECK(head.contains("Connection: Upgrade\r\n"));
    connection.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nwelcome ");
    while (true) {
      const std::string piece = connection.hear_some();
      if (piece.empty()) return connection.close();
      connection.say(piece);
    }
  });
  Bench bench(target.port());
  const std::string_view handshake =
      "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\r\n";
  const auto client = bench.client();
  client->say(cat(handshake, "early "));
  CHECK(client->hear("\r\n\r\n").starts_with("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket"));
  CHECK(client->hear("early ") == "welcome early ");
  client->say("more");
  CHECK(client->hear("more") == "more");
  client->end_writing();
  CHECK(client->hear_all().empty());
  CHECK(bench.fates(1) == Counts{{"upgraded", 1}});

  const auto cut = bench.client();
  cut->say(handshake);
  CHECK(cut->hear("welcome ").contains("101"));
  bench.reconfigure([](BalancerConfig& config) { config.target_groups[0].targets.clear(); });
  CHECK(cut->hear_all().empty());
  CHECK(bench.fates(2) == Counts{{"deregistered_502", 1}, {"upgraded", 1}});
}

TEST_CASE("balancer: a WebSocket outlives a rolling update until its target's deregistration delay ends") {
  const auto echo = [](std::string name) {
    return [name = std::move(name)](Connection& connection) {
      if (connection.hear("\r\n\r\n").empty()) return;
      connection.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
      for (std::string piece; !(piece = connection.hear_some()).empty();) connection.say(cat(name, piece));
      connection.close();
    };
  };
  raw::Target old_one(echo("old "));
  raw::Target new_one(echo("new "));
  Bench bench(old_one.port());
  const std::string_view handshake = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  const auto before = bench.client();
  before->say(handshake);
  CHECK(before->hear("\r\n\r\n").starts_with("HTTP/1.1 101"));
  bench.reconfigure([&](BalancerConfig& config) {
    auto& targets = config.target_groups[0].targets;
    targets[0].draining = true;
    targets.push_back({.address = targets[0].address, .port = new_one.port()});
  });
  const auto after = bench.client();
  after->say(handshake);
  CHECK(after->hear("\r\n\r\n").starts_with("HTTP/1.1 101"));
  for (int i = 0; i < 3; ++i) {
    before->say("hello");
    CHECK(before->hear("hello") == "old hello");
    after->say("hello");
    CHECK(after->hear("hello") == "new hello");
  }
  bench.reconfigure([](BalancerConfig& config) {
    auto& targets = config.target_groups[0].targets;
    targets.erase(targets.begin());
  });
  CHECK(before->hear_all().empty());
  after->say("hello");
  CHECK(after->hear("hello") == "new hello");
}

TEST_CASE("balancer: an answer of HTTP/1.0 in chunks is passed on, but its connection is not used again") {
  std::atomic<int> reused = 0;
  raw::Target target([&](Connection& connection) {
    if (connection.hear("\r\n\r\n").empty()) return;
    connection.say(
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
    if (!connection.hear("\r\n\r\n").empty()) ++reused;
  });
  const Bench bench(target.port());
  const auto client = bench.client();
  for (int i = 0; i < 3; ++i) {
    client->say(get);
    CHECK(client->hear("0\r\n\r\n").contains("ok"));
  }
  CHECK(bench.fates(3) == Counts{{"ok", 3}});
  CHECK(reused == 0);
}

TEST_CASE("balancer: a target that is registered again while it drains keeps what is in flight on it") {
  std::promise<void> arrived;
  raw::Target target([&](Connection& connection) {
    if (connection.hear("\r\n\r\n").empty()) return;
    arrived.set_value();
    connection.hear_all();
  });
  Bench bench(target.port());
  const auto client = bench.client();
  client->say(get);
  arrived.get_future().wait();
  bench.reconfigure([](BalancerConfig& config) { config.target_groups[0].targets[0].draining = true; });
  bench.reconfigure([](BalancerConfig& config) { config.target_groups[0].targets[0].draining = false; });
  bench.reconfigure([](BalancerConfig& config) { config.target_groups[0].targets.clear(); });
  CHECK(client->hear("\r\n\r\n").starts_with("HTTP/1.1 502"));
  CHECK(bench.fates(1) == Counts{{"deregistered_502", 1}});
}

TEST_CASE("balancer: a fixed response 204 has no body, whatever its rule says, and its connection goes on") {
  const Bench bench(0, [](BalancerConfig& config) {
    config.listeners[0].rules[0].action = {.type = "fixed-response", .status = 204, .body = "unasked"};
  });
  const auto client = bench.client();
  client->say(get);
  CHECK_FALSE(client->hear("\r\n\r\n").contains("Content-Length"));
  client->say(get_and_close);
  const std::string answer = client->hear_all();
  CHECK(answer.starts_with("HTTP/1.1 204 No Content\r\n"));
  CHECK(answer.ends_with("\r\n\r\n"));
}

TEST_CASE("balancer: a redirect for a client that names no host leads to the load balancer's own name") {
  const Bench bench(0, [](BalancerConfig& config) {
    config.listeners[0].rules[0].action = {.type = "redirect", .status = 301, .redirect_path = "/new"};
  });
  CHECK(bench.answer("GET / HTTP/1.0\r\n\r\n").contains("Location: http://web.elb.localhost:"));
}

TEST_CASE("balancer: a redirect has the page of the load balancer's own answers, of as many bytes as ALB's") {
  const Bench bench(0, [](BalancerConfig& config) {
    config.listeners[0].rules[0].action = {.type = "redirect", .status = 301, .redirect_path = "/new"};
  });
  const std::string answer = bench.answer(get_and_close);
  CHECK(answer.contains("\r\nContent-Type: text/html\r\nContent-Length: 134\r\n"));
  CHECK(
      answer.ends_with("\r\n\r\n<html>\r\n<head><title>301 Moved Permanently</title></head>\r\n<body>\r\n"
                       "<center><h1>301 Moved Permanently</h1></center>\r\n</body>\r\n</html>\r\n"));
  const std::string head = bench.answer("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(head.contains("\r\nContent-Length: 134\r\n"));
  CHECK(head.ends_with("\r\n\r\n"));
}

TEST_CASE("balancer: that we have no file descriptor for a connection to the target is not the target's fault") {
  raw::Target target(answering(std::string(ok)));
  const Bench bench(target.port(), [](BalancerConfig& config) {
    config.listeners[0].rules.push_back({.arn = "here",
                                         .priority = 1,
                                         .conditions = {{.field = "path-pattern", .values = {"/here"}}},
                                         .action = {.type = "fixed-response", .status = 200}});
  });
  const auto client = bench.client();
  client->say("HEAD /here HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client->hear("\r\n\r\n").starts_with("HTTP/1.1 200"));
  rlimit usual{};
  getrlimit(RLIMIT_NOFILE, &usual);
  const rlimit none{.rlim_cur = 0, .rlim_max = usual.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  client->say(get);
  const std::string answer = client->hear("\r\n\r\n");
  setrlimit(RLIMIT_NOFILE, &usual);
  CHECK(answer.starts_with("HTTP/1.1 503"));
  CHECK(bench.fates(2) == Counts{{"ok", 1}, {"exhausted_503", 1}});
}

TEST_CASE("balancer: a handshake that the target does not take is an ordinary request") {
  raw::Target target(answering("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno"));
  const Bench bench(target.port());
  const auto client = bench.client();
  client->say("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  CHECK(client->hear("no").starts_with("HTTP/1.1 426"));
  client->say(get);
  CHECK(client->hear("no").starts_with("HTTP/1.1 426"));
  CHECK(bench.fates(2) == Counts{{"target_4xx", 2}});
}

TEST_CASE(
    "balancer: a connection past its keep-alive age is closed after an answer; a body without a target is skipped") {
  raw::Target target(answering(std::string(ok)));
  const Bench bench(target.port(), [](BalancerConfig& config) { config.client_keep_alive_seconds = 0; });
  const std::string answer = bench.answer(get);
  CHECK(answer.contains("Connection: close\r\n"));
  CHECK(answer.ends_with("ok"));
  const Bench without(0);
  const auto client = without.client();
  client->say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  CHECK(client->hear("</html>\r\n").starts_with("HTTP/1.1 503"));
  client->say(get_and_close);
  CHECK(client->hear_all().starts_with("HTTP/1.1 503"));
  CHECK(without.fates(2) == Counts{{"no_target_503", 2}});
}
