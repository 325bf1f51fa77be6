#include "base/ipv4.hpp"

#include <doctest/doctest.h>

using namespace utakata;  // NOLINT: a test

TEST_CASE("ipv4: an address is four decimal parts and nothing else") {
  CHECK(parse_ipv4("10.0.0.1") == 0x0a000001U);
  CHECK(ipv4_text(0xffffffffU) == "255.255.255.255");
  for (const char* bad : {"", "10", "10.0.0", "10.0.0.256", "10.0.0.-1", "10.0.0.0001", "10.0.0.1.2", "a.b.c.d"})
    CHECK(!parse_ipv4(bad));
}

TEST_CASE("ipv4: a block holds its addresses, bits beyond its length are cut off") {
  const auto block = Ipv4Block::parse("10.1.2.3/16");
  REQUIRE(block);
  CHECK(block->text() == "10.1.0.0/16");
  CHECK(block->contains(*parse_ipv4("10.1.255.255")));
  CHECK(!block->contains(*parse_ipv4("10.2.0.0")));
  CHECK(Ipv4Block::parse("0.0.0.0/0")->contains(*parse_ipv4("255.255.255.255")));
  CHECK(Ipv4Block::parse("10.0.0.1/32")->last() == *parse_ipv4("10.0.0.1"));
  CHECK(block->overlaps(*Ipv4Block::parse("10.0.0.0/8")));
  CHECK(!block->contains(*Ipv4Block::parse("10.0.0.0/8")));
  CHECK(!block->overlaps(*Ipv4Block::parse("10.2.0.0/16")));
  for (const char* bad : {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "/8", "10.0.0.0/x"})
    CHECK(!Ipv4Block::parse(bad));
}
