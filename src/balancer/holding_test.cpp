#include <doctest/doctest.h>

#include <condition_variable>

#include "balancer/raw_fixture_test.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test
using raw::answering;
using raw::Bench;
using Counts = Bench::Counts;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

// How many requests the control plane was told are held, the last time.
class Wanted {
 public:
  ports::ReportSink sink() {
    return [this](const Report& report) {
      const auto* wanted = std::get_if<TargetGroupWantedReport>(&report);
      if (wanted == nullptr) return;
      const std::scoped_lock lock(mutex_);
      held_ = wanted->held;
      changed_.notify_all();
    };
  }
  bool until(i32 held) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return held_ == held; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  i32 held_ = -1;
};

raw::Adapt holding(HoldRule rule) {
  return [rule](BalancerConfig& config) { config.target_groups[0].hold = rule; };
}
raw::Adapt with_target(int port) {
  return [port](BalancerConfig& config) { config.target_groups[0].targets = {{.address = "127.0.0.1", .port = port}}; };
}

}  // namespace

TEST_CASE("balancer hold: a request waits for the first healthy target, and says that it is wanted") {
  raw::Target target(answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  Wanted wanted;
  Bench bench(0, holding({.seconds = 300}), wanted.sink());
  const auto client = bench.client();
  client->say("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhel");
  REQUIRE(wanted.until(1));
  client->say("lo");
  bench.reconfigure(with_target(target.port()));
  CHECK(client->hear_all().starts_with("HTTP/1.1 200"));
  CHECK(wanted.until(0));
  CHECK(bench.fates(1) == Counts{{"ok", 1}});
}

TEST_CASE("balancer hold: at most for its time, then as without") {
  Wanted wanted;
  const Bench bench(0, holding({.seconds = 1}), wanted.sink());
  CHECK(bench.status(get) == 503);
  CHECK(wanted.until(0));
  CHECK(bench.fates(1) == Counts{{"no_target_503", 1}});
}

TEST_CASE("balancer hold: at most so many; and who resets meanwhile waits no more") {
  Wanted wanted;
  const Bench bench(0, holding({.seconds = 300, .requests = 1}), wanted.sink());
  const auto client = bench.client();
  client->say(get);
  REQUIRE(wanted.until(1));
  CHECK(bench.status(get) == 503);
  client->reset();
  CHECK(wanted.until(0));
  CHECK(bench.fates(2) == Counts{{"client_closed_460", 1}, {"no_target_503", 1}});
}

TEST_CASE("balancer hold: who closes meanwhile has gone, and makes room for the next") {
  raw::Target target(answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  Wanted wanted;
  Bench bench(0, holding({.seconds = 300, .requests = 1}), wanted.sink());
  const auto first = bench.client();
  first->say(get);
  REQUIRE(wanted.until(1));
  first->close();
  CHECK(bench.fates(1) == Counts{{"client_closed_460", 1}});
  const auto second = bench.client();
  second->say(get);
  bench.reconfigure(with_target(target.port()));
  CHECK(second->hear_all().starts_with("HTTP/1.1 200"));
  CHECK(bench.fates(2) == Counts{{"client_closed_460", 1}, {"ok", 1}});
}

TEST_CASE("balancer hold: switching it off lets everybody go, and so does the end of the balancer") {
  Wanted wanted;
  {
    Bench bench(0, holding({.seconds = 300}), wanted.sink());
    const auto client = bench.client();
    client->say(get);
    REQUIRE(wanted.until(1));
    bench.reconfigure(holding({}));
    CHECK(client->hear_all().starts_with("HTTP/1.1 503"));
    REQUIRE(wanted.until(0));
    bench.reconfigure(holding({.seconds = 300}));
    const auto other = bench.client();
    other->say(get);
    REQUIRE(wanted.until(1));
  }
}
