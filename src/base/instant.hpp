#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace utakata {

/// A span of time in whole nanoseconds.
struct Duration {
  std::int64_t ns = 0;
  friend constexpr auto operator<=>(Duration, Duration) = default;
  friend constexpr Duration operator+(Duration a, Duration b) { return {a.ns + b.ns}; }
  friend constexpr Duration operator-(Duration a, Duration b) { return {a.ns - b.ns}; }
  friend constexpr Duration operator*(Duration a, std::int64_t n) { return {a.ns * n}; }
  [[nodiscard]] constexpr std::int64_t milliseconds() const { return ns / 1'000'000; }
};

constexpr Duration nanoseconds(std::int64_t n) { return {n}; }
constexpr Duration microseconds(std::int64_t n) { return {n * 1'000}; }
constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }
constexpr Duration minutes(std::int64_t n) { return seconds(n * 60); }
constexpr Duration hours(std::int64_t n) { return minutes(n * 60); }

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z. Zero means "not set" in rows.
struct Instant {
  std::int64_t ns = 0;
  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr Instant operator+(Instant a, Duration b) { return {a.ns + b.ns}; }
  friend constexpr Instant operator-(Instant a, Duration b) { return {a.ns - b.ns}; }
  friend constexpr Duration operator-(Instant a, Instant b) { return {a.ns - b.ns}; }
  [[nodiscard]] constexpr bool set() const { return ns != 0; }
  static constexpr Instant never() { return {INT64_MAX}; }
};

/// "2026-05-06T11:42:34Z", or with a fraction of 3 digits when asked for.
std::string iso8601(Instant, int fraction_digits = 0);

/// "20260506T114234Z", the form of X-Amz-Date.
std::string iso8601_basic(Instant);

/// "Wed, 06 May 2026 11:42:34 GMT", the form of HTTP's Date.
std::string http_date(Instant);

/// Reads both ISO forms (Z or numeric offset, any fraction); nothing if it is neither.
std::optional<Instant> parse_iso8601(std::string_view);

}  // namespace utakata
