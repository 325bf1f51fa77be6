#include <doctest/doctest.h>

#include "balancer/log_fixture_test.hpp"
#include "balancer/raw_fixture_test.hpp"
#include "balancer/state.hpp"
#include "http/client.hpp"
#include "http2/client.hpp"
#include "http2/server.hpp"
#include "tls/fixture_test.hpp"

// HTTP/2 agreed upon in TLS, on either side of a balancer.

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test
using reactor::Co;
using reactor::Stream;
using reactor::Trouble;
using tls::test::certificate_for;

namespace {

constexpr Duration patience = seconds(20);

raw::Adapt by_tls(const std::function<void(BalancerConfig&)>& more = {}) {
  return [more](BalancerConfig& config) {
    const tls::Identity made = certificate_for({"a"});
    config.listeners[0].protocol = "HTTPS";
    config.listeners[0].tls = {
        .versions = {"TLSv1.2", "TLSv1.3"},
        .certificates = {{.arn = "c", .certificate = made.certificate, .private_key = made.private_key}}};
    if (more) more(config);
  };
}

// What a client of the balancer offered and got, and the answer to its request.
struct Asked {
  std::string protocol;
  http::Exchange answer;
};

struct Asking {
  std::vector<std::string> offered;
  std::string agreed = {};
  std::vector<std::unique_ptr<http2::Client>> clients = {};
  bool ending = false;
};

Co<std::unique_ptr<Stream>> layer(Asking& asking, std::unique_ptr<reactor::TcpStream> tcp, Duration left) {
  const auto context =
      *tls::ClientContext::make({.authorities = tls::test::authority().certificate, .protocols = asking.offered});
  auto stream = tls::TlsStream::client(std::move(tcp), context, "a");
  if (co_await stream->handshake(left) != Trouble::none) co_return nullptr;
  asking.agreed = stream->negotiated().protocol;
  if (asking.agreed != "h2") co_return stream;
  asking.clients.push_back(std::make_unique<http2::Client>(
      std::move(stream), http2::ClientFacts{.ending = [&asking] { return asking.ending; }, .secure = true}));
  if (!co_await asking.clients.back()->ready(left)) co_return nullptr;
  co_return asking.clients.back()->open();
}

Asked ask(int port, std::vector<std::string> offered, http::ClientRequest request = {}) {
  reactor::Loop loop;
  Asking asking{.offered = std::move(offered)};
  http::Exchange answer;
  {
    http::Client client(loop, {.port = port}, "a",
                        {.reuse = false, .layer = [&](std::unique_ptr<reactor::TcpStream> tcp, Duration left) {
                           return layer(asking, std::move(tcp), left);
                         }});
    tls::test::run(
        loop,
        [](reactor::Loop& l, http::Client& c, http::ClientRequest r, Asking& with, http::Exchange& into) -> Co<void> {
          // A balancer listens a moment after it was configured.
          while ((into = co_await c.send(r, patience)).ending == http::Ending::refused)
            co_await l.sleep(milliseconds(5));
          with.ending = true;
        }(loop, client, std::move(request), asking, answer));
  }
  return {asking.agreed, answer};
}

// A target by TLS that speaks HTTP/2 when it is offered, and answers with the head that it got.
class Http2Target {
 public:
  explicit Http2Target(std::vector<std::string> protocols = {"h2"})
      : fd_(*reactor::listen_tcp({})),
        port_(reactor::local_port(fd_)),
        context_(*tls::ServerContext::make({.identities = {certificate_for({"self"})}, .protocols = protocols})) {
    thread_ = std::thread([this] {
      reactor::start(accept(*this));
      loop_.run();
      loop_.drain();
    });
  }
  Http2Target(const Http2Target&) = delete;
  Http2Target& operator=(const Http2Target&) = delete;
  ~Http2Target() {
    loop_.post([this] { ending_ = true; });
    loop_.stop();
    thread_.join();
  }
  [[nodiscard]] int port() const { return port_; }
  /// It says that it speaks HTTP/2, and answers nothing: the fields of the first request that comes.
  void listen_only() { only_listens_ = true; }
  [[nodiscard]] std::string first_fields() {
    for (int i = 0; i < 3000; ++i) {
      {
        const std::scoped_lock lock(mutex_);
        if (!fields_.empty()) return fields_;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return {};
  }

 private:
  static Co<void> accept(Http2Target& self) {
    reactor::Descriptor listener(self.loop_, self.fd_);
    while (auto tcp = co_await reactor::accept_tcp(listener))
      reactor::start(welcome(self, tls::TlsStream::server(std::move(tcp), self.context_)));
  }
  static Co<void> welcome(Http2Target& self, std::unique_ptr<tls::TlsStream> stream) {
    if (co_await stream->handshake(patience) != Trouble::none) co_return;
    if (stream->negotiated().protocol != "h2") co_return co_await serve(std::move(stream));
    if (self.only_listens_) co_return co_await listen(self, std::move(stream));
    co_await http2::serve_connection(std::move(stream), {.serve = serve, .ending = [&self] { return self.ending_; }});
  }
  static Co<void> listen(Http2Target& self, std::unique_ptr<Stream> stream) {
    constexpr std::size_t preface = 24;
    constexpr std::size_t frame_head = 9;
    co_await stream->write(std::string_view("\0\0\0\x04\0\0\0\0\0", frame_head));  // SETTINGS
    std::string heard;
    std::array<char, 4096> space{};
    for (std::size_t at = preface; true;) {
      const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(heard[i])); };
      const std::size_t length = heard.size() < at + frame_head ? 0 : byte(at) << 16 | byte(at + 1) << 8 | byte(at + 2);
      if (heard.size() < at + frame_head + length || heard.size() < at + frame_head) {
        const auto got = co_await stream->read(space);
        if (got.count == 0) co_return;
        heard.append(space.data(), got.count);
        continue;
      }
      const bool headers = heard[at + 3] == 1;
      const std::scoped_lock lock(self.mutex_);
      if (headers && self.fields_.empty()) self.fields_ = heard.substr(at + frame_head, length);
      if (headers) co_return;
      at += frame_head + length;
    }
  }
  static Co<void> serve(std::unique_ptr<Stream> stream) {
    std::string head;
    std::array<char, 4096> space{};
    while (!head.contains("\r\n\r\n")) {
      const auto got = co_await stream->read(space);
      if (got.count == 0) co_return;
      head.append(space.data(), got.count);
    }
    co_await stream->write(cat("HTTP/1.1 200 OK\r\nContent-Length: ", head.size(), "\r\n\r\n", head));
  }

