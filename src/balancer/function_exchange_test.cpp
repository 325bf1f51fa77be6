#include <doctest/doctest.h>
#include <poll.h>

#include "balancer/function_event.hpp"
#include "balancer/function_exchange.hpp"
#include "balancer/log_fixture_test.hpp"
#include "balancer/raw_fixture_test.hpp"
#include "base/json.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test
using ports::FunctionResult;
using raw::Bench;
using Counts = Bench::Counts;

namespace {

constexpr std::string_view arn = "arn:aws:lambda:r:1:function:f";
constexpr std::string_view get = "GET /a?b=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

// A function that ends as the test says, at once or when the test says so.
class FakeDoor final : public ports::FunctionDoor {
 public:
  using Result = FunctionResult;
  explicit FakeDoor(Result result) : result_(std::move(result)) {}
  void invoke(const std::string& function, std::string event, std::function<void(Result)> done) override {
    const std::scoped_lock lock(mutex_);
    called_ = function;
    events_.push_back(std::move(event));
    if (late) return waiting_.push_back(std::move(done));
    done(result_);
  }
  std::size_t waiting() {
    const std::scoped_lock lock(mutex_);
    return waiting_.size();
  }
  void finish() {
    const std::scoped_lock lock(mutex_);
    for (const auto& done : waiting_) done(result_);
    waiting_.clear();
  }
  std::string event() {
    const std::scoped_lock lock(mutex_);
    return events_.empty() ? "" : events_.back();
  }
  std::string called() {
    const std::scoped_lock lock(mutex_);
    return called_;
  }
  std::atomic<bool> late = false;

