#include "app/live_tail.hpp"

#include <doctest/doctest.h>

#include "app/modules.hpp"
#include "base/text.hpp"
#include "services/logs/group_ops.hpp"
#include "services/logs/limits.hpp"
#include "services/logs/stream_ops.hpp"
#include "sim/memory_store.hpp"

using namespace utakata;  // NOLINT: a test
using reactor::Co;
namespace api = logs::api;

namespace {

constexpr Instant noon{1'778'068'800'000'000'000};
constexpr i64 noon_ms = noon.ns / 1'000'000;
const World here{.account = "111122223333", .region = "ap-northeast-1"};

constexpr Operation make_group = operation<logs::create_log_group>("CreateLogGroup");
constexpr Operation make_stream = operation<logs::create_log_stream>("CreateLogStream");

// Live tails of the group "/app" with the stream "s", over pages of events that the test makes.
struct Tails {
  reactor::Loop loop;
  sim::MemoryStore store{1};
  Machine machine{1, app::modules()};
  LogPage page;
  shell::Engine engine{machine,
                       store,
                       0,
                       {.clock = [] { return noon; },
                        .post = [this](std::function<void()> work) { loop.post(std::move(work)); },
                        .wake_at = [](Instant) {},
                        .perform = [](const Effect&) {},
                        .journal_failed = [](const Fault&) {},
                        .ask =
                            [this](const Question& question, const std::function<void(Outcome<Answer>)>& done) {
                              LogPage answer = page;
                              for (auto& each : answer.events)
                                each.place.stream = std::get<LogQuery>(question).streams.at(0);
                              done(answer);
                            }}};
  app::LiveTails tails{loop, engine};
  api::StartLiveTailResponse begun{
      .responseStream = api::StartLiveTailResponseStream{
          .sessionStart = api::LiveTailSessionStart{.logGroupIdentifiers = list<str>{"/app"}}}};

  Tails() {
    call(make_group, api::CreateLogGroupRequest{.logGroupName = "/app"});
    call(make_stream, api::CreateLogStreamRequest{.logGroupName = "/app", .logStreamName = "s"});
  }
  ~Tails() { loop.drain(); }

  template <class Request>
  void call(const Operation& operation, const Request& request) {
    bool done = false;
    auto pending = std::make_unique<shell::PendingCall>();
    pending->world = here;
    pending->operation = &operation;
    pending->input = operation.new_input();
    *static_cast<Request*>(pending->input.get()) = request;
    pending->done = [&done](const Outcome<>& outcome) { done = outcome.has_value(); };
    engine.call(std::move(pending));
    until(done);
  }
  void until(const bool& done) {
    for (int i = 0; i < 6000 && !done; ++i) loop.run_once(milliseconds(5));
    REQUIRE(done);
  }
  str next(const http::Pieces& pieces) {
    bool done = false;
    str piece;
    reactor::start([](const http::Pieces& from, str& into, bool& ended) -> Co<void> {
      into = (co_await from()).value_or("the end");
      ended = true;
    }(pieces, piece, done));
    until(done);
    return piece;
  }
  // Events at these milliseconds after noon; `more`: there are older ones.
  void hold(const list<i64>& times, i64 ingested, bool more) {
    page = {};
    for (const i64 at : times)
      page.events.push_back({.place = {.at = noon_ms + at, .offset = at},
                             .event = {.at = noon_ms + at, .ingested = noon_ms + ingested, .text = cat("event ", at)}});
    if (more) page.next = page.events.front().place;
  }
};

bool sampled(const str& piece) { return piece.contains(R"("sampled":true)"); }

}  // namespace

TEST_CASE("live tail: an account has so many sessions in a region, and one that ends makes room") {
  Tails bench;
  list<http::Pieces> open;
  for (std::size_t n = 0; n < logs::limits::live_tail_sessions; ++n) {
    auto pieces = bench.tails.begin(here, bench.begun);
    REQUIRE(pieces);
    open.push_back(*std::move(pieces));
  }
  const auto refused = bench.tails.begin(here, bench.begun);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "LimitExceededException");
  CHECK(refused.error().message.contains("15 Live Tail sessions"));
  CHECK(bench.tails.begin({.account = here.account, .region = "eu-west-1"}, bench.begun));
  open.pop_back();
  CHECK(bench.tails.begin(here, bench.begun));
}

TEST_CASE("live tail: sampled says that events are missing, not that older ones were told before") {
  Tails bench;
  const auto pieces = bench.tails.begin(here, bench.begun);
  REQUIRE(pieces);
  CHECK(bench.next(*pieces).contains("sessionStart"));
  bench.hold({1, 2, 3}, -1, true);
  const str before = bench.next(*pieces);
  CHECK_FALSE(before.contains("event 1"));
  CHECK_FALSE(sampled(before));  // what does not fit is older than the session
  bench.hold({4, 5}, 5, true);
  const str first = bench.next(*pieces);
  CHECK(first.contains("event 4"));
  CHECK(sampled(first));
  bench.hold({5, 6}, 6, true);
  const str second = bench.next(*pieces);
  CHECK(second.contains("event 6"));
  CHECK_FALSE(second.contains("event 5"));
  CHECK_FALSE(sampled(second));
}
