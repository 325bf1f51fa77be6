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
  CHECK(why("a.b") == "Invalid character(s) in term 'a.b'");
  CHECK(why("\"open").contains("does not end"));
  CHECK(why("a -").contains("Invalid character(s)"));
  CHECK(why("%(a)%").contains("parentheses"));
  CHECK(why("%a").contains("does not end"));
  CHECK(why("%a% %b% %c%").contains("at most two"));
  CHECK(why("{ $.a }").contains("followed by"));
  CHECK(why("{ a = 1 }").contains("begins with $"));
  CHECK(why("{ $.a > \"x\" }").contains("only numbers"));
  CHECK(why("{ $.a IS NOT }").contains("IS is followed"));
  CHECK(why("{ $.a EXISTS }").contains("followed by"));
  CHECK(why("{ $.a = 1").contains("ends with }"));
  CHECK(why("{ ($.a = 1 }").contains("not closed"));
  CHECK(why("{ $.*.* = 1 }").contains("wildcard"));
  CHECK(why("[a, b").contains("ends with ]"));
  CHECK(why("[..., a, ...]").contains("ellipsis"));
  CHECK(why("[a = 1 && b = 2]").contains("one field"));
  CHECK(why("[a > x]").contains("only numbers"));
  CHECK(why("{" + str(200, '(')).contains("too many parentheses"));
}
