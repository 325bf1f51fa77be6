#include "base/sha1.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace utakata;  // NOLINT: a test

TEST_CASE("sha1: FIPS 180-4's example digests") {
  CHECK(hex(sha1("")) == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  CHECK(hex(sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(hex(sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}
