#include "base/instant.hpp"

#include <doctest/doctest.h>

using namespace utakata;  // NOLINT: a test

TEST_CASE("instant: every form is read back as it was written") {
  const Instant at{1'778'067'754'125'000'000};
  CHECK(iso8601(at) == "2026-05-06T11:42:34Z");
  CHECK(iso8601(at, 3) == "2026-05-06T11:42:34.125Z");
  CHECK(iso8601_basic(at) == "20260506T114234Z");
  CHECK(http_date(at) == "Wed, 06 May 2026 11:42:34 GMT");
  CHECK(parse_iso8601("2026-05-06T11:42:34.125Z") == at);
  CHECK(parse_iso8601("2026-05-06T20:42:34.125+09:00") == at);
  CHECK(parse_iso8601("20260506T114234Z") == at - milliseconds(125));
}

TEST_CASE("instant: what is no time, or beyond 64 bits of nanoseconds, is refused") {
  for (const char* bad :
       {"", "soon", "2026", "2026-13-01", "2026-05-06T", "2026-05-06T25:00:00Z", "2026-05-06T11:42:34Zz",
        "1677-12-31T00:00:00Z", "2262-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_iso8601(bad));
  }
  CHECK(parse_iso8601("2261-12-31T23:59:60Z"));
  CHECK(parse_iso8601("1678-01-01T00:00:00Z"));
}
