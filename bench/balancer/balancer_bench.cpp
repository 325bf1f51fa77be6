#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "balancer/balancer.hpp"
#include "base/text.hpp"
#include "http/head_view.hpp"
#include "reactor/stream.hpp"
#include "tls/stream.hpp"

// The parts of bench/balancer/run.py and limits.py:
//   balancer_bench proxy PORT BACKEND_PORT [RULES [MILLISECONDS]]
//       our data path alone, with one load balancer in front of one target; with so many rules before the default one,
//       which requests do not match, but for /rule/1: that answers by itself. Every so many milliseconds its
//       configuration changes: rules, their order, a listener beside this one and the group's algorithm come and go.
//   balancer_bench tls_proxy PORT BACKEND_PORT PEM
//       the same by HTTPS, with a file of key and certificate
//   balancer_bench backend PORT BYTES
//       answers whatever comes
//   balancer_bench load PORT BACKEND_PORT BYTES CONNECTIONS SECONDS [https]
//       asks PORT as fast as it answers and is the backend too, so that it needs one core and the proxy the other.
//       Prints requests a second, the 50th and 99th percentile in microseconds, and how many clients have failed: those
//       that got no connection, another answer than the backend's, or an end.

using namespace utakata;  // NOLINT: a benchmark
using reactor::Co;
using reactor::Loop;
using reactor::Stream;

