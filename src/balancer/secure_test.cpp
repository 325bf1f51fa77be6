#include "balancer/secure.hpp"

#include <doctest/doctest.h>

#include "balancer/log_fixture_test.hpp"
#include "balancer/tls_fixture_test.hpp"
#include "http/client.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test

namespace {

using reactor::Co;
using reactor::Trouble;
using tls::test::certificate_for;

constexpr Duration patience = seconds(20);

// HTTPS in place of HTTP.
raw::Adapt by_tls(const std::vector<std::string>& names) {
  return [names](BalancerConfig& config) {
    config.listeners[0].protocol = "HTTPS";
    config.listeners[0].tls = raw::secured(names);
  };
}

// A client that looks at the certificate for the name that it asks for.
http::Layer as_client_of(std::string name) {
  const auto context = *tls::ClientContext::make({.authorities = tls::test::authority().certificate});
  return
      [context, name](std::unique_ptr<reactor::TcpStream> tcp, Duration left) -> Co<std::unique_ptr<reactor::Stream>> {
        return [](std::shared_ptr<tls::ClientContext> with, std::string asked,
                  std::unique_ptr<reactor::TcpStream> below, Duration time) -> Co<std::unique_ptr<reactor::Stream>> {
          auto stream = tls::TlsStream::client(std::move(below), std::move(with), asked);
          if (co_await stream->handshake(time) != Trouble::none) co_return nullptr;
          co_return stream;
        }(context, name, std::move(tcp), left);
      };
}

http::Exchange ask(int port, const std::string& name, http::ClientRequest request = {}, const std::string& host = "a",
                   http::Layer layer = {}) {
  reactor::Loop loop;
  http::Exchange result;
  {
    http::Client client(loop, {.port = port}, host, {.layer = layer ? std::move(layer) : as_client_of(name)});
    tls::test::run(loop,
                   [](reactor::Loop& l, http::Client& c, http::ClientRequest r, http::Exchange& into) -> Co<void> {
                     // A balancer listens a moment after it was configured.
                     while ((into = co_await c.send(r, patience)).ending == http::Ending::refused)
                       co_await l.sleep(milliseconds(5));
                   }(loop, client, std::move(request), result));
  }
  return result;
}

// A target that tells the head that came, by TLS; each connection as often as it is asked.
class TlsTarget {
 public:
  TlsTarget() : fd_(*reactor::listen_tcp({})), port_(reactor::local_port(fd_)) {
    thread_ = std::thread([this] {
      reactor::start(accept());
      loop_.run();
      loop_.drain();
    });
  }
  TlsTarget(const TlsTarget&) = delete;
  TlsTarget& operator=(const TlsTarget&) = delete;
  ~TlsTarget() {
    loop_.stop();
    thread_.join();
  }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  Co<void> accept() {
    reactor::Descriptor listener(loop_, fd_);
    while (auto tcp = co_await reactor::accept_tcp(listener)) {
      ++connections_;
      reactor::start(serve(tls::TlsStream::server(std::move(tcp), context_)));
    }
  }
  Co<void> serve(std::unique_ptr<tls::TlsStream> stream) {
    if (co_await stream->handshake(patience) != Trouble::none) co_return;
    std::string head;
    std::array<char, 4096> space{};
    while (true) {
      const auto got = co_await stream->read(space);
      if (got.count == 0) co_return;
      head.append(space.data(), got.count);
      if (!head.ends_with("\r\n\r\n")) continue;
      co_await stream->write(cat("HTTP/1.1 200 OK\r\nContent-Length: ", head.size(), "\r\n\r\n", head));
      head.clear();
    }
  }

  reactor::Loop loop_;
  int fd_, port_;
  std::atomic<int> connections_ = 0;
  std::shared_ptr<tls::ServerContext> context_ = *tls::ServerContext::make({.identities = {certificate_for({"self"})}});
  std::thread thread_;
};

// The head that the target got, as its answer's body.
raw::Target::Behaviour telling_head() {
  return [](raw::Connection& connection) {
    for (std::string head; !(head = connection.hear("\r\n\r\n")).empty();)
      connection.say(cat("HTTP/1.1 200 OK\r\nContent-Length: ", head.size(), "\r\n\r\n", head));
  };
}

}  // namespace

