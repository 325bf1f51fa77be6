#include "filter/pattern.hpp"

#include <doctest/doctest.h>

#include <initializer_list>

using namespace utakata;  // NOLINT: a test
using filter::Pattern;

namespace {

struct Row {
  std::string_view pattern, message;
  bool matches;
};

void check(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    CAPTURE(row.pattern);
    CAPTURE(row.message);
    const auto pattern = Pattern::parse(row.pattern);
    CHECK_MESSAGE(pattern.has_value(), (pattern ? "" : pattern.error().message));
    if (pattern) CHECK(pattern->matches(row.message) == row.matches);
  }
}

}  // namespace

TEST_CASE("filter: terms must all be there, in this case and any order") {
  check({{"", "anything", true},
         {"\" \"", "anything", true},
         {"ERROR", "[ERROR 400] BAD", true},
         {"ERROR", "error", false},
         {"BAD ERROR", "[ERROR 400] BAD", true},
         {"BAD GOOD", "[ERROR 400] BAD", false},
         {"\"INTERNAL SERVER ERROR\"", "500 INTERNAL SERVER ERROR", true},
         {"\"INTERNAL SERVER ERROR\"", "500 INTERNAL ERROR SERVER", false},
         {R"("a \"b\"")", R"(say a "b" c)", true}});
}

TEST_CASE("filter: ?terms are alternatives, -terms exclude, and ?terms beside others are ignored") {
  check({{"?ERROR ?WARN", "WARN 1", true},
         {"?ERROR ?WARN", "INFO 1", false},
         {"ERROR -ARGUMENTS", "ERROR 1", true},
         {"ERROR -ARGUMENTS", "ERROR ARGUMENTS", false},
         {"?WARN REQUEST", "INFO REQUEST", true},
         {"-\"exit status\"", "fine", true}});
}

TEST_CASE("filter: regular expressions stand among terms") {
  check({{"%ERR[0-9]+%", "an ERR42", true},
         {"%ERR[0-9]+%", "an ERR", false},
         {"%^GET|^PUT%", "PUT /x", true},
         {"%^GET|^PUT%", "x PUT", false},
         {R"(%\d{3}\s\w+%)", "404 gone", true},
         {R"(%\x41B%)", "xABx", true},
         {"-%^DEBUG% request", "DEBUG request", false},
         {"-%^DEBUG% request", "INFO request", true},
         {"?%a.c% ?x", "abc", true}});
}

TEST_CASE("filter: JSON patterns compare properties") {
  constexpr std::string_view event =
      R"({"type":"login","n":4,"big":1500,"neg":-2.5,"ok":true,"no":false,"nil":null,"ip":"10.0.0.7","code":404,)"
      R"("user":{"id":1,"email":"a@b.c"},"tags":["x","y"],"list":[{"k":"a"},{"k":"b"}],"a.b":"dot","empty":""})";
  check({{R"({ $.type = "login" })", event, true},
         {R"({ $.type = login })", event, true},
         {R"({ $.type = "log*" })", event, true},
         {R"({ $.type = "*g*n" })", event, true},
         {R"({ $.type = "Log*" })", event, false},
         {R"({ $.type != "logout" })", event, true},
         {R"({ $.type != "login" })", event, false},
         {R"({ $.none != "x" })", event, false},
         {R"({ $.n = 4 })", event, true},
         {R"({ $.n = 4.0 })", event, true},
         {R"({ $.n = "4" })", event, false},
         {R"({ $.n > 3 })", event, true},
         {R"({ $.n >= 4 })", event, true},
         {R"({ $.n < 4 })", event, false},
         {R"({ $.n <= 4 })", event, true},
         {R"({ $.big = 1.5e+3 })", event, true},
         {R"({ $.neg < -2 })", event, true},
         {R"({ $.code = 4* })", event, true},
         {R"({ $.ip = 10.0.* })", event, true},
         {R"({ $.ip != 10.0.* })", event, false},
         {R"({ $.user.id = 1 })", event, true},
         {R"({ $.user = "*" })", event, false},
         {R"({ $.tags = "x" })", event, false},
         {R"({ $.tags[0] = "x" })", event, true},
         {R"({ $.tags[2] = "x" })", event, false},
         {R"({ $.tags[*] = "y" })", event, true},
         {R"({ $.list[*].k = "b" })", event, true},
         {R"({ $.list[0].k = "b" })", event, false},
         {R"({ $.* = "login" })", event, true},
         {R"({ $.['a.b'] = "dot" })", event, true},
         {R"({ $.a.b = "dot" })", event, false},
         {R"({ $.nil IS NULL })", event, true},
         {R"({ $.n IS NULL })", event, false},
         {R"({ $.none IS NULL })", event, false},
         {R"({ $.ok IS TRUE })", event, true},
         {R"({ $.no IS FALSE })", event, true},
         {R"({ $.no IS TRUE })", event, false},
         {R"({ $.none NOT EXISTS })", event, true},
         {R"({ $.nil NOT EXISTS })", event, false},
         {R"({ $.ip = %^10\.0% })", event, true},
         {R"({ ($.n = 4) && ($.type = "login") })", event, true},
         {R"({ $.n = 5 || $.type = "login" && $.ok IS TRUE })", event, true},
         {R"({ ($.n = 5 || $.type = "login") && $.ok IS FALSE })", event, false},
         {R"({$.n=4&&$.big=1500})", event, true},
         {R"({ $.n = 4 })", "n 4", false},
         {R"({ $.n = 4 })", R"({"n":4)", false},
         {R"({ $.n = 4 })", R"(  {"n":4} )", true}});
}

TEST_CASE("filter: space-delimited patterns compare words") {
  constexpr std::string_view access =
      R"(127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534)";
  check({{"[ip, user, name, time, request, status, bytes]", access, true},
         {"[ip, user, name, time, request, status = 404, bytes]", access, true},
         {"[ip, user, name, time, request, status = 4*, bytes > 1000]", access, true},
         {"[ip, user, name, time, request, status = 4*, bytes > 2000]", access, false},
         {"[ip, user, name, time, request = *.html*, status = 404 || status = 410, bytes]", access, true},
         {"[..., request = *.html*, status = 404 || status = 410, bytes]", access, true},
         {"[..., request = *.htm, status, bytes]", access, false},
         {"[ip = 127.*, ..., bytes]", access, true},
         {"[ip != 127.*, ..., bytes]", access, false},
         {"[ip, user=%^Pr%, ...]", access, true},
         {"[ip, user, name, time = \"10/Oct*\", ...]", access, true},
         {"[w1=ERROR, w2]", "ERROR and more words", true},
         {"[w1=ERROR, w2]", "WARN and", false},
         {"[w1!=ERROR && w1!=WARNING, w2]", "INFO x", true},
         {"[w1!=ERROR&&w1!=WARNING, w2]", "WARNING x", false},
         {"[w1, w2 = \"b c\"]", "a b c", true},
         {"[a, b, c]", "a b", false},
         {"[a, ..., b, c]", "a b", false}});
}

TEST_CASE("filter: what is no pattern is refused with what is wrong") {
  const auto why = [](std::string_view pattern) {
    const auto parsed = Pattern::parse(pattern);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == "InvalidParameterException");
    return parsed.error().message;
  };
  CHECK(why("a.b") == "Invalid character(s) in term '.' (position 2)");
  CHECK(why("ok status:(ü)") == "Invalid character(s) in term ':(' (position 10)");
  CHECK(why("größe a.b") == "Invalid character(s) in term '.' (position 8)");
  CHECK(why("ok \"open") == "Invalid filter pattern: a quoted phrase does not end (position 4)");
  CHECK(why("a -") == "Invalid filter pattern: a term is missing (position 4, where the pattern ends)");
  CHECK(why("%(a)%") == "Invalid filter pattern: a regular expression has no parentheses (position 2)");
  CHECK(why("x %a") == "Invalid filter pattern: a regular expression does not end (position 3)");
  CHECK(why("%a% %b% %c%") == "Invalid filter pattern: at most two regular expressions are supported (position 9)");
  CHECK(why("a %[% b") == "Invalid filter pattern: the regular expression %[% is not supported (position 3)");
  CHECK(why("{ $.a }").ends_with("followed by =, !=, <, >, <=, >=, IS or NOT EXISTS (position 7)"));
  CHECK(why("{ a = 1 }").ends_with("begins with $ (position 3)"));
  CHECK(why("{ $ = 1 }").ends_with("names a property, like $.name (position 4)"));
  CHECK(why("{ $.a[x] = 1 }").ends_with("like [0] (position 6)"));
  CHECK(why("{ $.a. = 1 }").ends_with("has no name (position 7)"));
  CHECK(why("{ $.a > \"x\" }").ends_with("only numbers can be compared with <, >, <= and >= (position 9)"));
  CHECK(why("{ $.a = }").ends_with("a comparison has no value (position 9)"));
  CHECK(why("{ $.a IS NOT }").ends_with("IS is followed by NULL, TRUE or FALSE (position 10)"));
  CHECK(why("{ $.a NOT NULL }").ends_with("NOT is followed by EXISTS (position 11)"));
  CHECK(why("{ $.a EXISTS }").ends_with("(position 7)"));
  CHECK(why("{ $.a = 1") == "If a filter pattern starts with '{' it must end with '}'");
  CHECK(why("{ ($.a = 1 }").ends_with("a parenthesis is not closed (position 3)"));
  CHECK(why("{ $.a = 1 $.b = 2 }").ends_with("a comparison is followed by && or || or } (position 11)"));
  CHECK(why("{ $.a = 1 } }").ends_with("nothing may follow } (position 13)"));
  CHECK(why("{ $.*.* = 1 }").ends_with("three in a pattern (position 6)"));
  CHECK(why("[a, b") == "If a filter pattern starts with '[' it must end with ']'");
  CHECK(why("[a ... ]").ends_with("'a ...' is no name of a field (position 2)"));
  CHECK(why("[..., a, ...]").ends_with("ellipsis (...) is supported (position 10)"));
  CHECK(why("[a = 1 && b = 2]").ends_with("one field, not b (position 11)"));
  CHECK(why("[a > x]").ends_with("and >= (position 6)"));
  CHECK(why("[a = 1 & b]").ends_with("a field is followed by a comma or ] (position 8)"));
  CHECK(why("[a] b]").ends_with("nothing may follow ] (position 5)"));
  CHECK(why("{" + str(200, '(') + "}").ends_with("too many parentheses (position 34)"));
}
