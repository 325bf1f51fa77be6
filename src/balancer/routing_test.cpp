#include "balancer/routing.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>

#include "base/hash.hpp"
#include "base/text.hpp"
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#include <sanitizer/allocator_interface.h>
#endif

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

// Counts what this thread takes of the heap. Sanitizers have an operator new of their own, and tell of what it takes.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
namespace {
const int counting = __sanitizer_install_malloc_and_free_hooks([](const volatile void*, std::size_t) { ++allocations; },
                                                               [](const volatile void*) {});
}  // namespace
#else
void* operator new(std::size_t size) {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }
#endif

namespace {

constexpr std::string_view nowhere = "nowhere";

Routing routing_of(list<BalancerRule> rules) {
  rules.push_back({.arn = "default"});
  return Routing(
      std::make_shared<const BalancerConfig>(BalancerConfig{.listeners = {{.port = 80, .rules = std::move(rules)}}}));
}

// One rule with this condition: whether the request meets it.
bool holds(BalancerCondition condition, const RequestView& view) {
  const Routing routing = routing_of({{.arn = "rule", .priority = 1, .conditions = {std::move(condition)}}});
  CHECK(routing.choose(view).rule == routing.walk(view).rule);
  return routing.choose(view).rule->arn == "rule";
}

bool query_holds(list<QueryPair> wanted, std::string_view target) {
  return holds({.field = "query-string", .query = std::move(wanted)}, {.target = target});
}

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(mix(seed)) {}
  std::size_t roll(std::size_t sides) { return (state_ = mix(state_ + 0x9e3779b97f4a7c15U)) % sides; }
  template <std::size_t N>
  std::string_view any(const std::array<std::string_view, N>& of) {
    return of[roll(N)];
  }

 private:
  std::uint64_t state_;
};

constexpr std::array<std::string_view, 4> labels{"a", "b", "shop", "x"};
constexpr std::array<std::string_view, 5> segments{"", "api", "v1", "img", "a"};

std::string host(Dice& dice, bool pattern) {
  std::string text;
  for (std::size_t i = dice.roll(3) + 1; i > 0; --i) text += cat(dice.any(labels), ".");
  text += dice.roll(2) == 0 ? "com" : "org";
  if (!pattern) return text;
  const std::size_t at = dice.roll(text.size());
  if (dice.roll(3) == 0) return "*" + text.substr(at);
  if (dice.roll(3) == 0) text[at] = '?';
  if (dice.roll(5) == 0) text[0] = 'A';  // patterns may be in any case
  return text;
}

std::string path(Dice& dice, bool pattern) {
  std::string text;
  for (std::size_t i = dice.roll(4) + 1; i > 0; --i) text += cat("/", dice.any(segments));
  if (!pattern) return text;
  const std::size_t at = dice.roll(text.size() + 1);
  if (dice.roll(2) == 0) return text.substr(0, at) + "*" + (dice.roll(3) == 0 ? text.substr(at) : "");
  if (dice.roll(4) == 0 && at < text.size()) text[at] = '?';
  return text;
}

BalancerCondition condition(Dice& dice) {
  switch (dice.roll(8)) {
    case 0:
    case 1:
    case 2:
      return {.field = "host-header", .values = {host(dice, true), host(dice, true)}};
    case 3:
    case 4:
    case 5:
      if (dice.roll(6) == 0) return {.field = "path-pattern", .values = {path(dice, true)}, .expressions = {"v1/?$"}};
      return {.field = "path-pattern", .values = {path(dice, true), path(dice, true)}};
    case 6:
      return {.field = "http-request-method", .values = {"GET"}};
    default:
      return {.field = "host-header", .expressions = {"^[ab]\\..*\\.com$"}};
  }
}

