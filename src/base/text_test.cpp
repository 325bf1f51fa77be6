#include "base/text.hpp"

#include <doctest/doctest.h>

using namespace utakata;  // NOLINT: a test

TEST_CASE("text: words stand between blanks and tabs, and none is empty") {
  CHECK(split_words("").empty());
  CHECK(split_words(" \t ").empty());
  CHECK(split_words("  cpu\t\tmemory pids ") == std::vector<std::string_view>{"cpu", "memory", "pids"});
}

TEST_CASE("text: wildcards, whose meaning a backslash takes away where it is told to") {
  CHECK(wildcard_match("*.Example.com", "a.b.example.COM", {.ignore_case = true}));
  CHECK_FALSE(wildcard_match("*.example.com", "example.com"));
  CHECK(wildcard_match("/a?c*", "/abc"));
  CHECK_FALSE(wildcard_match("/a?c", "/ac"));
  CHECK(wildcard_match("what\\?*", "what? yes", {.backslash = true}));
  CHECK_FALSE(wildcard_match("what\\?", "whats", {.backslash = true}));
  CHECK(wildcard_match("*\\*", "2 * 3*", {.backslash = true}));
  CHECK_FALSE(wildcard_match("*\\*", "2 * 3", {.backslash = true}));
  CHECK(wildcard_match("a\\\\b", "a\\b", {.backslash = true}));
  CHECK(wildcard_match("a\\?", "a\\b"));
}
