#include "base/instant.hpp"

#include <array>

#include "base/text.hpp"

namespace utakata {
namespace {

struct Civil {
  std::int64_t year;
  int month, day, hour, minute, second, weekday;  // weekday 0 = Sunday
  std::int64_t nanosecond;
};

// The proleptic Gregorian calendar by eras of 400 years.
std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

Civil civil(Instant at) {
  std::int64_t total = at.ns / 1'000'000'000;
  std::int64_t fraction = at.ns % 1'000'000'000;
  if (fraction < 0) {
    fraction += 1'000'000'000;
    --total;
  }
  std::int64_t days = total / 86400;
  std::int64_t rest = total % 86400;
  if (rest < 0) {
    rest += 86400;
    --days;
  }
  const std::int64_t shifted = days + 719468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const std::int64_t day_of_era = shifted - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return Civil{.year = year_of_era + era * 400 + (month <= 2 ? 1 : 0),
               .month = month,
               .day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1),
               .hour = static_cast<int>(rest / 3600),
               .minute = static_cast<int>(rest / 60 % 60),
               .second = static_cast<int>(rest % 60),
               .weekday = static_cast<int>(((days + 4) % 7 + 7) % 7),
               .nanosecond = fraction};
}

std::string digits(std::int64_t value, std::size_t width) {
  std::string text = cat(value);
  return text.size() >= width ? text : std::string(width - text.size(), '0') + text;
}

// Reads exactly `width` digits at the front of `text`, and takes them away.
std::optional<std::int64_t> take_digits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return {};
  std::int64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return {};
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::int64_t take_fraction(std::string_view& text) {
  std::int64_t value = 0;
  std::int64_t scale = 100'000'000;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    value += (text.front() - '0') * scale;
    scale /= 10;
    text.remove_prefix(1);
  }
  return value;
}

std::optional<std::int64_t> take_offset_seconds(std::string_view& text) {
  if (take(text, 'Z') || text.empty()) return 0;
  const std::int64_t sign = text.front() == '-' ? -1 : 1;
  if (text.front() != '+' && text.front() != '-') return {};
  text.remove_prefix(1);
  const auto hour = take_digits(text, 2);
  take(text, ':');
  const auto minute = take_digits(text, 2);
  if (!hour || !minute) return {};
  return sign * (*hour * 3600 + *minute * 60);
}

constexpr std::array<std::string_view, 7> weekday_names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

std::string iso8601(Instant at, int fraction_digits) {
  const Civil c = civil(at);
  std::string text = cat(digits(c.year, 4), "-", digits(c.month, 2), "-", digits(c.day, 2), "T", digits(c.hour, 2), ":",
                         digits(c.minute, 2), ":", digits(c.second, 2));
  if (fraction_digits > 0) text += "." + digits(c.nanosecond, 9).substr(0, static_cast<std::size_t>(fraction_digits));
  return text + "Z";
}

std::string iso8601_basic(Instant at) {
  const Civil c = civil(at);
  return cat(digits(c.year, 4), digits(c.month, 2), digits(c.day, 2), "T", digits(c.hour, 2), digits(c.minute, 2),
             digits(c.second, 2), "Z");
}

std::string http_date(Instant at) {
  const Civil c = civil(at);
  return cat(weekday_names[static_cast<std::size_t>(c.weekday)], ", ", digits(c.day, 2), " ",
             month_names[static_cast<std::size_t>(c.month - 1)], " ", digits(c.year, 4), " ", digits(c.hour, 2), ":",
             digits(c.minute, 2), ":", digits(c.second, 2), " GMT");
}

std::optional<Instant> parse_iso8601(std::string_view text) {
  const auto year = take_digits(text, 4);
  const bool dashes = take(text, '-');
  const auto month = take_digits(text, 2);
  if (dashes && !take(text, '-')) return {};
  const auto day = take_digits(text, 2);
  if (!year || *year < 1678 || *year > 2261) return {};  // what 64 bits of nanoseconds can hold
  if (!month || !day || *month < 1 || *month > 12 || *day < 1 || *day > 31) return {};
  const std::int64_t days = days_from_civil(*year, static_cast<int>(*month), static_cast<int>(*day));
  if (text.empty()) return Instant{days * 86400 * 1'000'000'000};
  if (!take(text, 'T') && !take(text, ' ')) return {};
  const auto hour = take_digits(text, 2);
  take(text, ':');
  const auto minute = take_digits(text, 2);
  take(text, ':');
  const auto second = take_digits(text, 2);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return {};
  std::int64_t fraction = 0;
  if (take(text, '.')) fraction = take_fraction(text);
  const auto offset = take_offset_seconds(text);
  if (!offset || !text.empty()) return {};
  const std::int64_t total = days * 86400 + *hour * 3600 + *minute * 60 + *second - *offset;
  return Instant{total * 1'000'000'000 + fraction};
}

}  // namespace utakata
