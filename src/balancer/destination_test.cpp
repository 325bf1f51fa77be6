#include <doctest/doctest.h>

#include "balancer/log_fixture_test.hpp"
#include "balancer/raw_fixture_test.hpp"
#include "balancer/stickiness.hpp"
#include "reactor/wall_clock.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test
using raw::Bench;
using raw::Connection;
using Cookies = std::map<std::string, std::string>;

namespace {

// Answers with its name; "/login" sets its own cookie, "/up" says how healthy it is.
raw::Target::Behaviour named(std::string name, int health = 200) {
  return [name = std::move(name), health](Connection& connection) {
    std::string head;
    while (!(head = connection.hear("\r\n\r\n")).empty()) {
      const int status = head.starts_with("GET /up") ? health : 200;
      const std::string_view cookie = head.starts_with("GET /login") ? "Set-Cookie: session=1; Path=/\r\n" : "";
      connection.say(cat("HTTP/1.1 ", status, " X\r\n", cookie, "Content-Length: 2\r\n\r\n", name, "."));
    }
  };
}

struct Page {
  std::string head, target;
  Cookies cookies;  // that it sets, without their attributes
};

class Browser {
 public:
  explicit Browser(const Bench& bench) : client_(bench.client()) {}

  Page ask(const Cookies& cookies = {}, std::string_view path = "/") {
    std::string text = cat("GET ", path, " HTTP/1.1\r\nHost: a\r\n");
    for (const auto& [name, value] : cookies) text += cat("Cookie: ", name, "=", value, "\r\n");
    client_->say(cat(text, "\r\n"));
    Page answer{.head = client_->hear("\r\n\r\n")};
    answer.target = client_->hear(".");  // "NAME."
    if (!answer.target.empty()) answer.target.pop_back();
    for (const std::string_view line : split(answer.head, '\n')) {
      if (!line.starts_with("Set-Cookie: ")) continue;
      const std::string_view pair = line.substr(12, line.find(';') - 12);
      const std::size_t equals = pair.find('=');
      answer.cookies[std::string(pair.substr(0, equals))] = pair.substr(equals + 1);
    }
    return answer;
  }

 private:
  std::unique_ptr<Connection> client_;
};

std::string bound_to_port(int port, Duration ago = {}) {
  return BondSeal(raw::cookie_secret).seal({.to = cat("127.0.0.1:", port), .since = reactor::wall_clock() - ago});
}
std::string place_in(const std::string& value) {
  const auto bond = BondSeal(raw::cookie_secret).open(value);
  return bond ? bond->to : "";
}

void by_balancer(BalancerConfig& config) {
  config.target_groups[0].stickiness = {.kind = "lb_cookie", .duration_seconds = 60};
}

struct Two {
  raw::Target a, b;
  Bench bench;

  explicit Two(const raw::Adapt& adapt, int health_of_b = 200)
      : a(named("a")), b(named("b", health_of_b)), bench(a.port(), [&](BalancerConfig& config) {
          config.target_groups[0].targets.push_back({.address = "127.0.0.1", .port = b.port()});
          if (adapt) adapt(config);
        }) {}
};

}  // namespace

TEST_CASE("balancer stickiness: a cookie keeps a client with its target, and each answer begins it anew") {
  const Two two(by_balancer);
  Browser browser(two.bench);
  CHECK(browser.ask().target == "a");
  const Page first = browser.ask();
  CHECK(first.target == "b");
  CHECK(first.cookies.at("AWSALB") == first.cookies.at("AWSALBCORS"));
  CHECK(place_in(first.cookies.at("AWSALB")) == cat("127.0.0.1:", two.b.port()));
  CHECK(first.head.contains("; Path=/; SameSite=None; Secure\r\n"));
  CHECK(first.head.contains("; Expires="));
  for (int i = 0; i < 4; ++i) {
    const Page next = browser.ask(first.cookies);
    CHECK(next.target == "b");
    CHECK(place_in(next.cookies.at("AWSALB")) == cat("127.0.0.1:", two.b.port()));
  }
  const Cookies aged{{"AWSALB", bound_to_port(two.b.port(), seconds(30))}};
  CHECK(browser.ask(aged).target == "b");
  CHECK(browser.ask(aged).cookies.at("AWSALB") != aged.at("AWSALB"));
  CHECK(raw::counted(two.bench, Measure::unbound_requests).first == 2);
}

TEST_CASE("balancer stickiness: a cookie that is too old or not ours binds nobody, and gives way to a new one") {
  for (const int kind : {0, 1, 2}) {
    const Two two(by_balancer);
    const std::string value = kind == 0   ? bound_to_port(two.b.port(), seconds(61))
                              : kind == 1 ? "nonsense"
                                          : bound_to_port(two.b.port()).substr(4);
    const Page answer = Browser(two.bench).ask({{"AWSALB", value}});
    CHECK(answer.target == "a");
    CHECK(place_in(answer.cookies.at("AWSALB")) == cat("127.0.0.1:", two.a.port()));
  }
}

