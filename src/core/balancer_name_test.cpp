#include "core/balancer_name.hpp"

#include <doctest/doctest.h>

using namespace utakata;  // NOLINT: a test

TEST_CASE("balancer name: of both kinds, and of no other host") {
  CHECK(is_balancer_name("web-1234567890.eu-west-1.elb.localhost"));
  CHECK(is_balancer_name("web-0123456789abcdef.elb.eu-west-1.localhost"));
  for (const char* other :
       {"", "localhost", "elb.localhost", "eu-west-1.elb.localhost", "web-1.eu-west-1.elb.localhost.",
        "web-1.eu-west-1.elb.example.com", "a.web-1.eu-west-1.elb.localhost", "web.eu-west-1.localhost"})
    CHECK_FALSE(is_balancer_name(other));
}
