#include "base/json.hpp"

#include <doctest/doctest.h>

#include "base/json_scanner.hpp"

using namespace utakata;  // NOLINT: a test

namespace {
constexpr std::string_view sample =
    R"({"a":[1,-2.50,1e3,true,false,null],"b":{"text":"\u3042 \"x\"\n\ud83d\ude00","empty":{}},"none":[]})";
}

TEST_CASE("json: a document is written as it was read, numbers with their own spelling") {
  const auto json = Json::parse(sample);
  REQUIRE(json);
  CHECK(json->write() ==
        "{\"a\":[1,-2.50,1e3,true,false,null],\"b\":{\"text\":\"\u3042 \\\"x\\\"\\n\U0001F600\",\"empty\":{}},"
        "\"none\":[]}");
  CHECK(*Json::parse(json->write()) == *json);
  CHECK(*Json::parse(json->indented()) == *json);
}

TEST_CASE("json: values answer by kind, absent members by a null pointer") {
  const Json json = *Json::parse(sample);
  CHECK(json.find("a")->items().at(0).integer() == 1);
  CHECK_FALSE(json.find("a")->items().at(1).integer());
  CHECK(*json.find("a")->items().at(1).number() == doctest::Approx(-2.5));
  CHECK(json.find("a")->items().at(3).boolean());
  CHECK(json.find({"b", "empty"})->is_object());
  CHECK(json.find({"b", "absent", "deeper"}) == nullptr);
  CHECK(json.text_at({"b", "text"}).substr(0, 3) == "\u3042");
  CHECK(json.text_at({"a"}).empty());
  CHECK(json.integer_at({"b", "text"}) == 0);
  CHECK(json.integer_at({"b", "absent"}) == 0);
  CHECK(Json::parse(R"({"b": {"count": -7}})")->integer_at({"b", "count"}) == -7);
}

TEST_CASE("json: a built document keeps the order of its members and replaces by name") {
  Json json = Json::object();
  json.set("z", 1);
  json.set("a", true);
  json.set("list", Json::array()).push("x");
  json.set("z", 2.5);
  CHECK(json.write() == R"({"z":2.5,"a":true,"list":["x"]})");
  CHECK(json.indented() == "{\n  \"z\": 2.5,\n  \"a\": true,\n  \"list\": [\n    \"x\"\n  ]\n}");
}

TEST_CASE("json: of equal names the last wins") {
  CHECK(Json::parse(R"({"a":1,"b":2,"a":3})")->write() == R"({"b":2,"a":3})");
}

TEST_CASE("json: malformed text is refused with its place") {
  for (const char* bad : {"",
                          " ",
                          "{",
                          "[1,]",
                          "{\"a\":}",
                          "{\"a\" 1}",
                          "{a:1}",
                          "01",
                          "1.",
                          "-",
                          ".5",
                          "1e",
                          "tru",
                          "nul",
                          "\"",
                          "\"\\x\"",
                          "\"\\u12\"",
                          "\"\\ud800\"",
                          "\"\\udc00\"",
                          "\"\\ud800\\u0041\"",
                          "\"\n\"",
                          "[1] 2",
                          "\"\x80\"",
                          "\"\xc0\xaf\"",
                          "\"\xed\xa0\x80\"",
                          "\"\xf5\x80\x80\x80\"",
                          "\"\xe3\x81\"",
                          "NaN",
                          "+1",
                          "'a'"}) {
    CAPTURE(bad);
    const auto json = Json::parse(bad);
    REQUIRE_FALSE(json);
    CHECK(json.error().code == "MalformedJson");
  }
  CHECK(Json::parse("[1,").error().message == "Malformed JSON at byte 3: expected a number.");
  CHECK_FALSE(Json::parse(std::string_view("1\0", 2)));
}

TEST_CASE("json: nesting and size are limited") {
  CHECK(Json::parse(std::string(64, '[') + std::string(64, ']')));
  CHECK_FALSE(Json::parse(std::string(65, '[') + std::string(65, ']')));
  CHECK_FALSE(Json::parse(std::string(1'000'000, '[')));
  CHECK_FALSE(Json::parse("[1,2,3]", {.depth = 64, .bytes = 6}));
}

TEST_CASE("json: no truncation and no changed byte ends the process") {
  const std::string text(sample);
  for (std::size_t n = 0; n < text.size(); ++n) CHECK_FALSE(Json::parse(text.substr(0, n)));
  for (std::size_t n = 0; n < text.size(); ++n)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = text;
      changed[n] = static_cast<char>(changed[n] ^ (1 << bit));
      const auto json = Json::parse(changed);
      if (json) CHECK(*Json::parse(json->write()) == *json);
    }
}

TEST_CASE("json: what is no UTF-8 is shown as U+FFFD, byte by byte") {
  CHECK(utakata::json::repaired_utf8("plain \xe3\x81\x82") == "plain \xe3\x81\x82");
  CHECK(utakata::json::repaired_utf8("a\xff\xe3\x81") == "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}
