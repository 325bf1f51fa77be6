#include <doctest/doctest.h>

#include "balancer/raw_fixture_test.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test
using raw::answering;
using raw::Bench;
using raw::Connection;

namespace {

constexpr int targets = 3;
constexpr int window = targets * 200;

// How many of a window's requests get an error from a target.
int errors_of_window(Connection& client) {
  int found = 0;
  for (int i = 0; i < window; ++i) {
    client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    found += client.hear("\r\n\r\n").starts_with("HTTP/1.1 500") ? 1 : 0;
  }
  return found;
}

}  // namespace

TEST_CASE("balancer: mitigation leads requests away from a target that answers with errors") {
  raw::Target good(answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  raw::Target also_good(answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
  raw::Target failing(answering("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"));
  const auto bench = [&](bool mitigation) {
    return std::make_unique<Bench>(good.port(), [&, mitigation](BalancerConfig& config) {
      BalancerTargetGroup& group = config.target_groups[0];
      group.algorithm = "weighted_random";
      group.anomaly_mitigation = mitigation;
      group.targets.push_back({.address = "127.0.0.1", .port = also_good.port()});
      group.targets.push_back({.address = "127.0.0.1", .port = failing.port()});
      // Anomalies are looked for among healthy targets only.
      group.health_check = {.path = "/up", .matcher = "200-599", .interval_seconds = 300, .timeout_seconds = 120};
    });
  };
  const auto without = bench(false);
  const auto client = without->client();
  for (int i = 0; i < 5; ++i) CHECK(errors_of_window(*client) > window / 4);
  const auto with = bench(true);
  const auto other = with->client();
  int errors = errors_of_window(*other);
  for (int i = 0; errors >= window / 10 && i < 100; ++i) errors = errors_of_window(*other);
  CHECK(errors < window / 10);
}