  reactor::Loop loop_;
  int fd_, port_;
  bool ending_ = false;
  std::atomic<bool> only_listens_ = false;
  std::mutex mutex_;
  std::string fields_;
  std::shared_ptr<tls::ServerContext> context_;
  std::thread thread_;
};

raw::Target::Behaviour telling_head() {
  return [](raw::Connection& connection) {
    for (std::string head; !(head = connection.hear("\r\n\r\n")).empty();)
      connection.say(cat("HTTP/1.1 200 OK\r\nContent-Length: ", head.size(), "\r\n\r\n", head));
  };
}

}  // namespace

TEST_CASE("balancer http2: an HTTPS listener speaks it with clients that offer it") {
  raw::Target target(telling_head());
  const raw::Bench bench(target.port(), by_tls());
  const Asked asked = ask(bench.port(), {"h2", "http/1.1"}, {.target = "/x", .headers = {{"Cookie", "a=b"}}});
  CHECK(asked.protocol == "h2");
  CHECK(asked.answer.status == 200);
  CHECK(asked.answer.body.starts_with("GET /x HTTP/1.1\r\nHost: a"));
  CHECK(asked.answer.body.contains("\r\ncookie: a=b\r\n"));
  CHECK(asked.answer.body.contains("X-Forwarded-Proto: https\r\n"));
  const Asked older = ask(bench.port(), {"http/1.1"});
  CHECK(older.protocol == "http/1.1");
  CHECK(older.answer.status == 200);
  CHECK(ask(bench.port(), {}).answer.status == 200);
}

TEST_CASE("balancer http2: a load balancer on which it is switched off does not offer it") {
  raw::Target target(telling_head());
  const raw::Bench bench(target.port(), by_tls([](BalancerConfig& config) { config.http2 = false; }));
  const Asked asked = ask(bench.port(), {"h2", "http/1.1"});
  CHECK(asked.protocol == "http/1.1");
  CHECK(asked.answer.status == 200);
}

