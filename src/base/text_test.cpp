#include "base/text.hpp"

#include <doctest/doctest.h>

using namespace utakata;  // NOLINT: a test

TEST_CASE("text: words stand between blanks and tabs, and none is empty") {
  CHECK(split_words("").empty());
  CHECK(split_words(" \t ").empty());
  CHECK(split_words("  cpu\t\tmemory pids ") == std::vector<std::string_view>{"cpu", "memory", "pids"});
}