namespace {

constexpr Duration warm_up = milliseconds(300);
constexpr std::string_view request =
    "GET /index.html HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench/1\r\nAccept: */*\r\nAccept-Encoding: "
    "gzip\r\n\r\n";

int number(const char* text) { return static_cast<int>(parse_integer(text).value_or(0)); }

// They go by host and path in turn, as the rules of a large site do.
BalancerRule rule(int number) {
  BalancerCondition condition;
  if (number % 2 == 0) condition = {.field = "host-header", .values = {cat("host-", number, ".example.com")}};
  if (number % 2 == 1) condition = {.field = "path-pattern", .values = {cat("/rule/", number)}};
  return {.arn = cat("r", number),
          .priority = number,
          .conditions = {condition},
          .action = {.type = "fixed-response", .status = 200, .content_type = "text/plain", .body = "rule"}};
}

BalancerConfig configuration(int port, int backend_port, int rules, bool changed) {
  BalancerConfig config{.arn = "lb",
                        .name = "app/bench/1",
                        .dns_name = "bench.elb.localhost",
                        .listeners = {{.arn = "l", .port = port}},
                        .target_groups = {{.arn = "g",
                                           .health_check = {.protocol = "TCP", .interval_seconds = 300},
                                           .targets = {{.address = "127.0.0.1", .port = backend_port}}}}};
  if (changed) config.listeners.push_back({.arn = "m", .port = port + 1});
  list<BalancerRule>& all = config.listeners[0].rules;
  for (int i = 1; i <= rules; ++i) all.push_back(rule(i));
  if (changed) {
    std::ranges::reverse(all);
    all.push_back(rule(rules + 1));
    config.target_groups[0].algorithm = "least_outstanding_requests";
  }
  for (std::size_t i = 0; i < all.size(); ++i) all[i].priority = static_cast<i32>(i) + 1;
  all.push_back({.arn = "r", .action = {.forward = {{.target_group_arn = "g"}}}});
  return config;
}

int run_tls_proxy(int port, int backend_port, const char* pem) {
  balancer::Balancer balancer({}, [](const Report&) {}, nullptr);
  BalancerConfig config = configuration(port, backend_port, 0, false);
  std::ifstream from(pem);
  const std::string text{std::istreambuf_iterator<char>(from), {}};
  const std::size_t at = text.find("-----BEGIN CERTIFICATE-----");
  if (at == std::string::npos) return 1;
  config.listeners[0].protocol = "HTTPS";
  config.listeners[0].tls = {
      .versions = {"TLSv1.2", "TLSv1.3"},
      .ciphers = {},
      .certificates = {{.arn = "c", .certificate = text.substr(at), .private_key = text.substr(0, at), .chain = {}}}};
  balancer.configure(config);
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

int run_proxy(int port, int backend_port, int rules, int change_milliseconds) {
  balancer::Balancer balancer({}, [](const Report&) {}, nullptr);
  bool changed = false;
  while (true) {
    balancer.configure(configuration(port, backend_port, rules, changed));
    if (change_milliseconds == 0) break;
    changed = !changed;
    std::this_thread::sleep_for(std::chrono::milliseconds(change_milliseconds));
  }
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

struct Load {
  Loop loop;
  std::string answer;
  std::vector<std::int64_t> latencies;
  std::shared_ptr<tls::ClientContext> secure;  // null: by HTTP
  bool measuring = false;
  bool ending = false;
  int failed = 0;  // clients
};

std::int64_t now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

Co<void> serve(Load& load, std::unique_ptr<Stream> stream) {
  std::array<char, 16 * 1024> space;
  while (!load.ending && co_await stream->readiness().readable()) {
    const auto got = stream->try_read(space);
    if (!got) continue;
    if (got->count == 0) co_return;
    if (co_await stream->write(load.answer) != reactor::Trouble::none) co_return;
  }
}

Co<void> be_backend(Load& load, reactor::Descriptor& listener) {
  while (auto stream = co_await reactor::accept_tcp(listener)) reactor::start(serve(load, std::move(stream)));
}

// Asks until the load ends. False: it could not.
Co<bool> ask(Load& load, int port) {
  auto connected = co_await reactor::connect_tcp(load.loop, {.port = port}, seconds(5));
  if (!connected.stream) co_return false;
  std::unique_ptr<Stream> owned;
  if (load.secure) {
    auto secured = tls::TlsStream::client(std::move(connected.stream), load.secure);
    if (co_await secured->handshake(seconds(5)) != reactor::Trouble::none) co_return false;
    owned = std::move(secured);
  } else {
    owned = std::move(connected.stream);
  }
  Stream& stream = *owned;
  std::vector<char> space(64 * 1024);
  while (!load.ending) {
    const std::int64_t begun = now();
    Stream::Slices slices{request, {}, {}};
    stream.try_write(slices);
    std::size_t have = 0;
    std::size_t want = 0;
    while (want == 0 || have < want) {
      if (!co_await stream.readiness().readable()) co_return false;
      const auto got = stream.try_read(std::span(space).subspan(have));
      if (!got) continue;
      if (got->count == 0) co_return false;
      have += got->count;
      if (want > 0) continue;
      const std::string_view text(space.data(), have);
      const std::size_t head = http::head_length(text);
      // Only an answer that carries the whole body counts.
      if (head > 0) want = head + load.answer.size() - http::head_length(load.answer);
      if (head > 0 && !text.starts_with("HTTP/1.1 200")) co_return false;
    }
    if (load.measuring) load.latencies.push_back(now() - begun);
  }
  co_return true;
}

Co<void> be_client(Load& load, int port) {
  if (!co_await ask(load, port)) ++load.failed;
}

std::string answer_of(int bytes) {
  return cat("HTTP/1.1 200 OK\r\nServer: backend\r\nContent-Type: text/plain\r\nContent-Length: ", bytes, "\r\n\r\n",
             std::string(static_cast<std::size_t>(bytes), 'x'));
}

int run_backend(int port, int bytes) {
  Load load;
  load.answer = answer_of(bytes);
  const auto listening = reactor::listen_tcp({.port = port});
  if (!listening) return 1;
  reactor::Descriptor listener(load.loop, *listening);
  reactor::start(be_backend(load, listener));
  load.loop.run();
  return 0;
}

int run_load(int port, int backend_port, int bytes, int connections, int duration_seconds, bool secure) {
  Load load;
  if (secure) load.secure = *tls::ClientContext::make({});
  load.answer = answer_of(bytes);
  load.latencies.reserve(10'000'000);
  const auto listening = reactor::listen_tcp({.port = backend_port});
  if (!listening) return 1;
  reactor::Descriptor listener(load.loop, *listening);
  reactor::start(be_backend(load, listener));
  for (int i = 0; i < connections; ++i) reactor::start(be_client(load, port));
  load.loop.after(warm_up, [&] { load.measuring = true; });
  load.loop.after(warm_up + seconds(duration_seconds), [&] {
    load.ending = true;
    load.loop.stop();
  });
  load.loop.run();
  std::ranges::sort(load.latencies);
  const auto percentile = [&](std::size_t hundredths) {
    return load.latencies.empty() ? 0 : load.latencies[(load.latencies.size() - 1) * hundredths / 100] / 1000;
  };
  std::printf("%zu %lld %lld %d\n", load.latencies.size() / static_cast<std::size_t>(duration_seconds),
              static_cast<long long>(percentile(50)), static_cast<long long>(percentile(99)), load.failed);
  std::fflush(stdout);
  std::_Exit(0);  // connections under way are of no interest
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view role = argc > 1 ? argv[1] : "";
  if (role == "proxy" && argc >= 4 && argc <= 6)
    return run_proxy(number(argv[2]), number(argv[3]), argc > 4 ? number(argv[4]) : 0, argc > 5 ? number(argv[5]) : 0);
  if (role == "tls_proxy" && argc == 5) return run_tls_proxy(number(argv[2]), number(argv[3]), argv[4]);
  if (role == "backend" && argc == 4) return run_backend(number(argv[2]), number(argv[3]));
  if (role == "load" && (argc == 7 || argc == 8))
    return run_load(number(argv[2]), number(argv[3]), number(argv[4]), number(argv[5]), number(argv[6]), argc == 8);
  std::fputs(
      "balancer_bench proxy PORT BACKEND_PORT [RULES [MILLISECONDS]] | tls_proxy PORT BACKEND_PORT PEM | "
      "backend PORT BYTES | "
      "load PORT BACKEND_PORT BYTES CONNECTIONS SECONDS [https]\n",
      stderr);
  return 2;
}