TEST_CASE("balancer http2: a listener of HTTP does not speak it") {
  raw::Target target(telling_head());
  const raw::Bench bench(target.port());
  CHECK(bench.status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505);
}

TEST_CASE("balancer http2: targets by HTTPS have to agree to it") {
  const auto group = [](BalancerConfig& config) {
    config.target_groups[0].protocol_version = "HTTP2";
    config.target_groups[0].tls = true;
  };
  SUBCASE("one that does") {
    const Http2Target target;
    const raw::Bench bench(target.port(), by_tls(group));
    const Asked asked = ask(bench.port(), {"h2"});
    CHECK(asked.answer.status == 200);
    CHECK(asked.answer.body.starts_with("GET / HTTP/1.1\r\nhost: a"));
  }
  SUBCASE("one that does not") {
    const Http2Target target({"http/1.1"});
    const raw::Bench bench(target.port(), by_tls(group));
    CHECK(ask(bench.port(), {"h2"}).answer.status == 502);
    CHECK(bench.fates(1).at("tls_failed_502") == 1);
  }
}

TEST_CASE("balancer http2: requests to targets by HTTPS are of https, as are their health checks") {
  constexpr std::string_view get_of_https = "\x82\x87";  // by their numbers in HPACK's static table
  Http2Target target;
  target.listen_only();
  SUBCASE("a request") {
    const raw::Bench bench(target.port(), by_tls([](BalancerConfig& config) {
                             config.target_groups[0].protocol_version = "HTTP2";
                             config.target_groups[0].tls = true;
                           }));
    CHECK(ask(bench.port(), {"h2"}).answer.status == 502);
  }
  SUBCASE("a health check") {
    const raw::Bench bench(target.port(), [](BalancerConfig& config) {
      config.target_groups[0].protocol_version = "HTTP2";
      config.target_groups[0].health_check = {.protocol = "HTTPS", .interval_seconds = 300, .timeout_seconds = 120};
    });
    CHECK_FALSE(target.first_fields().empty());
  }
  CHECK(target.first_fields().starts_with(get_of_https));
}

TEST_CASE("balancer http2: a large body goes both ways through TLS") {
  raw::Target target([](raw::Connection& connection) {
    const std::string head = connection.hear("\r\n\r\n");
    std::string body;
    for (std::string more = " "; !more.empty() && body.size() < 1'000'000; body += more) more = connection.hear_some();
    connection.say(cat("HTTP/1.1 200 OK\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
  });
  const raw::Bench bench(target.port(), by_tls());
  std::string body;
  for (int i = 0; body.size() < 1'000'000; ++i) body += cat(i, " ");
  body.resize(1'000'000);
  const Asked asked = ask(bench.port(), {"h2"}, {.method = "POST", .body = body});
  CHECK(asked.answer.status == 200);
  CHECK(asked.answer.body == body);
}

TEST_CASE("balancer http2: requests are logged and counted, and are all of one connection") {
  raw::Target target(telling_head());
  std::string lines;
  int port = 0;
  {
    raw::Bench bench(target.port(), by_tls(), raw::logging(lines));
    port = bench.port();
    CHECK(ask(port, {"h2"}, {.target = "/x"}).answer.status == 200);
    CHECK(ask(port, {"http/1.1"}, {.target = "/y"}).answer.status == 200);
    CHECK(raw::measured(bench.balancer(), Measure::requests, 2) == 2);
    CHECK(raw::measured(bench.balancer(), Measure::billed_connections, 2) == 2);
    CHECK(raw::measured(bench.balancer(), Measure::target_2xx, 2) == 2);
  }
  const auto each = split(lines, '\n');
  REQUIRE(each.size() >= 2);
  CHECK(each[0].starts_with("h2 "));
  CHECK(each[0].contains(cat(" 200 200 ")));
  CHECK(each[0].contains(cat("\"GET https://a:", port, "/x HTTP/2.0\" ")));
  CHECK(each[0].contains("TLS_AES_"));
  CHECK(each[0].contains(" TLSv1.3 g \""));
  CHECK(each[0].contains("\" \"a\" \"c\" 0 "));
  CHECK(each[1].starts_with("https "));
  CHECK(each[1].contains(cat("\"GET https://a:", port, "/y HTTP/1.1\" ")));
  CHECK(each[1].contains("\" \"a\" \"c\" 0 "));
}