list<BalancerRule> random_rules(Dice& dice) {
  list<BalancerRule> rules;
  for (std::size_t i = dice.roll(40); i > 0; --i) {
    BalancerRule& rule = rules.emplace_back();
    rule.priority = static_cast<i32>(dice.roll(50'000) + 1);
    rule.arn = cat("rule-", i);
    for (std::size_t n = dice.roll(3) + 1; n > 0; --n) rule.conditions.push_back(condition(dice));
  }
  return rules;
}

}  // namespace

TEST_CASE("routing: hosts in any case, without what comes before a dot unless told") {
  const BalancerCondition shops{.field = "host-header", .values = {"*.Shop.example"}};
  CHECK(holds(shops, {.host = "a.shop.example", .target = "/"}));
  CHECK(holds(shops, {.host = "a.b.shop.example", .target = "/"}));
  CHECK_FALSE(holds(shops, {.host = "shop.example", .target = "/"}));
  const BalancerCondition numbered{.field = "host-header", .values = {"web?.example"}};
  CHECK(holds(numbered, {.host = "web7.example", .target = "/"}));
  CHECK_FALSE(holds(numbered, {.host = "web10.example", .target = "/"}));
  const BalancerCondition ported{.field = "host-header", .expressions = {"^shop\\.example:8443$"}};
  CHECK(holds(ported, {.host = "shop.example", .target = "/", .host_header = "Shop.Example:8443"}));
  const std::array<http::HeaderView, 1> outvoted{{{"Host", "shop.example:8443"}}};  // by the request's target
  CHECK_FALSE(holds(ported, {.host = "a", .target = "/", .headers = outvoted, .host_header = "a"}));
  CHECK_FALSE(holds(ported, {.host = "shop.example", .target = "/"}));
}

TEST_CASE("routing: paths exactly as they are spelt, and never the query") {
  const BalancerCondition api{.field = "path-pattern", .values = {"/api/*"}};
  CHECK(holds(api, {.target = "/api/a?b"}));
  CHECK(holds(api, {.target = "/api/"}));
  CHECK_FALSE(holds(api, {.target = "/api"}));
  CHECK_FALSE(holds(api, {.target = "/API/a"}));
  CHECK_FALSE(holds(api, {.target = "/x?/api/a"}));
  CHECK(holds({.field = "path-pattern", .values = {"*.png"}}, {.target = "/img/a.png?size=1"}));
  CHECK(holds({.field = "path-pattern", .expressions = {"^/users/\\d+$"}}, {.target = "/users/42"}));
  CHECK_FALSE(holds({.field = "path-pattern", .expressions = {"^/users/\\d+$"}}, {.target = "/Users/42"}));
}

TEST_CASE("routing: headers by name and value in any case, each of several") {
  const std::array<http::HeaderView, 3> headers{{{"x-tenant", "Blue"}, {"X-Tenant", "green"}, {"Accept", "text/html"}}};
  const auto tenant = [&](str value) {
    return holds({.field = "http-header", .header_name = "X-TENANT", .values = {std::move(value)}},
                 {.target = "/", .headers = headers});
  };
  CHECK(tenant("blue"));
  CHECK(tenant("GRE*"));
  CHECK_FALSE(tenant("text/html"));
  CHECK(holds({.field = "http-header", .header_name = "accept", .expressions = {"^TEXT/"}},
              {.target = "/", .headers = headers}));
}

TEST_CASE("routing: methods exactly, addresses of the connection by blocks") {
  const BalancerCondition methods{.field = "http-request-method", .values = {"GET", "PURGE"}};
  CHECK(holds(methods, {.target = "/", .method = "PURGE"}));
  CHECK_FALSE(holds(methods, {.target = "/", .method = "get"}));
  const BalancerCondition inside{.field = "source-ip", .values = {"10.0.0.0/8", "2001:db8::/32"}};
  const std::array<http::HeaderView, 1> forged{{{"X-Forwarded-For", "10.1.2.3"}}};
  CHECK(holds(inside, {.target = "/", .source_address = "10.1.2.3"}));
  CHECK(holds(inside, {.target = "/", .source_address = "2001:db8::7"}));
  CHECK_FALSE(holds(inside, {.target = "/", .source_address = "192.0.2.1", .headers = forged}));
}

TEST_CASE("routing: queries by key and value in any case, with wildcards that can be escaped") {
  CHECK(query_holds({{.key = str("version"), .value = "v1"}}, "/?a=b&Version=V1"));
  CHECK_FALSE(query_holds({{.key = str("version"), .value = "v1"}}, "/?version=v2&a=v1"));
  CHECK(query_holds({{.value = "*beta*"}}, "/?x=1&any=the-beta-one"));
  CHECK(query_holds({{.key = str("q"), .value = "what\\?"}}, "/?q=what?"));
  CHECK_FALSE(query_holds({{.key = str("q"), .value = "what\\?"}}, "/?q=whats"));
  CHECK_FALSE(query_holds({{.value = "%20"}}, "/?a= "));
  CHECK_FALSE(query_holds({{.value = "v1"}}, "/v1"));
  CHECK(query_holds({{.key = str("flag"), .value = "*"}}, "/?flag"));
}

TEST_CASE("routing: all conditions must hold, the lowest priority wins, the default rule is the last") {
  const BalancerCondition api{.field = "path-pattern", .values = {"/api/*"}};
  const BalancerCondition get{.field = "http-request-method", .values = {"GET"}};
  const Routing routing = routing_of(
      {{.arn = "any", .priority = 20, .conditions = {api}}, {.arn = "read", .priority = 10, .conditions = {api, get}}});
  CHECK(routing.choose({.target = "/api/x", .method = "GET"}).rule->arn == "read");
  CHECK(routing.choose({.target = "/api/x", .method = "PUT"}).rule->arn == "any");
  const Chosen none = routing.choose({.target = "/", .method = "GET"});
  CHECK(none.rule->arn == "default");
  CHECK(none.evaluated == 2);
  CHECK(routing.choose({.port = 81, .target = "/"}).rule == nullptr);
  CHECK(routing_of({{.arn = "without", .priority = 1}}).choose({.target = "/"}).rule->arn == "default");
}

TEST_CASE("routing: the index finds what walking through the rules finds") {
  int not_default = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Dice dice(seed);
    const list<BalancerRule> rules = random_rules(dice);
    const Routing routing = routing_of(rules);
    for (int i = 0; i < 60; ++i) {
      const std::string name = host(dice, false);
      const std::string target = path(dice, false) + (dice.roll(3) == 0 ? "?a=/api/v1" : "");
      const RequestView view{.host = name, .target = target, .method = dice.roll(2) == 0 ? "GET" : "PUT"};
      const Chosen chosen = routing.choose(view);
      const Chosen walked = routing.walk(view);
      CHECK_MESSAGE(chosen.rule == walked.rule, "seed ", seed, ": ", name, target);
      // Those before it and itself; of the same priority there is only one.
      const auto evaluated = std::ranges::count_if(rules, [&](const BalancerRule& rule) {
        return chosen.rule->priority == 0 || rule.priority <= chosen.rule->priority;
      });
      CHECK(chosen.evaluated == evaluated);
      CHECK(walked.evaluated == evaluated);
      not_default += chosen.rule->priority > 0 ? 1 : 0;
    }
  }
  CHECK(not_default > 3000);
  CHECK(not_default < 17'000);
}

TEST_CASE("routing: of thousands of rules only those for the request's host and path are looked at") {
  list<BalancerRule> rules;
  for (i32 n = 0; n < 3000; ++n) {
    BalancerRule& rule = rules.emplace_back(BalancerRule{.arn = cat(n), .priority = n + 1});
    if (n % 3 != 0) rule.conditions.push_back({.field = "host-header", .values = {cat("*.t", n / 3, ".example.com")}});
    if (n % 3 != 1) rule.conditions.push_back({.field = "path-pattern", .values = {cat("/v1/service-", n / 3, "/*")}});
  }
  const Routing routing = routing_of(std::move(rules));
  const RequestView view{.host = "www.t900.example.com", .target = "/v1/service-901/x"};
  const Chosen chosen = routing.choose(view);
  CHECK(chosen.rule->arn == "2701");
  CHECK(chosen.tried <= 2);
  CHECK(chosen.evaluated == 2702);
}

TEST_CASE("routing: choosing takes no memory of the heap") {
  const Routing routing = routing_of(
      {{.arn = "all",
        .priority = 1,
        .conditions = {
            {.field = "host-header", .values = {"*.example.com"}, .expressions = {"^never$"}},
            {.field = "path-pattern", .values = {"/a-rather-long-path-that-is-no-short-string/*"}},
            {.field = "http-header", .header_name = "X-A", .values = {"n*"}, .expressions = {"^[a-z]{3,9}$"}},
            {.field = "http-request-method", .values = {"GET"}},
            {.field = "query-string", .query = {{.key = str("a"), .value = "b*"}}},
            {.field = "source-ip", .values = {"2001:db8::/32"}}}}});
  const std::array<http::HeaderView, 2> headers{{{"Host", "www.example.com"}, {"x-a", "something"}}};
  const RequestView view{.host = "www.example.com",
                         .target = "/a-rather-long-path-that-is-no-short-string/more-of-it?c=d&a=bcdefghijklmnopqrst",
                         .method = "GET",
                         .source_address = "2001:db8::1",
                         .headers = headers,
                         .host_header = "www.example.com"};
  const std::size_t before = allocations;
  const Chosen chosen = routing.choose(view);
  CHECK(allocations == before);
  CHECK(chosen.rule->arn == "all");
  const auto counted = std::make_unique<std::string>(nowhere);
  CHECK(allocations > before);
}

TEST_CASE("routing: weights, also for every second request only and without long runs of one group") {
  const BalancerAction action{.forward = {{"a", 500}, {"b", 500}, {"c", 0}}};
  int a = 0;
  std::size_t run = 0;
  std::size_t longest = 0;
  std::string_view last;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::string_view group = choose_group(action, i * 2);
    CHECK(group != "c");
    a += group == "a" ? 1 : 0;
    run = group == last ? run + 1 : 1;
    last = group;
    longest = std::max(longest, run);
  }
  CHECK(a > 400);
  CHECK(a < 600);
  CHECK(longest < 30);
  CHECK(choose_group({.forward = {{"a", 0}}}, 7).empty());
}

