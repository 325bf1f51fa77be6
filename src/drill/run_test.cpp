#include "drill/run.hpp"

#include <doctest/doctest.h>

#include <optional>

#include "base/text.hpp"
#include "http/server.hpp"

using namespace utakata;  // NOLINT: a test
using drill::Plan;

namespace {

// A platform that has one cluster, "c", with one service, "web"; and load balancers at an address of their own.
class SmallPlatform {
 public:
  static constexpr const char* balancers_at = "127.0.0.7";

  SmallPlatform() : api_(serve("127.0.0.1", port_)), load_(serve(balancers_at, load_port_)) {}
  SmallPlatform(const SmallPlatform&) = delete;
  SmallPlatform& operator=(const SmallPlatform&) = delete;
  ~SmallPlatform() {
    api_.reset();
    load_.reset();
    loop_.drain();  // so that what serves connections ends
  }

  Outcome<drill::Report> drill(Plan plan) {
    client::ApiClient api(loop_, {.address = {.host = "127.0.0.1", .port = port_}, .host = cat("127.0.0.1:", port_)});
    std::optional<Outcome<drill::Report>> result;
    reactor::start([](SmallPlatform& self, client::ApiClient& to, Plan what,
                      std::optional<Outcome<drill::Report>>& into) -> reactor::Co<void> {
      into = co_await drill::run_drill(self.loop_, to, std::move(what), [](const str&) {});
      self.loop_.stop();
    }(*this, api, std::move(plan), result));
    loop_.run();
    return *std::move(result);
  }
  // A second's load on a name of a load balancer.
  [[nodiscard]] Plan plan(const str& cluster) const {
    return {.cluster = cluster,
            .load = {.url = cat("http://web-1.ap-northeast-1.elb.localhost:", load_port_, "/load"),
                     .paths = {"/load"},
                     .requestsPerSecond = 5,
                     .seconds = 1},
            .variants = {{.name = "one", .maximumLost = 0}}};
  }
  int loads = 0;

 private:
  std::unique_ptr<http::Server> serve(const std::string& host, int& port) {
    const int listener = *reactor::listen_tcp({.host = host});
    port = reactor::local_port(listener);
    return std::make_unique<http::Server>(
        loop_, listener, http::ServerLimits{},
        [this](http::Request request) -> reactor::Co<http::Response> { co_return answer(request); },
        [](int status, std::string_view why) {
          return http::Response{.status = status, .headers = {}, .body = std::string(why)};
        });
  }
  http::Response answer(const http::Request& request) {
    const auto page = [](std::string text, int status = 200) {
      return http::Response{.status = status, .headers = {}, .body = std::move(text)};
    };
    if (request.head.target == "/load") {
      ++loads;
      return page("here");
    }
    if (request.head.target == "/_utakata/balancer") return page(cat(R"({"address":")", balancers_at, R"("})"));
    if (request.head.target == "/_utakata/fates") return page(R"({"fates":[]})");
    const bool of_cluster = request.body.contains(R"("c")");
    const std::string* target = request.head.headers.find("X-Amz-Target");
    if (target != nullptr && target->ends_with(".DescribeClusters"))
      return page(of_cluster ? R"({"clusters":[{"status":"ACTIVE"}]})" : R"({"clusters":[]})");
    if (!of_cluster) return page(R"({"__type":"ClusterNotFoundException","message":"Cluster not found."})", 400);
    if (request.body.contains(R"("deleted")")) return page(R"({"services":[{"status":"INACTIVE"}]})");
    return page(request.body.contains(R"("web")") ? R"({"services":[{"desiredCount":1,"runningCount":1}]})"
                                                  : R"({"services":[]})");
  }

  reactor::Loop loop_;
  int port_ = 0, load_port_ = 0;
  std::unique_ptr<http::Server> api_, load_;
};

}  // namespace

TEST_CASE("drill: a load balancer's name leads where the platform's load balancers are") {
  for (const char* kind : {"web-1.ap-northeast-1.elb.localhost", "web-1.elb.ap-northeast-1.localhost"}) {
    SmallPlatform platform;
    Plan plan = platform.plan("c");
    plan.load.url.replace(7, plan.load.url.rfind(':') - 7, kind);
    const auto report = platform.drill(plan);
    REQUIRE(report);
    CHECK(report->variants[0].ok == 5);
    CHECK(platform.loads == 5);
    CHECK(report->variants[0].remarks.empty());
  }
}

TEST_CASE("drill: a cluster that does not exist is told, and fails a script that needs it before the load") {
  SmallPlatform platform;
  Plan plan = platform.plan("nope");
  const auto report = platform.drill(plan);
  REQUIRE(report);
  REQUIRE(report->variants[0].remarks.size() == 1);
  CHECK(report->variants[0].remarks[0].starts_with("there is no cluster nope"));

  SmallPlatform other;
  plan = other.plan("nope");
  plan.reclaims = {{.atSecond = 0, .service = "web"}};
  const auto refused = other.drill(plan);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "the reclaim at second 0 cannot be made: there is no cluster nope");
  CHECK(other.loads == 0);
}

TEST_CASE("drill: a service that does not exist fails the script before the load") {
  for (const char* service : {"nope", "deleted"}) {
    SmallPlatform platform;
    Plan plan = platform.plan("c");
    plan.reclaims = {{.atSecond = 0, .service = service}};
    const auto refused = platform.drill(plan);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message ==
          cat("the reclaim at second 0 cannot be made: there is no service ", service, " in cluster c"));
    CHECK(platform.loads == 0);
  }
}
