#include "balancer/balancer.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "balancer/health.hpp"
#include "base/text.hpp"
#include "http/client.hpp"
#include "http/server.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test

namespace {

http::Response plainly(int status, std::string_view why) {
  return {.status = status, .headers = {}, .body = std::string(why)};
}

// A target on a thread of its own; answers with its name, "/hang" not before the test is over.
class Backend {
 public:
  explicit Backend(std::string name) : fd_(*reactor::listen_tcp({})), port_(reactor::local_port(fd_)) {
    thread_ = std::thread([this, name] {
      serve(name);
      loop_.drain();
    });
  }
  ~Backend() {
    loop_.stop();
    thread_.join();
  }
  [[nodiscard]] int port() const { return port_; }
  void await_hanging() {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::chrono::milliseconds(300));
  }

 private:
  void serve(const std::string& name) {
    http::Server server(
        loop_, fd_, {},
        [this, name](http::Request request) -> reactor::Co<http::Response> {
          if (request.head.target == "/hang") {
            arrived_.notify_all();
            co_await loop_.sleep(seconds(3600));
          }
          if (request.head.target == "/missing") co_return plainly(404, "no");
          const std::string* forwarded = request.head.headers.find("x-forwarded-for");
          co_return plainly(
              200, cat(name, "|", request.head.method, "|", request.body, "|", forwarded != nullptr ? *forwarded : ""));
        },
        plainly);
    loop_.run();
  }

  reactor::Loop loop_;
  int fd_;
  int port_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::thread thread_;
};

class Reports {
 public:
  ports::ReportSink sink() {
    return [this](Report report) {
      const std::scoped_lock lock(mutex_);
      all_.push_back(std::move(report));
      arrived_.notify_all();
    };
  }
  template <class Kind>
  bool until(const std::function<bool(const Kind&)>& wanted) {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, std::chrono::seconds(30), [&] {
      for (const Report& report : all_)
        if (const auto* kind = std::get_if<Kind>(&report); kind != nullptr && wanted(*kind)) return true;
      return false;
    });
  }

  template <class Kind>
  std::vector<Kind> all() {
    const std::scoped_lock lock(mutex_);
    std::vector<Kind> found;
    for (const Report& report : all_)
      if (const auto* kind = std::get_if<Kind>(&report); kind != nullptr) found.push_back(*kind);
    return found;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Report> all_;
};

int free_port() {
  const int fd = *reactor::listen_tcp({});
  const int port = reactor::local_port(fd);
  ::close(fd);
  return port;
}

BalancerConfig config_of(int port, list<BalancerTarget> targets) {
  return {.arn = "lb",
          .name = "app/web/1",
          .dns_name = "web-1.r.elb.localhost",
          .listeners = {{.arn = "l",
                         .port = port,
                         .rules = {{.arn = "r", .action = {.forward = {{.target_group_arn = "g"}}}}}}},
          .target_groups = {{.arn = "g",
                             .health_check = {.path = "/", .interval_seconds = 5, .timeout_seconds = 2},
                             .targets = std::move(targets)}}};
}

http::Exchange ask(int port, http::ClientRequest request, std::string host = "web-1.r.elb.localhost") {
  reactor::Loop loop;
  http::Exchange result;
  reactor::start([](reactor::Loop& l, int to, http::ClientRequest what, std::string name,
                    http::Exchange& into) -> reactor::Co<void> {
    http::Client client(l, {.port = to}, std::move(name));
    into = co_await client.send(std::move(what), seconds(20));
    l.stop();
  }(loop, port, std::move(request), std::move(host), result));
  loop.run();
  return result;
}

bool healthy(Reports& reports, int port) {
  return reports.until<TargetHealthReport>(
      [&](const TargetHealthReport& r) { return r.port == port && r.state == "healthy"; });
}

}  // namespace

TEST_CASE("balancer health: one success makes a new target healthy, thresholds move it between") {
  const HealthCheckRule rule{.matcher = "200-299", .healthy_threshold = 2, .unhealthy_threshold = 2};
  TargetHealth health;
  CHECK_FALSE(health.healthy());
  CHECK(health.take(rule, {CheckResult::Kind::answered, 204}));
  CHECK(health.healthy());
  CHECK_FALSE(health.take(rule, {CheckResult::Kind::answered, 500}));
  CHECK(health.take(rule, {CheckResult::Kind::answered, 500}));
  CHECK(health.report("g", "a", 1).description == "Health checks failed with these codes: [500]");
  CHECK(health.take(rule, {CheckResult::Kind::timed_out, 0}));
  CHECK(health.report("g", "a", 1).reason == "Target.Timeout");
  CHECK_FALSE(health.take(rule, {CheckResult::Kind::answered, 200}));
  CHECK(health.take(rule, {CheckResult::Kind::answered, 200}));
  CHECK(health.healthy());
}

TEST_CASE("balancer: requests go to healthy targets in turn and carry where they came from") {
  Backend one("one");
  Backend two("two");
  Reports reports;
  const int port = free_port();
  Balancer balancer({}, reports.sink(), nullptr);
  balancer.configure(
      config_of(port, {{.address = "127.0.0.1", .port = one.port()}, {.address = "127.0.0.1", .port = two.port()}}));
  REQUIRE(healthy(reports, one.port()));
  REQUIRE(healthy(reports, two.port()));
  std::set<std::string> answers;
  for (int i = 0; i < 4; ++i) {
    const http::Exchange got =
        ask(port, {.method = "POST", .target = "/x", .headers = {{"X-Forwarded-For", "9.9.9.9"}}, .body = "body"});
    REQUIRE(got.status == 200);
    answers.insert(got.body);
  }
  CHECK(answers == std::set<std::string>{"one|POST|body|9.9.9.9, 127.0.0.1", "two|POST|body|9.9.9.9, 127.0.0.1"});
  CHECK(ask(port, {.target = "/missing"}).status == 404);
  CHECK(ask(port, {.method = "TRACE"}).status == 405);
}