TEST_CASE("routing: a redirect keeps what it does not change") {
  const RequestView view{.host = "h", .port = 80, .target = "/p?q=1"};
  CHECK(redirect_location({.redirect_port = "443", .redirect_path = "/new/#{path}"}, view) == "http://h:443/new/p?q=1");
  CHECK(redirect_location({.redirect_protocol = "HTTPS", .redirect_port = "443"}, view) == "https://h:443/p?q=1");
  CHECK(redirect_location({.redirect_host = "www.#{host}", .redirect_query = ""}, view) == "http://www.h:80/p");
  CHECK(redirect_location({.redirect_path = "/", .redirect_query = "from=#{protocol}-#{port}-#{path}&#{query}"},
                          view) == "http://h:80/?from=http-80-p&q=1");
}

TEST_CASE("routing: a redirect escapes what would end its Location, and is none when that is too long") {
  const BalancerAction secure{.redirect_protocol = "HTTPS", .redirect_port = "443"};
  CHECK(redirect_location(secure, {.host = "h", .port = 80, .target = "/a b\t\x01\x7f?c d"}) ==
        "https://h:443/a%20b%09%01%7F?c%20d");
  const str path = "/" + str(9000, 'p');
  CHECK(redirect_location(secure, {.host = "h", .port = 80, .target = path}).empty());
}
