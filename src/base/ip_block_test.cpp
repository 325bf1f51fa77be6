#include "base/ip_block.hpp"

#include <doctest/doctest.h>

using namespace utakata;  // NOLINT: a test

namespace {

bool contains(std::string_view block, std::string_view address) {
  return IpBlock::parse(block)->contains(*IpAddress::parse(address));
}

}  // namespace

TEST_CASE("ip block: of both families, which do not contain each other") {
  CHECK(contains("192.0.2.0/24", "192.0.2.255"));
  CHECK_FALSE(contains("192.0.2.0/24", "192.0.3.0"));
  CHECK(contains("10.1.2.3/9", "10.127.0.1"));
  CHECK_FALSE(contains("10.1.2.3/9", "10.128.0.1"));
  CHECK(contains("0.0.0.0/0", "203.0.113.9"));
  CHECK_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(contains("198.51.100.7/32", "198.51.100.7"));
  CHECK(contains("198.51.100.7/32", "::ffff:198.51.100.7"));
}

TEST_CASE("ip block: what is none is refused") {
  for (const std::string_view text :
       {"", "192.0.2.0", "192.0.2.0/", "192.0.2.0/33", "192.0.2/24", "2001:db8::/129", "::g/1", "a/1", "1.2.3.4/-1"})
    CHECK_MESSAGE(!IpBlock::parse(text), text);
}
