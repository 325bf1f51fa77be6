#include "wire/gzip.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace utakata;  // NOLINT: a test

TEST_CASE("wire gzip: what was compressed, and nothing else") {
  // printf aaaaaaaaaa | gzip -n | base64
  const std::string packed = *base64_decode("H4sIAAAAAAACA0tMhAEA8M0RTAoAAAA=");
  CHECK(wire::gunzip(packed, 10) == "aaaaaaaaaa");
  CHECK_FALSE(wire::gunzip(packed, 9));
  CHECK_FALSE(wire::gunzip(packed.substr(0, packed.size() - 1), 100));
  CHECK_FALSE(wire::gunzip(packed + "x", 100));
  CHECK_FALSE(wire::gunzip("", 100));
  CHECK_FALSE(wire::gunzip("aaaaaaaaaa", 100));
}
