#include "drill/load.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "http/server.hpp"

using namespace utakata;  // NOLINT: a test
using drill::Fate;

namespace {

http::Exchange answered(int status, std::string body = {}) {
  return {.status = status, .headers = {}, .body = std::move(body)};
}

http::Response refuse_plainly(int status, std::string_view why) {
  return {.status = status, .headers = {}, .body = std::string(why)};
}

}  // namespace

TEST_CASE("drill load: fates follow the exchange, its status and the expected text") {
  CHECK(drill::fate_of(answered(200, "ok:true"), str("ok:true")) == Fate::ok);
  CHECK(drill::fate_of(answered(200, "ok:false"), str("ok:true")) == Fate::wrong_answer);
  CHECK(drill::fate_of(answered(502), {}) == Fate::http_502);
  CHECK(drill::fate_of(answered(404), {}) == Fate::http_other);
  CHECK(drill::fate_of({.ending = http::Ending::refused, .headers = {}, .body = {}}, {}) == Fate::refused);
  CHECK(drill::fate_of({.ending = http::Ending::reset, .headers = {}, .body = {}}, {}) == Fate::reset_in_flight);
}

TEST_CASE("drill load: every request of the rate is sent and has one fate") {
  reactor::Loop loop;
  const auto listener = reactor::listen_tcp({});
  REQUIRE(listener);
  const int port = reactor::local_port(*listener);
  int served = 0;
  const http::Server server(
      loop, *listener, {},
      [&served](http::Request request) -> reactor::Co<http::Response> {
        const bool fails = ++served % 10 == 0;
        co_return http::Response{.status = fails ? 503 : 200, .headers = {}, .body = request.head.target};
      },
      refuse_plainly);
  drill::Tally tally;
  const drill::Load load{
      .url = {}, .paths = {"/a", "/b"}, .requestsPerSecond = 200, .seconds = 1, .expectBody = str("/")};
  bool began = false;
  std::vector<i32> seconds;
  reactor::start([](reactor::Loop& l, const drill::Load& what, int to, drill::Tally& into, bool& started,
                    std::vector<i32>& told) -> reactor::Co<void> {
    co_await drill::run_load(
        l, what, {.port = to}, "here", 1, into, [&](Instant) { started = true; },
        [&](i32 second, const drill::Tally&) { told.push_back(second); });
    l.stop();
  }(loop, load, port, tally, began, seconds));
  loop.run();
  CHECK(began);
  CHECK(tally.sent() == 200);
  CHECK(tally.of(Fate::http_503) == 20);
  CHECK(tally.of(Fate::ok) == 180);
  CHECK(seconds == std::vector<i32>{0, 1});
}
