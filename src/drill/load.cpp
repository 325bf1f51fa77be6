#include "drill/load.hpp"

#include "base/hash.hpp"

namespace utakata::drill {
namespace {

// What all requests of one load share; it lives until the last of them has its fate.
struct Run {
  reactor::Loop& loop;
  const Load& load;
  http::Client client;
  Tally& tally;
  Instant begin;
  i64 in_flight = 0;
};

reactor::Co<void> make_request(Run& run, std::string path, Duration intended) {
  ++run.in_flight;
  Fate fate = Fate::ok;
  int tries = 0;
  do {
    ++tries;
    const http::Exchange exchange = co_await run.client.send(
        {.method = "GET", .target = path, .headers = {}, .body = {}}, milliseconds(run.load.timeoutMilliseconds));
    fate = fate_of(exchange, run.load.expectBody);
  } while (fate != Fate::ok && tries <= run.load.retries);
  run.tally.count(fate, intended, run.loop.now() - run.begin - intended, tries);
  --run.in_flight;
}

}  // namespace

Fate fate_of(const http::Exchange& exchange, const opt<str>& expected_body) {
  switch (exchange.ending) {
    case http::Ending::refused:
    case http::Ending::unreachable:
    case http::Ending::connect_timed_out:
      return Fate::refused;
    case http::Ending::reset:
      return Fate::reset_in_flight;
    case http::Ending::timed_out:
      return Fate::timed_out;
    case http::Ending::malformed:
      return Fate::wrong_answer;
    case http::Ending::answered:
      break;
  }
  if (exchange.status == 502) return Fate::http_502;
  if (exchange.status == 503) return Fate::http_503;
  if (exchange.status == 504) return Fate::http_504;
  if (exchange.status / 100 != 2) return Fate::http_other;
  if (expected_body && exchange.body.find(*expected_body) == std::string::npos) return Fate::wrong_answer;
  return Fate::ok;
}

reactor::Co<void> run_load(reactor::Loop& loop, const Load& load, reactor::Address address, std::string host,
                           std::uint64_t seed, Tally& tally, std::function<void(Instant)> started, Progress progress) {
  Run run{.loop = loop,
          .load = load,
          .client = http::Client(loop, std::move(address), std::move(host), {.reuse = !load.newConnectionEachRequest}),
          .tally = tally,
          .begin = loop.now()};
  started(run.begin);
  const i64 total = i64{load.requestsPerSecond} * load.seconds;
  for (i64 n = 0; n < total; ++n) {
    const Duration intended{n * 1'000'000'000 / load.requestsPerSecond};
    const Duration early = run.begin + intended - loop.now();
    if (early.ns > 0) co_await loop.sleep(early);
    if (n % load.requestsPerSecond == 0) progress(static_cast<i32>(n / load.requestsPerSecond), tally);
    const std::uint64_t dice = mix(seed * 0x9e3779b97f4a7c15U + static_cast<std::uint64_t>(n));
    reactor::start(make_request(run, load.paths[dice % load.paths.size()], intended));
  }
  while (run.in_flight > 0) co_await loop.sleep(milliseconds(5));
  progress(load.seconds, tally);
}

}  // namespace utakata::drill