TEST_CASE("balancer tls: a request comes by HTTPS, and the target hears so") {
  raw::Target target(telling_head());
  const raw::Bench bench(target.port(), [](BalancerConfig& config) {
    by_tls({"www.example.com"})(config);
    config.tls_version_and_cipher_headers = true;
  });
  const auto answer = ask(bench.port(), "www.example.com", {.headers = {{"x-amzn-tls-version", "forged"}}});
  CHECK(answer.status == 200);
  CHECK(answer.body.contains("X-Forwarded-Proto: https\r\n"));
  CHECK(answer.body.contains("X-Amzn-Tls-Version: TLSv1.3\r\n"));
  CHECK(answer.body.contains("X-Amzn-Tls-Cipher-Suite: TLS_"));
  CHECK_FALSE(answer.body.contains("forged"));
}

TEST_CASE("balancer tls: large bodies go both ways, and a redirect keeps the protocol") {
  raw::Target target([](raw::Connection& connection) {
    connection.hear("\r\n\r\n");
    std::string body;
    while (body.size() < 3'000'000) {
      const std::string more = connection.hear_some();
      if (more.empty()) return;  // a health check
      body += more;
    }
    connection.say(cat("HTTP/1.1 200 OK\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
    connection.hear_all();
  });
  raw::Bench bench(target.port(), by_tls({"www.example.com"}));
  std::string body(3'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  const auto answer = ask(bench.port(), "www.example.com", {.method = "POST", .body = body});
  CHECK(answer.status == 200);
  CHECK(answer.body == body);
  bench.reconfigure([](BalancerConfig& config) {
    config.listeners[0].rules[0].action = {.type = "redirect", .status = 301, .redirect_path = "/new"};
  });
  const auto moved = ask(bench.port(), "www.example.com", {}, "www.example.com");
  CHECK(moved.status == 301);
  const std::string* location = moved.headers.find("location");
  REQUIRE(location != nullptr);
  CHECK(*location == cat("https://www.example.com:", bench.port(), "/new"));
}

TEST_CASE("balancer tls: an answer that ends with its connection ends with a word in TLS, unless it was cut off") {
  raw::Target target([](raw::Connection& connection) {
    const std::string head = connection.hear("\r\n\r\n");
    if (head.contains("/whole")) return connection.say("HTTP/1.0 200 OK\r\n\r\nall of it"), connection.close();
    connection.say("HTTP/1.0 200 OK\r\n\r\nhalf");
    connection.hear_some();  // never: the test's end
  });
  const raw::Bench bench(target.port(), [](BalancerConfig& config) {
    by_tls({"www.example.com"})(config);
    config.idle_timeout_seconds = 1;
  });
  static_cast<void>(bench.client());  // it listens
  const auto get = [&](std::string_view path) {
    reactor::Loop loop;
    reactor::Stream::Read last;
    std::string came;
    tls::test::run(
        loop,
        [](reactor::Loop& l, int port, std::string text, std::string& all, reactor::Stream::Read& end) -> Co<void> {
          auto tcp = co_await reactor::connect_tcp(l, {.port = port}, patience);
          auto stream = tls::TlsStream::client(std::move(tcp.stream), *tls::ClientContext::make({}), "www.example.com");
          co_await stream->handshake(patience);
          co_await stream->write(text, patience);
          std::array<char, 4096> space{};
          while ((end = co_await stream->read(space, patience)).count > 0) all.append(space.data(), end.count);
        }(loop, bench.port(), cat("GET ", path, " HTTP/1.0\r\n\r\n"), came, last));
    CHECK(came.contains("200 OK"));
    return last.trouble;
  };
  CHECK(get("/whole") == Trouble::none);
  CHECK(get("/half") == Trouble::reset);
}

TEST_CASE("balancer tls: load balancers share a port by the name that is asked for, also HTTPS with HTTP") {
  raw::Target target(raw::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  raw::Bench bench(target.port(), by_tls({"one.example.com"}));
  const auto fixed = [&](const std::string& name, const std::string& body) {
    BalancerConfig config{.arn = name, .name = name, .dns_name = cat(name, ".elb.localhost")};
    config.listeners = {{.arn = name,
                         .port = bench.port(),
                         .rules = {{.arn = "r", .action = {.type = "fixed-response", .status = 200, .body = body}}}}};
    return config;
  };
  BalancerConfig two = fixed("two", "of two");
  two.listeners[0].protocol = "HTTPS";
  two.listeners[0].tls = raw::secured({"two.example.com"});
  two.listeners[0].tls.versions = {"TLSv1.2"};
  bench.balancer().configure(two);
  bench.balancer().configure(fixed("plain", "of plain"));
  CHECK(ask(bench.port(), "one.example.com").body.empty());
  CHECK(ask(bench.port(), "two.example.com").body == "of two");
  // Its own name is in no certificate: whoever asks by it gets the default one.
  const auto believing = *tls::ClientContext::make({});
  const auto by_own_name = [believing](std::unique_ptr<reactor::TcpStream> tcp, Duration left) {
    return [](std::shared_ptr<tls::ClientContext> with, std::unique_ptr<reactor::TcpStream> below,
              Duration time) -> Co<std::unique_ptr<reactor::Stream>> {
      auto stream = tls::TlsStream::client(std::move(below), std::move(with), "two.elb.localhost");
      co_await stream->handshake(time);
      CHECK(stream->negotiated().version == "TLSv1.2");
      CHECK(stream->peer_names() == std::vector<std::string>{"two.example.com"});
      co_return stream;
    }(believing, std::move(tcp), left);
  };
  CHECK(ask(bench.port(), "", {}, "a", by_own_name).body == "of two");
  CHECK(bench.answer("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").ends_with("of plain"));
}

TEST_CASE("balancer tls: a client that gets through no handshake is counted") {
  raw::Bench bench(0, by_tls({"www.example.com"}));
  CHECK(ask(bench.port(), "other.example.com").status == 0);
  CHECK_FALSE(bench.answer("\x01 no TLS").starts_with("HTTP"));
  const auto silent = bench.client();
  silent->end_writing();
  CHECK(silent->hear_all().empty());
  CHECK(bench.fates(3) == raw::Bench::Counts{{"client_tls_error", 3}});
  CHECK(raw::counted(bench, Measure::client_tls_errors) == std::pair<i64, i64>(3, 0));
}

TEST_CASE("balancer tls: a request of plain HTTP is told that this is an HTTPS port") {
  std::string lines;
  {
    raw::Bench bench(0, by_tls({"www.example.com"}), raw::logging(lines));
    const std::string answer = bench.answer("DELETE /a HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 400 Bad Request\r\nServer: awselb/2.0\r\n"));
    CHECK(answer.contains("Connection: close\r\nContent-Type: text/html\r\nContent-Length: 220\r\n\r\n<html>"));
    CHECK(answer.contains("<center>The plain HTTP request was sent to HTTPS port</center>"));
    CHECK(bench.status("no request of HTTP\r\n\r\n") == 0);  // nor TLS
    CHECK(bench.status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 400);
    CHECK(bench.fates(3) == raw::Bench::Counts{{"bad_request", 2}, {"client_tls_error", 1}});
    CHECK(raw::measured(bench.balancer(), Measure::elb_4xx, 2) == 2);
  }
  CHECK(lines.starts_with("http "));
  CHECK(lines.contains(" - -1 -1 -1 400 - "));
  CHECK(lines.contains("\"- http://web.elb.localhost:"));
}

TEST_CASE("balancer tls: targets are spoken to by TLS, and their connections kept") {
  const TlsTarget target;
  const raw::Bench bench(target.port(), [](BalancerConfig& config) { config.target_groups[0].tls = true; });
  const auto client = bench.client();
  for (int i = 0; i < 3; ++i) {
    client->say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(client->hear("\r\n\r\n").starts_with("HTTP/1.1 200 OK"));
    CHECK(client->hear("\r\n\r\n").contains("X-Forwarded-Proto: http\r\n"));
  }
  CHECK(target.connections() == 2);  // the other is the health check's
}

TEST_CASE("balancer tls: a target that speaks no TLS is a 502 of its own kind") {
  raw::Target target([](raw::Connection& connection) {
    while (!connection.hear_some().empty()) connection.say("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  });
  raw::Bench bench(target.port(), [](BalancerConfig& config) { config.target_groups[0].tls = true; });
  CHECK(bench.status("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") == 502);
  CHECK(bench.fates(1) == raw::Bench::Counts{{"tls_failed_502", 1}});
  CHECK(raw::counted(bench, Measure::target_tls_errors) == std::pair<i64, i64>(1, 1));
}