TEST_CASE(
    "balancer stickiness: who is bound to a target that drains or has gone is bound to another, and stays there") {
  Two two(by_balancer);
  Browser browser(two.bench);
  Cookies cookies{{"AWSALB", bound_to_port(two.b.port())}};
  CHECK(browser.ask(cookies).target == "b");
  two.bench.reconfigure([](BalancerConfig& config) { config.target_groups[0].targets[1].draining = true; });
  Page answer = browser.ask(cookies);
  for (int i = 0; answer.target == "b" && i < 3000; ++i) answer = browser.ask(cookies);  // until it is configured
  CHECK(answer.target == "a");
  two.bench.reconfigure([](BalancerConfig& config) { config.target_groups[0].targets[1].draining = false; });
  for (int i = 0; browser.ask().target == "a" && i < 3000; ++i) continue;
  for (int i = 0; i < 4; ++i) CHECK(browser.ask(answer.cookies).target == "a");
  two.bench.reconfigure([](BalancerConfig& config) { config.target_groups[0].targets.pop_back(); });
  cookies = {{"AWSALB", bound_to_port(two.b.port())}};
  answer = browser.ask(cookies);
  for (int i = 0; answer.target == "b" && i < 3000; ++i) answer = browser.ask(cookies);
  CHECK(answer.target == "a");
}

TEST_CASE("balancer stickiness: who is bound to an unhealthy target is bound to a healthy one") {
  const Two two(
      [](BalancerConfig& config) {
        by_balancer(config);
        config.target_groups[0].health_check = {.path = "/up", .interval_seconds = 300, .timeout_seconds = 120};
      },
      500);
  Browser browser(two.bench);
  const Cookies cookies{{"AWSALB", bound_to_port(two.b.port())}};
  Page answer = browser.ask(cookies);
  for (int i = 0; answer.target == "b" && i < 3000; ++i) {  // as long as nobody is known to be healthy
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    answer = browser.ask(cookies);
  }
  CHECK(answer.target == "a");
  CHECK(place_in(answer.cookies.at("AWSALB")) == cat("127.0.0.1:", two.a.port()));
}

TEST_CASE("balancer stickiness: by the application's cookie, from when it is set, as long as both come back") {
  const Two two([](BalancerConfig& config) {
    config.target_groups[0].stickiness = {.kind = "app_cookie", .duration_seconds = 60, .cookie_name = "session"};
  });
  Browser browser(two.bench);
  const Page before = browser.ask();
  CHECK(before.target == "a");
  CHECK(before.cookies.empty());
  const Page login = browser.ask({}, "/login");
  CHECK(login.target == "b");
  CHECK(login.cookies.size() == 2);
  CHECK(place_in(login.cookies.at("AWSALBAPP-0")) == cat("127.0.0.1:", two.b.port()));
  for (int i = 0; i < 4; ++i) {
    const Page next = browser.ask(login.cookies);
    CHECK(next.target == "b");
    CHECK(place_in(next.cookies.at("AWSALBAPP-0")) == cat("127.0.0.1:", two.b.port()));
  }
  const Page lone = browser.ask({{"AWSALBAPP-0", login.cookies.at("AWSALBAPP-0")}});
  CHECK(lone.cookies.empty());
  CHECK(lone.target != browser.ask({{"AWSALBAPP-0", login.cookies.at("AWSALBAPP-0")}}).target);
  // Where its target has gone, the session goes on at another without another login.
  const Page moved = browser.ask({{"session", "1"}, {"AWSALBAPP-0", bound_to_port(1)}});
  CHECK(place_in(moved.cookies.at("AWSALBAPP-0")) ==
        cat("127.0.0.1:", moved.target == "a" ? two.a.port() : two.b.port()));
}

TEST_CASE("balancer stickiness: a weighted forward keeps a client with its group until its weight is zero") {
  raw::Target blue(named("b"));
  raw::Target green(named("g"));
  Bench bench(blue.port(), [&](BalancerConfig& config) {
    config.target_groups.push_back(config.target_groups[0]);
    config.target_groups[1].arn = "other";
    config.target_groups[1].targets[0].port = green.port();
    config.listeners[0].rules[0].action = {
        .forward = {{.target_group_arn = "g", .weight = 1}, {.target_group_arn = "other", .weight = 1}},
        .group_stickiness_seconds = 60};
  });
  Browser browser(bench);
  std::map<std::string, Cookies> seen;
  for (int i = 0; i < 10; ++i) {
    Page answer = browser.ask();
    seen[answer.target] = answer.cookies;
  }
  REQUIRE(seen.size() == 2);
  CHECK(seen["b"].size() == 2);
  CHECK(seen["b"].at("AWSALBTG") == seen["b"].at("AWSALBTGCORS"));
  for (const auto& [target, cookies] : seen)
    for (int i = 0; i < 6; ++i) {
      const Page next = browser.ask(cookies);
      CHECK(next.target == target);
      CHECK(next.cookies.contains("AWSALBTG"));
    }
  bench.reconfigure([](BalancerConfig& config) { config.listeners[0].rules[0].action.forward[1].weight = 0; });
  Page answer = browser.ask(seen["g"]);
  for (int i = 0; answer.target == "g" && i < 3000; ++i) answer = browser.ask(seen["g"]);
  CHECK(answer.target == "b");
  CHECK(place_in(answer.cookies.at("AWSALBTG")) == "g");
}

TEST_CASE("balancer stickiness: without it no cookie is set and none is looked at") {
  const Two two({});
  Browser browser(two.bench);
  const Cookies cookies{{"AWSALB", bound_to_port(two.b.port())}};
  const Page answer = browser.ask(cookies);
  CHECK(answer.target == "a");
  CHECK_FALSE(answer.head.contains("Set-Cookie"));
  CHECK(browser.ask(cookies).target == "b");
  CHECK(raw::counted(two.bench, Measure::unbound_requests).first == 0);
}
