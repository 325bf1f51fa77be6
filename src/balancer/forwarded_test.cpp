#include <doctest/doctest.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "balancer/raw_fixture_test.hpp"
#include "balancer/rewrite.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test
using raw::Bench;
using raw::Connection;

namespace {

constexpr std::string_view request =
    "GET / HTTP/1.1\r\nHost: Shop.Example:81\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2, 192.0.2.3\r\n"
    "Connection: close\r\n\r\n";

// Tells as its answer the head that came to it.
void echo_head(Connection& connection) {
  const std::string head = connection.hear("\r\n\r\n");
  if (head.empty()) return;
  connection.say(cat("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ", head.size(), "\r\n\r\n", head));
  connection.hear_all();
}

int local_port(const Connection& connection) {
  sockaddr_in in{};
  socklen_t size = sizeof in;
  getsockname(connection.fd(), static_cast<sockaddr*>(static_cast<void*>(&in)), &size);
  return ntohs(in.sin_port);
}

// What came to the target of a load balancer that is set so.
std::string came(const raw::Adapt& adapt, std::string_view asked = request) {
  raw::Target target(echo_head);
  return Bench(target.port(), adapt).answer(asked);
}

}  // namespace

TEST_CASE("balancer: X-Forwarded-For is appended to, preserved or removed") {
  CHECK(came({}).contains("\r\nX-Forwarded-For: 192.0.2.1, 192.0.2.2, 192.0.2.3, 127.0.0.1\r\n"));
  const raw::Adapt preserve = [](BalancerConfig& config) {
    config.forwarded_for = "preserve";
    config.forwarded_for_client_port = true;
  };
  const std::string preserved = came(preserve);
  CHECK(preserved.contains("\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2, 192.0.2.3\r\n"));
  CHECK_FALSE(preserved.contains("127.0.0.1"));
  CHECK(preserved.contains("\r\nX-Forwarded-Proto: http\r\n"));
  CHECK_FALSE(came(preserve, "GET / HTTP/1.0\r\n\r\n").contains("X-Forwarded-For"));
  const std::string removed = came([](BalancerConfig& config) { config.forwarded_for = "remove"; });
  CHECK_FALSE(removed.contains("X-Forwarded-For"));
  CHECK(removed.contains("\r\nX-Forwarded-Proto: http\r\n"));
}

TEST_CASE("balancer: X-Forwarded-For has the client's port where that is asked for") {
  raw::Target target(echo_head);
  const Bench bench(target.port(), [](BalancerConfig& config) { config.forwarded_for_client_port = true; });
  const auto client = bench.client();
  client->say(request);
  CHECK(client->hear_all().contains(cat("192.0.2.3, 127.0.0.1:", local_port(*client), "\r\n")));

  http::RequestHeadView head;
  REQUIRE_FALSE(http::view_request_head("GET / HTTP/1.1\r\nHost: a\r\n\r\n", {}, head));
  BalancerConfig config{.forwarded_for_client_port = true};
  std::string out;
  write_request_head(head, {.config = config, .peer = "2001:db8::1", .peer_port = 4711, .host = "a", .target = "/"},
                     out);
  CHECK(out.contains("X-Forwarded-For: [2001:db8::1]:4711\r\n"));
  config.forwarded_for_client_port = false;
  write_request_head(head, {.config = config, .peer = "2001:db8::1", .host = "a", .target = "/"}, out);
  CHECK(out.contains("X-Forwarded-For: 2001:db8::1\r\n"));
}

TEST_CASE("balancer: of a trace only its Root is told when the headers are large") {
  const auto trace_of = [](std::size_t filled, std::string_view trace) {
    const std::string text = cat("GET / HTTP/1.1\r\nHost: a\r\n", trace, "X: ", std::string(filled, 'x'), "\r\n\r\n");
    http::RequestHeadView head;
    REQUIRE_FALSE(http::view_request_head(text, {}, head));
    return trace_id(head);
  };
  constexpr std::string_view given =
      "X-Amzn-Trace-Id: Self=1-2-3; Root=1-67891233-abcdef012345678912345678;Sampled=1\r\n";
  constexpr std::string_view root = "Root=1-67891233-abcdef012345678912345678";
  CHECK(trace_of(6000, given).starts_with("Self=1-"));
  CHECK(trace_of(6000, given).ends_with(cat(";", root, ";Sampled=1")));
  CHECK(trace_of(8000, given) == root);
  CHECK(trace_of(8000, "X-Amzn-Trace-Id: Sampled=1\r\n").starts_with("Root=1-"));
  CHECK(trace_of(8000, "").size() == root.size());
}

TEST_CASE("balancer: the Host is lower-cased and keeps its port, or is preserved") {
  CHECK(came({}).contains("\r\nHost: shop.example:81\r\n"));
  CHECK(came([](BalancerConfig& config) {
          config.preserve_host_header = true;
        }).contains("\r\nHost: Shop.Example:81\r\n"));
}
