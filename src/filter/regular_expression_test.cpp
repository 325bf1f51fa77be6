#include "filter/regular_expression.hpp"

#include <doctest/doctest.h>

using namespace utakata::filter;  // NOLINT: a test

TEST_CASE("regular expressions: Go's and AWS's mean the same to the C library") {
  struct Row {
    const char *pattern, *yes, *no;
  };
  const Row rows[] = {{R"(^\d{4}-\d{2})", "2024-05 x", "x 2024-05"},
                      {"^INFO", "INFO x", "x INFO"},
                      {R"(^\[\w+\])", "[main] x", "main x"},
                      {R"(^(?:a|b)+?c)", "abac", "c"},
                      {R"([\d.]+\s\S)", "1.2 x", "a b"},
                      {R"([\]\-x]$)", "a]", "a["},
                      {R"([^\s]\.)", "a.", "a"},
                      {R"(\x41\x2eB)", "A.B", "AxB"},
                      {R"([[:upper:]]{2})", "aBC", "abc"}};
  for (const Row& row : rows) {
    CAPTURE(row.pattern);
    const auto expression = RegularExpression::parse(row.pattern);
    REQUIRE(expression);
    CHECK(expression->matches(row.yes));
    CHECK_FALSE(expression->matches(row.no));
  }
  for (const char* bad : {"(?i)info", "(", "[a", R"(\p{L})", R"(a\)", R"([\q])", "a{300}", R"(\x4)"}) {
    CAPTURE(bad);
    CHECK_FALSE(extended_expression(bad));
  }
}

TEST_CASE("regular expressions: repetitions that would grow beyond all bounds are refused before they are compiled") {
  for (const char* bad :
       {"a{255}{255}{255}", "a**", "a+*", "a??+", "a{2}?{2}", "a*{2}", "((a{255}){255}){255}", "(a{200}b{200}){30}",
        "((a?){100}){50}b", "((a*){100}){100}", "((a|b|){50}){50}c", "((a{0,30}){0,100})c", "(((a{99,}){9}){9}){9}"}) {
    CAPTURE(bad);
    CHECK_FALSE(extended_expression(bad));
  }
  std::string nested = "a+";
  for (int i = 0; i < 30; ++i) nested = "(" + nested + ")+";
  CHECK_FALSE(extended_expression(nested));
  for (const char* good :
       {"a{255}", "a{255}b{1,200}", "(a{9}){9}", "((a+)+b?)*", "a+?b*?c??d{2}?", R"((\d{1,3}\.){3}\d+)",
        R"(^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})?)"}) {
    CAPTURE(good);
    CHECK(extended_expression(good));
  }
  CHECK(extended_expression(std::string(4'000, 'a')));
}

TEST_CASE("regular expressions: bytes of any kind are looked at, and no more than are given") {
  const auto expression = RegularExpression::parse("b$");
  REQUIRE(expression);
  CHECK(expression->matches(std::string_view("a\0b", 3)));
  CHECK(expression->matches(std::string_view("abc").substr(0, 2)));
}
