#include "base/linear_regex.hpp"

#include <doctest/doctest.h>
#include <regex.h>

#include <string>

#include "base/hash.hpp"
#include "base/text.hpp"

using namespace utakata;  // NOLINT: a test

namespace {

bool found(std::string_view pattern, std::string_view text, bool ignore_case = false) {
  const auto regex = LinearRegex::parse(pattern, {.ignore_case = ignore_case});
  REQUIRE_MESSAGE(regex, pattern);
  return regex->found_in(text);
}

// What the C library says to the same question.
bool found_by_library(const std::string& pattern, const std::string& text) {
  regex_t compiled{};
  REQUIRE(regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB) == 0);
  const bool result = regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
  regfree(&compiled);
  return result;
}

// A random expression over a small alphabet, of the forms that both know.
std::string expression(std::uint64_t& dice, int depth) {
  const auto roll = [&](std::uint64_t sides) { return (dice = mix(dice + 0x9e3779b97f4a7c15U)) % sides; };
  const std::string letter(1, static_cast<char>('a' + roll(3)));
  if (depth == 0) return roll(5) == 0 ? "." : roll(4) == 0 ? "[^a]" : letter;
  const std::string one = expression(dice, depth - 1);
  switch (roll(6)) {
    case 0:
      return "(" + one + "|" + expression(dice, depth - 1) + ")";
    case 1:
      return "(" + one + ")*";
    case 2:
      return "(" + one + "){1,2}";
    case 3:
      return "(" + one + ")?" + letter;
    default:
      return one + expression(dice, depth - 1);
  }
}

}  // namespace

TEST_CASE("linear regex: a part is enough unless the ends are asked for") {
  CHECK(found("api", "/v1/api/x"));
  CHECK_FALSE(found("^api", "/v1/api/x"));
  CHECK(found("^/v1/.*x$", "/v1/api/x"));
  CHECK(found("", ""));
  CHECK(found("^$", ""));
  CHECK_FALSE(found("^$", "a"));
  CHECK(found("a|b|", "zz"));
}

TEST_CASE("linear regex: classes, escapes, repetitions, groups") {
  CHECK(found("^[a-z0-9-]+\\.example\\.com$", "shop-7.example.com"));
  CHECK_FALSE(found("^[a-z0-9-]+\\.example\\.com$", "shop-7xexample.com"));
  CHECK(found("^/users/\\d{1,3}$", "/users/042"));
  CHECK_FALSE(found("^/users/\\d{1,3}$", "/users/0420"));
  CHECK(found("^/(?:img|css)/[^/]+?\\.(png|css)$", "/css/site.css"));
  CHECK(found("^a{2}$", "aa"));
  CHECK(found("^a{2,}$", "aaaa"));
  CHECK_FALSE(found("^a{2,}$", "a"));
  CHECK(found("^[]x]+$", "]x"));
  CHECK(found("^[x-]+$", "-x"));
  CHECK(found("^[[:upper:]\\d]+$", "A1"));
  CHECK(found("^\\x41\\t$", "A\t"));
  CHECK(found("\\bcat\\b", "a cat."));
  CHECK_FALSE(found("\\bcat\\b", "concatenate"));
  CHECK_FALSE(found("a.b", "a\nb"));
}

TEST_CASE("linear regex: letters in any case only when told") {
  CHECK_FALSE(found("^shop$", "Shop"));
  CHECK(found("^shop$", "sHOP", true));
  CHECK(found("^[^a]$", "b", true));
  CHECK_FALSE(found("^[^a]$", "A", true));
  CHECK(found("(?i)^shop$", "SHOP"));
}

TEST_CASE("linear regex: what it does not know, or what is too large, is refused") {
  for (const std::string_view pattern : {"(",
                                         ")",
                                         "a)",
                                         "[a",
                                         "[z-a]",
                                         "*a",
                                         "a**",
                                         "a++",
                                         "a{2",
                                         "a{3,2}",
                                         "a{x}",
                                         "\\",
                                         "\\1",
                                         "\\p{L}",
                                         "(?=a)",
                                         "(?!a)",
                                         "(?<=a)b",
                                         "(?<n>a)",
                                         "(?>a)",
                                         "^*",
                                         "[[:nonsense:]]",
                                         "((a{100}){100}){100}",
                                         "a{1001}"})
    CHECK_MESSAGE(!LinearRegex::parse(pattern), pattern);
  CHECK_FALSE(LinearRegex::parse(std::string(60, '(') + std::string(60, ')')));
}

TEST_CASE("linear regex: what makes others slow is answered") {
  const std::string text(20'000, 'a');
  CHECK_FALSE(found("^(a+)+$", text + "b"));
  CHECK_FALSE(found("(a*)*(a*)*b", text));
  CHECK(found("(a|aa)+$", text));
}

TEST_CASE("linear regex: agrees with the C library on random expressions and texts") {
  std::uint64_t dice = 20'260'506;
  int both = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string pattern = expression(dice, 3);
    if (dice % 3 == 0) pattern = cat("^", pattern, "$");
    const auto regex = LinearRegex::parse(pattern);
    REQUIRE_MESSAGE(regex, pattern);
    for (int i = 0; i < 5; ++i) {
      std::string text;
      for (dice = mix(dice + 1); text.size() < dice % 9;) text += static_cast<char>('a' + mix(dice + text.size()) % 3);
      const bool expected = found_by_library(pattern, text);
      both += expected ? 1 : 0;
      CHECK_MESSAGE(regex->found_in(text) == expected, pattern, " in ", text);
    }
  }
  CHECK(both > 1000);
  CHECK(both < 9000);
}