 private:
  std::mutex mutex_;
  Result result_;
  std::string called_;
  std::vector<std::string> events_;
  std::vector<std::function<void(Result)>> waiting_;
};

FunctionResult returns(std::string json) { return {FunctionResult::Ending::answered, std::move(json)}; }

void of_function(BalancerConfig& config) {
  BalancerTargetGroup& group = config.target_groups[0];
  group.function = true;
  group.health_check.enabled = false;
  group.targets = {{.address = str(arn)}};
  config.target_header = true;
}

Bench bench_of(FakeDoor& door) {
  return Bench(0, of_function, [](const Report&) {}, &door);
}

Counts fate_of(FunctionResult result, int status) {
  FakeDoor door(std::move(result));
  const Bench bench = bench_of(door);
  CHECK(bench.status(get) == status);
  return bench.fates(1);
}

void wait_for(FakeDoor& door) {
  while (door.waiting() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace

TEST_CASE("balancer function: a request becomes an event, what it returns the answer") {
  FakeDoor door(returns(R"({"statusCode":201,"headers":{"Content-Type":"text/plain"},"body":"made"})"));
  const Bench bench = bench_of(door);
  const auto client = bench.client();
  client->say(
      "POST /p%20q?b=1 HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel");
  client->say("\r\n2\r\nlo\r\n0\r\n\r\n");
  const std::string answer = client->hear("made");
  CHECK(answer.starts_with("HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\n"));
  CHECK(answer.contains(cat("X-Utakata-Target: ", arn, "\r\n")));
  CHECK(door.called() == arn);
  const auto event = Json::parse(door.event());
  REQUIRE(event);
  CHECK(event->text_at({"httpMethod"}) == "POST");
  CHECK(event->text_at({"path"}) == "/p%20q");
  CHECK(event->text_at({"body"}) == "hello");
  CHECK(event->text_at({"headers", "x-forwarded-for"}) == "127.0.0.1");
  CHECK(event->text_at({"headers", "x-amzn-trace-id"}).starts_with("Root=1-"));
  CHECK(event->find({"headers", "transfer-encoding"}) == nullptr);
  // The connection is good for the next request.
  client->say("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(client->hear_all().ends_with("Content-Length: 4\r\nConnection: close\r\n\r\n"));
  CHECK(bench.fates(2) == Counts{{"ok", 2}});
}

TEST_CASE("balancer function: a request with as many headers as there may be is told whole") {
  FakeDoor door(returns(R"({"statusCode":200})"));
  const Bench bench = bench_of(door);
  std::string request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
  for (int i = 0; i < 498; ++i) request += cat("H", i, ": v\r\n");
  CHECK(bench.status(request + "\r\n") == 200);
  const auto event = Json::parse(door.event());
  REQUIRE(event);
  CHECK(event->text_at({"headers", "h497"}) == "v");
  CHECK(event->text_at({"headers", "x-amzn-trace-id"}).starts_with("Root="));
}

TEST_CASE("balancer function: how a call ends is how the request ends") {
  using Ending = FunctionResult::Ending;
  CHECK(fate_of(returns(R"({"statusCode":404})"), 404) == Counts{{"target_4xx", 1}});
  CHECK(fate_of(returns(R"({"statusCode":500})"), 500) == Counts{{"target_5xx", 1}});
  CHECK(fate_of(returns(R"("hello")"), 502) == Counts{{"lambda_invalid_answer_502", 1}});
  CHECK(fate_of(returns(std::string(function_answer_max + 1, ' ')), 502) == Counts{{"lambda_answer_too_large_502", 1}});
  CHECK(fate_of({Ending::missing, ""}, 502) == Counts{{"lambda_missing_502", 1}});
  CHECK(fate_of({Ending::failed, ""}, 502) == Counts{{"lambda_failed_502", 1}});
  CHECK(fate_of({Ending::throttled, ""}, 502) == Counts{{"lambda_failed_502", 1}});
  CHECK(fate_of({Ending::denied, ""}, 502) == Counts{{"lambda_failed_502", 1}});
  CHECK(fate_of({Ending::unreachable, ""}, 504) == Counts{{"lambda_timeout_504", 1}});
}

TEST_CASE("balancer function: where nothing runs functions, there is none") {
  const Bench bench(0, of_function);
  CHECK(bench.status(get) == 502);
  CHECK(bench.fates(1) == Counts{{"lambda_missing_502", 1}});
}

TEST_CASE("balancer function: what it cannot be asked") {
  FakeDoor door(returns(R"({"statusCode":200})"));
  const Bench bench = bench_of(door);
  CHECK(bench.status(cat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ", function_body_max + 1, "\r\n\r\n")) == 413);
  const auto client = bench.client();
  client->say("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  client->say(cat("110000\r\n", std::string(0x110000, 'x'), "\r\n0\r\n\r\n"));
  CHECK(client->hear("\r\n").starts_with("HTTP/1.1 413"));
  CHECK(bench.status("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n") == 400);
  CHECK(bench.fates(3) == Counts{{"bad_request", 1}, {"lambda_request_too_large_413", 2}});
  CHECK(door.event().empty());
}

TEST_CASE("balancer function: bodies that have not come yet take no room from others") {
  FakeDoor door(returns(R"({"statusCode":200})"));
  const Bench bench = bench_of(door);
  constexpr std::string_view slow =
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::vector<std::unique_ptr<raw::Connection>> waiting;
  for (std::size_t i = 0; i < function_bytes_max / function_body_max; ++i) {
    waiting.push_back(bench.client());
    waiting.back()->say(slow);
    REQUIRE(waiting.back()->hear("\r\n\r\n").starts_with("HTTP/1.1 100"));
  }
  CHECK(bench.status("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi") == 200);
}

TEST_CASE("balancer function: bodies are held only as far as there is room for all") {
  FakeDoor door(returns(R"({"statusCode":200})"));
  const Bench bench = bench_of(door);
  const std::string small =
      cat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\nConnection: close\r\n\r\n", std::string(100, 'x'));
  // All but the last byte of each: there is no room for 100 bytes more.
  const std::string unfinished = cat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ", function_body_max, "\r\n\r\n",
                                     std::string(function_body_max - 1, 'x'));
  std::vector<std::unique_ptr<raw::Connection>> waiting;
  for (std::size_t i = 0; i < function_bytes_max / function_body_max; ++i) {
    waiting.push_back(bench.client());
    waiting.back()->say(unfinished);
  }
  // They are read meanwhile, and it may be one of them that comes too much. The limit only ends a test that would hang.
  bool refused = false;
  for (const Instant end = wall_clock() + seconds(60); !refused && wall_clock() < end;) {
    static_cast<void>(bench.status(small));
    refused = bench.fates(1).contains("exhausted_503");
  }
  CHECK(refused);
  waiting.clear();
  bool room = false;
  for (const Instant end = wall_clock() + seconds(60); !room && wall_clock() < end;) room = bench.status(small) == 200;
  CHECK(room);
}

TEST_CASE("balancer function: a body comes whole within the idle timeout, however it drips") {
  FakeDoor door(returns(R"({"statusCode":200})"));
  Bench bench = bench_of(door);
  bench.reconfigure([](BalancerConfig& config) { config.idle_timeout_seconds = 1; });
  const auto client = bench.client();
  client->say("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  pollfd answer{.fd = client->fd(), .events = POLLIN, .revents = 0};
  for (int i = 0; i < 100 && ::poll(&answer, 1, 50) == 0; ++i) client->say("1\r\nx\r\n");
  REQUIRE((answer.revents & POLLIN) != 0);
  CHECK(client->hear("\r\n").starts_with("HTTP/1.1 408"));
  CHECK(door.event().empty());
}

TEST_CASE("balancer function: one that takes too long, and one that ends after the balancer") {
  FakeDoor door(returns(R"({"statusCode":200})"));
  door.late = true;
  {
    Bench bench = bench_of(door);
    bench.reconfigure([](BalancerConfig& config) { config.idle_timeout_seconds = 1; });
    CHECK(bench.status(get) == 504);
    CHECK(bench.fates(1) == Counts{{"lambda_timeout_504", 1}});
    door.finish();  // too late for anybody
    const auto client = bench.client();
    bench.reconfigure([](BalancerConfig& config) { config.idle_timeout_seconds = 60; });
    client->say(get);
    wait_for(door);
    door.finish();
    CHECK(client->hear_all().starts_with("HTTP/1.1 200"));
    client->reset();
    const auto last = bench.client();
    last->say(get);
    wait_for(door);
  }
  door.finish();
}

TEST_CASE("balancer function: a client that closes before the function has ended is 460") {
  FakeDoor door(returns(R"({"statusCode":200})"));
  door.late = true;
  const Bench bench = bench_of(door);
  const auto client = bench.client();
  client->say(get);
  wait_for(door);
  client->close();
  door.finish();
  CHECK(bench.fates(1) == Counts{{"client_closed_460", 1}});
}

TEST_CASE("balancer function: health checks call it, when they are on") {
  FakeDoor door(returns(R"({"statusCode":500})"));
  std::mutex mutex;
  std::string said;
  const Bench bench(
      0,
      [](BalancerConfig& config) {
        of_function(config);
        config.target_groups[0].health_check = {.path = "/up", .interval_seconds = 1, .unhealthy_threshold = 1};
      },
      [&](const Report& report) {
        if (const auto* health = std::get_if<TargetHealthReport>(&report)) {
          const std::scoped_lock lock(mutex);
          said = health->reason;
        }
      },
      &door);
  const auto reason = [&] {
    const std::scoped_lock lock(mutex);
    return said;
  };
  for (int i = 0; i < 3000 && reason() != "Target.ResponseCodeMismatch"; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(reason() == "Target.ResponseCodeMismatch");
  CHECK(door.event().contains(R"("path":"/up")"));
  CHECK(door.event().contains("ELB-HealthChecker/2.0"));
}

TEST_CASE("balancer function: its answers and its failures are in the access log and in the counts") {
  std::string lines;
  const auto logged = [&](FunctionResult result, int status) {
    lines.clear();
    FakeDoor door(std::move(result));
    Settings settings = raw::logging(lines);
    settings.functions = &door;
    Bench bench(0, of_function, std::move(settings));
    CHECK(bench.status(get) == status);
    CHECK(raw::measured(bench.balancer(), Measure::requests, 1) == 1);
    return raw::measured(bench.balancer(), status == 201 ? Measure::target_2xx : Measure::elb_502, 1);
  };
  CHECK(logged(returns(R"({"statusCode":201,"body":"made"})"), 201) == 1);
  CHECK(lines.contains(cat(" - 0.")));
  CHECK(lines.contains(cat(" 201 201 ", get.size(), " ")));
  CHECK(lines.contains(" g \"Root=1-"));
  CHECK(lines.contains("\"forward\" \"-\" \"-\" \"-\" \"201\""));
  CHECK(logged({FunctionResult::Ending::missing, {}}, 502) == 1);
  CHECK(lines.contains(" 502 - "));
  CHECK(lines.contains("\"forward\" \"-\" \"LambdaResourceNotFound\" \"-\" \"-\""));
}