TEST_CASE(
    "balancer: a draining target gets nothing new and says when it is idle; what it still has is cut at the end") {
  Backend staying("staying");
  Backend leaving("leaving");
  Reports reports;
  const int port = free_port();
  Balancer balancer({}, reports.sink(), nullptr);
  const BalancerTarget stays{.address = "127.0.0.1", .port = staying.port()};
  BalancerTarget leaves{.address = "127.0.0.1", .port = leaving.port()};
  balancer.configure(config_of(port, {leaves}));
  REQUIRE(healthy(reports, leaving.port()));
  http::Exchange hanging;
  std::thread client([&] { hanging = ask(port, {.target = "/hang"}); });
  leaving.await_hanging();
  leaves.draining = true;
  balancer.configure(config_of(port, {leaves, stays}));
  REQUIRE(healthy(reports, staying.port()));
  for (int i = 0; i < 4; ++i) CHECK(ask(port, {}).body.starts_with("staying"));
  balancer.configure(config_of(port, {stays}));
  client.join();
  CHECK(hanging.status == 502);
  leaves = stays;
  leaves.draining = true;
  balancer.configure(config_of(port, {leaves}));
  CHECK(reports.until<TargetIdleReport>([&](const TargetIdleReport& r) { return r.port == staying.port(); }));
  CHECK(ask(port, {}).status == 503);
}

TEST_CASE("balancer: a target that refuses is 502, no target 503, and the ledger tells them apart") {
  Reports reports;
  const int port = free_port();
  Balancer balancer({}, reports.sink(), nullptr);
  balancer.configure(config_of(port, {{.address = "127.0.0.1", .port = 1}}));
  REQUIRE(reports.until<BalancerReport>([](const BalancerReport& r) { return r.state == "active"; }));
  const http::Exchange refused = ask(port, {});
  CHECK(refused.status == 502);
  CHECK(refused.body.find("<h1>502 Bad Gateway</h1>") != std::string::npos);
  balancer.configure(config_of(port, {}));
  CHECK(ask(port, {}).status == 503);
  std::map<str, i64> causes;
  for (const FateRow& row : balancer.fates()) causes[row.cause] += row.count;
  CHECK(causes == std::map<str, i64>{{"connect_refused_502", 1}, {"no_target_503", 1}});
}

TEST_CASE("balancer: load balancers share a port by Host") {
  Reports reports;
  const int port = free_port();
  Balancer balancer({}, reports.sink(), nullptr);
  for (const str name : {"one", "two"}) {
    BalancerConfig config = config_of(port, {});
    config.arn = name;
    config.dns_name = name + ".elb.localhost";
    config.listeners[0].rules[0].action = {
        .type = "fixed-response", .status = 200, .content_type = "text/plain", .body = "from " + name};
    balancer.configure(config);
  }
  REQUIRE(reports.until<BalancerReport>([](const BalancerReport& r) { return r.arn == "two"; }));
  CHECK(ask(port, {}, cat("one.elb.localhost:", port)).body == "from one");
  CHECK(ask(port, {}, cat("TWO.elb.localhost:", port)).body == "from two");
  CHECK(ask(port, {}, "neither").status == 503);
}

TEST_CASE("balancer: a load balancer of which one listener cannot listen is impaired, and serves with the other") {
  Reports reports;
  Balancer balancer({}, reports.sink(), nullptr);
  const int taken = *reactor::listen_tcp({});
  const int port = free_port();
  BalancerConfig config = config_of(port, {});
  config.listeners[0].rules[0].action = {.type = "fixed-response", .status = 200, .body = "here"};
  config.listeners.push_back(config.listeners[0]);
  config.listeners[1].arn = "other";
  config.listeners[1].port = reactor::local_port(taken);
  balancer.configure(config);
  const auto reported = [&](const str& state) {
    return reports.until<BalancerReport>([&](const BalancerReport& r) { return r.state.name() == state; });
  };
  REQUIRE(reported("active_impaired"));
  CHECK(ask(port, {}, "a").body == "here");
  ::close(taken);
  CHECK(reported("active"));
}

TEST_CASE("balancer: a port that another program has taken is reported for those who need it, once, and tried again") {
  Reports reports;
  Balancer balancer({}, reports.sink(), nullptr);
  const int taken = *reactor::listen_tcp({});
  const auto configure = [&](const str& arn, int port) {
    BalancerConfig config = config_of(port, {});
    config.arn = arn;
    balancer.configure(config);
  };
  const auto reported = [&](const str& arn, const str& state) {
    return reports.until<BalancerReport>([&](const BalancerReport& r) {
      return r.arn == arn && r.state.name() == state && r.reason.contains("taken") == (state == "failed");
    });
  };
  configure("one", reactor::local_port(taken));
  configure("two", reactor::local_port(taken));
  for (int i = 0; i < 3; ++i) configure("two", reactor::local_port(taken));
  configure("elsewhere", free_port());
  CHECK(reported("elsewhere", "active"));  // so those before have been, too
  ::close(taken);
  CHECK(reported("one", "active"));
  CHECK(reported("two", "active"));
  std::map<str, int> counts;
  for (const BalancerReport& each : reports.all<BalancerReport>()) ++counts[cat(each.arn, " ", each.state.name())];
  CHECK(counts ==
        std::map<str, int>{
            {"elsewhere active", 1}, {"one active", 1}, {"one failed", 1}, {"two active", 1}, {"two failed", 4}});
}
