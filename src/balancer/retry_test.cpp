#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>

#include "balancer/log_fixture_test.hpp"
#include "balancer/raw_fixture_test.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test
using raw::answering;
using raw::Bench;
using raw::Connection;
using Counts = Bench::Counts;

namespace {

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
constexpr std::string_view post = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
constexpr std::string_view put = "PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";

int closed_port() {
  const int fd = *reactor::listen_tcp({});
  const int port = reactor::local_port(fd);
  ::close(fd);
  return port;
}

// Takes a request's head, and goes without a word.
raw::Target::Behaviour silent(bool reset = false) {
  return [reset](Connection& connection) {
    if (connection.hear("\r\n\r\n").empty()) return;
    reset ? connection.reset() : connection.close();
  };
}

// A group of these targets, the first of which gets the first request.
Bench bench_of(const std::vector<int>& ports, RetryRule rule, const raw::Adapt& adapt = {}) {
  return Bench(ports.front(), [&](BalancerConfig& config) {
    BalancerTargetGroup& group = config.target_groups[0];
    for (std::size_t i = 1; i < ports.size(); ++i) group.targets.push_back({.address = "127.0.0.1", .port = ports[i]});
    group.retry = rule;
    group.healthy_count_min = 1000;  // fails open: health checks decide nothing here
    config.target_header = true;
    if (adapt) adapt(config);
  });
}

}  // namespace

TEST_CASE("balancer retry: what has not reached its target goes to another one, whatever it is") {
  raw::Target good(answering(str(ok)));
  const Bench bench = bench_of({closed_port(), good.port()}, {.attempts = 1});
  const std::string answer = bench.answer(post);
  CHECK(answer.starts_with("HTTP/1.1 200"));
  CHECK(answer.contains(cat("X-Utakata-Target: 127.0.0.1:", good.port(), "\r\n")));
  CHECK(bench.fates(2) == Counts{{"ok", 1}, {"retried", 1}});
  i64 retried = 0;
  for (const auto& meter : bench.balancer().meters())
    if (!meter->target_group.empty()) retried += meter->causes[static_cast<std::size_t>(Cause::retried)].get();
  CHECK(retried == 1);
}

TEST_CASE("balancer retry: a group that does not ask for it has none") {
  raw::Target good(answering(str(ok)));
  const Bench bench = bench_of({closed_port(), good.port()}, {});
  CHECK(bench.status(get) == 502);
  CHECK(bench.fates(1) == Counts{{"connect_refused_502", 1}});
}

TEST_CASE("balancer retry: an idempotent request goes again, with its body, when a target ends without a word") {
  for (const bool reset : {false, true}) {
    raw::Target bad(silent(reset));
    std::string came;
    raw::Target good([&](Connection& connection) {
      std::string head;  // none on a health check's connection
      while (!(head = connection.hear("\r\n\r\n")).empty()) {
        came = head + connection.hear("hello");
        connection.say(ok);
      }
    });
    const Bench bench = bench_of({bad.port(), good.port()}, {.attempts = 1, .idempotent = true});
    const auto client = bench.client();
    client->say("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    CHECK(client->hear("ok").starts_with("HTTP/1.1 200"));
    CHECK(came.starts_with("PUT / HTTP/1.1\r\n"));
    CHECK(came.ends_with("hello"));
    client->say(put);  // the body of the one before is not taken for a request
    CHECK(client->hear_all().starts_with("HTTP/1.1 200"));
  }
}

TEST_CASE("balancer retry: what a target may have seen does not go again, unless it is idempotent and that is wanted") {
  raw::Target bad(silent());
  raw::Target good(answering(str(ok)));
  CHECK(bench_of({bad.port(), good.port()}, {.attempts = 1}).status(get) == 502);
  CHECK(bench_of({bad.port(), good.port()}, {.attempts = 1, .idempotent = true}).status(post) == 502);
  CHECK(bench_of({bad.port(), good.port()}, {.attempts = 1, .idempotent = true}).status(get) == 200);
  raw::Target half([](Connection& connection) {
    if (!connection.hear("\r\n\r\n").empty()) connection.say("HTTP/1.1 200 OK\r\nContent-");
    connection.close();
  });
  const Bench begun = bench_of({half.port(), good.port()}, {.attempts = 1, .idempotent = true});
  CHECK(begun.status(get) == 502);
  CHECK(begun.fates(1) == Counts{{"reset_in_flight_502", 1}});
}

TEST_CASE("balancer retry: at most so many tries, each on a target that has not been tried") {
  const std::vector<int> closed{closed_port(), closed_port(), closed_port(), closed_port()};
  const Bench three = bench_of(closed, {.attempts = 2});
  CHECK(three.status(get) == 502);
  CHECK(three.fates(3) == Counts{{"connect_refused_502", 1}, {"retried", 2}});
  const Bench all = bench_of({closed[0], closed[1]}, {.attempts = 5});
  CHECK(all.status(get) == 502);
  CHECK(all.fates(2) == Counts{{"connect_refused_502", 1}, {"retried", 1}});
}

TEST_CASE("balancer retry: no more than the group's budget") {
  const Bench bench = bench_of({closed_port(), closed_port()}, {.attempts = 1, .budget_percent = 1});
  for (int i = 0; i < 15; ++i) CHECK(bench.status(get) == 502);
  CHECK(bench.fates(30) == Counts{{"connect_refused_502", 15}, {"retried", 10}, {"retry_refused", 5}});
}

TEST_CASE("balancer limits: a target with as many requests in flight as it may have gets no more") {
  std::atomic<int> asked = 0;
  std::atomic<bool> go = false;
  raw::Target slow([&](Connection& connection) {
    while (!connection.hear("\r\n\r\n").empty()) {
      ++asked;
      while (!go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      connection.say(ok);
    }
  });
  const Bench bench =
      bench_of({slow.port()}, {}, [](BalancerConfig& config) { config.target_groups[0].requests_of_target_max = 1; });
  const auto first = bench.client();
  first->say(get);
  while (asked == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(bench.status(get) == 503);
  CHECK(bench.fates(1) == Counts{{"target_full_503", 1}});
  go = true;
  CHECK(first->hear_all().starts_with("HTTP/1.1 200"));
  CHECK(bench.status(get) == 200);
}

TEST_CASE("balancer retry: a request that was tried again is one request in the counts and in the access log") {
  raw::Target good(answering(str(ok)));
  std::string lines;
  {
    Bench bench(
        closed_port(),
        [&](BalancerConfig& config) {
          BalancerTargetGroup& group = config.target_groups[0];
          group.targets.push_back({.address = "127.0.0.1", .port = good.port()});
          group.retry = {.attempts = 1};
          group.healthy_count_min = 1000;
        },
        raw::logging(lines));
    CHECK(bench.status(post) == 200);
    CHECK(bench.fates(2) == Counts{{"ok", 1}, {"retried", 1}});
    CHECK(raw::measured(bench.balancer(), Measure::requests, 1) == 1);
    CHECK(raw::measured(bench.balancer(), Measure::target_connection_errors, 0) == 0);
  }
  const auto each = split(lines, '\n');
  REQUIRE(std::ranges::count(lines, '\n') == 1);
  CHECK(each[0].contains(cat(" 127.0.0.1:", good.port(), " 0.")));
  CHECK(each[0].contains(cat(" 200 200 ", post.size(), " ")));
}
