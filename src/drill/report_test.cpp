#include "drill/report.hpp"

#include <doctest/doctest.h>

#include "drill/tally.hpp"

using namespace utakata;  // NOLINT: a test
using drill::Fate;
using drill::Tally;

TEST_CASE("drill tally: each request has one fate, counted in the second of its intended start") {
  Tally tally;
  for (int i = 0; i < 98; ++i) tally.count(Fate::ok, milliseconds(10 * i), milliseconds(i + 1), 1);
  tally.count(Fate::http_502, milliseconds(1500), milliseconds(3), 1);
  tally.count(Fate::ok, milliseconds(1600), milliseconds(400), 2);
  CHECK(tally.sent() == 100);
  CHECK(tally.lost() == 1);
  CHECK(tally.saved_by_retries() == 1);
  REQUIRE(tally.causes().size() == 1);
  CHECK(tally.causes()[0].cause == "502");
  REQUIRE(tally.seconds_with_losses().size() == 1);
  CHECK(tally.seconds_with_losses()[0].second == 1);
  CHECK(tally.latency().p50 == doctest::Approx(50));
  CHECK(tally.latency().maximum == doctest::Approx(400));
}

TEST_CASE("drill report: losses are told by cause and the verdict by its threshold") {
  drill::Report report{.cluster = "techplay", .url = "http://x", .seed = 7, .requestsPerSecond = 100};
  report.variants.push_back(
      {.name = "careless",
       .sent = 6000,
       .ok = 5990,
       .lost = 10,
       .causes = {{.cause = "502", .requests = 10}},
       .seconds = {{.second = 10, .sent = 100, .ok = 90, .lost = 10}},
       .tasks = {{.task = "0123456789abcdef",
                  .service = "api",
                  .warning = 10,
                  .containers = {{.name = "nginx", .exitCode = 137, .killed = true}}}},
       .ledger =
           {{.loadBalancer = "app/web/1", .target = "10.0.0.7:80", .cause = "reset_in_flight_502", .requests = 10}},
       .maximumLost = 0,
       .passed = false});
  report.passed = false;
  const str text = drill::render(report);
  CHECK(text.find("careless: 10 lost of 6000 requests (FAILED, at most 0 may be lost)") != str::npos);
  CHECK(text.find("the load balancer lost the task while the request was with it") != str::npos);
  CHECK(text.find("10:10/100") != str::npos);
  CHECK(text.find("nginx exit 137 KILLED") != str::npos);
  CHECK(text.contains("     10  reset_in_flight_502 10.0.0.7:80 of app/web/1"));
  CHECK(text.find("verdict: FAILED") != str::npos);
}

TEST_CASE("drill report: a drill whose tasks were not all taken never passes") {
  drill::VariantReport variant{.name = "graceful", .sent = 100, .ok = 100, .maximumLost = 0};
  variant.reclaims.push_back({.second = 10, .service = "api", .asked = 4, .taken = 4});
  drill::judge(variant);
  CHECK(variant.passed);
  CHECK(variant.remarks.empty());
  variant.reclaims.push_back({.second = 20, .service = "api", .asked = 4, .taken = 3});
  drill::judge(variant);
  CHECK_FALSE(variant.passed);
  REQUIRE(variant.remarks.size() == 1);
  CHECK(variant.remarks[0].contains("took 3 of 4 Spot tasks of api"));
  variant.maximumLost.reset();
  drill::judge(variant);
  CHECK_FALSE(variant.passed);
}

TEST_CASE("drill report: more lost than the threshold allows does not pass") {
  drill::VariantReport variant{.name = "graceful", .sent = 100, .ok = 98, .lost = 2, .maximumLost = 1};
  drill::judge(variant);
  CHECK_FALSE(variant.passed);
  variant.maximumLost = 2;
  drill::judge(variant);
  CHECK(variant.passed);
}
