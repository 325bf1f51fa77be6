#include <doctest/doctest.h>

#include <atomic>

#include "balancer/raw_fixture_test.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test

TEST_CASE("balancer health check: its answer's body may be of any size") {
  raw::Target target([](raw::Connection& connection) {
    if (connection.hear("\r\n\r\n").empty()) return;
    connection.say("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
    const std::string part(1'000'000, 'x');
    for (int i = 0; i < 3; ++i) connection.say(part);
    connection.hear_all();
  });
  std::atomic<bool> healthy = false;
  std::atomic<int> reports = 0;
  const raw::Bench bench(
      target.port(),
      [](BalancerConfig& config) {
        config.target_groups[0].health_check = {.path = "/up", .interval_seconds = 10, .timeout_seconds = 5};
      },
      [&](const Report& report) {
        const auto* health = std::get_if<TargetHealthReport>(&report);
        if (health == nullptr) return;
        healthy = healthy || health->state == "healthy";
        ++reports;
      });
  for (int i = 0; i < 2000 && !healthy && reports < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(healthy);
}
