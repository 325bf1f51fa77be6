#include "client/api_client.hpp"

#include <doctest/doctest.h>

using namespace utakata;  // NOLINT: a test

TEST_CASE("client: names under .localhost are this machine, and the Host header keeps them") {
  const auto url = client::parse_url("http://web-1.ap-northeast-1.elb.localhost:8080/api");
  REQUIRE(url);
  CHECK(url->address.host == "127.0.0.1");
  CHECK(url->address.port == 8080);
  CHECK(url->host == "web-1.ap-northeast-1.elb.localhost:8080");
  CHECK(url->path == "/api");
  CHECK(client::parse_url("http://127.0.0.2")->address.port == 80);
  CHECK_FALSE(client::parse_url("https://127.0.0.1"));
  CHECK_FALSE(client::parse_url("http://somewhere.example"));
}
