#include "services/events/pattern.hpp"

#include <doctest/doctest.h>

using namespace utakata;  // NOLINT: a test
using events::EventPattern;
using events::FlatEvent;

namespace {

/// "match", "no", or why the pattern is none.
str verdict(const str& pattern_text, const str& event_text) {
  const auto pattern = EventPattern::parse(pattern_text);
  if (!pattern) return pattern.error().message;
  const auto event = Json::parse(event_text);
  if (!event) return event.error().message;
  return pattern->matches(FlatEvent(*event)) ? "match" : "no";
}

/// The same for the field "f" of both.
str field(const str& pattern, const str& value) {
  return verdict(cat(R"({"f":)", pattern, "}"), cat(R"({"f":)", value, "}"));
}

str refusal(const str& pattern) {
  const auto parsed = EventPattern::parse(pattern);
  if (parsed) return "accepted";
  CHECK(parsed.error().code == "InvalidEventPatternException");
  constexpr std::string_view begin = "Event pattern is not valid. Reason: ";
  return parsed.error().message.starts_with(begin) ? parsed.error().message.substr(begin.size()) : "no reason";
}

str refused_item(const str& item) { return refusal(cat(R"({"k":[)", item, "]}")); }

}  // namespace

// The vectors recorded on AWS: facts, platform.md §D3.
TEST_CASE("events: anything-but needs a field, and lets other types through") {
  CHECK(field(R"([{"anything-but":"x"}])", "null") == "match");
  CHECK(verdict(R"({"f":[{"anything-but":["x","y"]}]})", R"({"g":1})") == "no");
  CHECK(field(R"([{"anything-but":{"prefix":"init"}}])", "12") == "match");
  CHECK(field(R"([{"anything-but":{"prefix":"init"}}])", "null") == "match");
  CHECK(field(R"([{"anything-but":{"prefix":["init","post"]}}])", R"("post-init")") == "no");
  CHECK(field(R"([{"anything-but":{"wildcard":""}}])", R"("any string")") == "match");
  CHECK(field(R"([{"anything-but":{"suffix":[".png",".jpg"]}}])", R"("a.jpg")") == "no");
  CHECK(field(R"([{"anything-but":{"equals-ignore-case":["ABC"]}}])", R"("abc")") == "no");
  CHECK(field(R"([{"anything-but":{"wildcard":"*/bin/*"}}])", R"("/usr/bin/x")") == "no");
  CHECK(field(R"([{"anything-but":[1,2]}])", "2.0") == "no");
  CHECK(verdict(R"({"a":{"b":[{"anything-but":["r"]},{"exists":false}]}})", R"({"c":1})") == "match");
}

TEST_CASE("events: texts match by their ends, by wildcards, and exactly") {
  CHECK(field(R"([{"wildcard":""}])", R"("x")") == "no");
  CHECK(field(R"([{"prefix":""}])", R"("abc")") == "match");
  CHECK(field(R"([{"suffix":""}])", R"("abc")") == "match");
  CHECK(field(R"([{"suffix":".PNG"}])", R"("image.png")") == "no");
  CHECK(field(R"([{"suffix":{"equals-ignore-case":".PNG"}}])", R"("image.png")") == "match");
  CHECK(field(R"([{"prefix":{"equals-ignore-case":"IM"}}])", R"("image.png")") == "match");
  CHECK(field(R"([{"equals-ignore-case":"IMAGE"}])", R"("image")") == "match");
  CHECK(field(R"([{"wildcard":"/U/*/doc.txt"}])", R"("/U/a/b/doc.txt")") == "match");
  CHECK(field(R"([{"wildcard":"/U/*/doc.txt"}])", R"("/U/a/notdoc.txt")") == "no");
  CHECK(field(R"([{"wildcard":"a\\*b"}])", R"("a*b")") == "match");
  CHECK(field(R"([{"wildcard":"a\\*b"}])", R"("axb")") == "no");
  CHECK(field(R"([{"wildcard":"*a*a"}])", R"("bacada")") == "match");
  CHECK(field(R"(["run "])", R"("run")") == "no");
}

TEST_CASE("events: numbers compare as numbers, never with texts") {
  CHECK(field(R"([{"numeric":[">",100]}])", "101.0") == "match");
  CHECK(field(R"([{"numeric":[">",100]}])", R"("300")") == "no");
  CHECK(field(R"([{"numeric":[">",100]}])", "null") == "no");
  CHECK(field(R"([{"numeric":[">",0,"<=",5]}])", "5") == "match");
  CHECK(field(R"([{"numeric":[">",0,"<=",5]}])", "0") == "no");
  CHECK(field(R"([{"numeric":["=",3e2]}])", "300") == "match");
  CHECK(field("[300]", "300.0") == "match");
  CHECK(field(R"(["300"])", "300") == "no");
  CHECK(field(R"([{"numeric":[">",100]},{"anything-but":"101"}])", R"("42")") == "match");
  CHECK(field(R"([{"numeric":[">",100]},{"anything-but":"101"}])", R"("101")") == "no");
}

TEST_CASE("events: null, booleans, absence and presence are told apart") {
  CHECK(field("[null]", "null") == "match");
  CHECK(field("[null]", R"("null")") == "no");
  CHECK(field("[null]", "[]") == "no");
  CHECK(field("[true]", "true") == "match");
  CHECK(field("[true]", R"("true")") == "no");
  CHECK(field(R"([{"exists":true}])", "[]") == "no");
  CHECK(field(R"([{"exists":true}])", R"({"S":"v"})") == "no");
  CHECK(field(R"([{"exists":false}])", "[]") == "match");
  CHECK(field(R"({"id":[{"exists":true}]})", R"([{"k":1},{"id":"a"}])") == "match");
  CHECK(field(R"([{"exists":true},{"prefix":"Z"}])", R"("my")") == "match");
}

TEST_CASE("events: nested keys and keys with dots are the same path") {
  CHECK(verdict(R"({"detail":{"state.status":["run"]}})", R"({"detail":{"state":{"status":"run"}}})") == "match");
  CHECK(verdict(R"({"detail":{"state":{"status":["run"]}}})", R"({"detail":{"state.status":"run"}})") == "match");
  CHECK(verdict(R"({"detail":{"state":{"status":["run"]}}})", R"({"detail":{"state.status":{"status":"run"}}})") ==
        "no");
}

TEST_CASE("events: alternatives at any level, beside other conditions") {
  const str any = R"({"$or":[{"a":[{"numeric":[">",10]}]},{"b":[{"numeric":["<",5]}]},{"c":[{"numeric":["=",7]}]}]})";
  CHECK(verdict(any, R"({"a":1,"b":9,"c":7})") == "match");
  CHECK(verdict(any, R"({"a":1,"b":9,"c":8})") == "no");
  const str nested = R"({"s":["x"],"d":{"$or":[{"a":[1]},{"$or":[{"b":[2]},{"c":[3]}]}]}})";
  CHECK(verdict(nested, R"({"s":"x","d":{"c":3}})") == "match");
  CHECK(verdict(nested, R"({"s":"y","d":{"c":3}})") == "no");
  CHECK(verdict(R"({"$or":["x"]})", R"({"$or":"x"})") == "match");
  CHECK(refusal(R"({"$or":[{"prefix":"a"},{"suffix":"b"}]})") == "accepted");
  CHECK(refusal(R"({"$or":[{"a":[1]}]})") == "Unrecognized match type a");
  str many = "{";
  for (int i = 0; i < 10; ++i) many += cat(i == 0 ? "" : ",", R"("k)", i, R"(":{"$or":[{"a":[1]},{"b":[1]}]})");
  CHECK(refusal(many + "}").contains("1000"));
}

TEST_CASE("events: an array matches by any element, and objects in it by one and the same") {
  CHECK(field(R"(["b"])", R"(["a","b"])") == "match");
  CHECK(field(R"(["b"])", R"([["a"],["b"]])") == "match");
  const str pattern = R"({"x":{"name":["a"],"state":["on"]}})";
  CHECK(verdict(pattern, R"({"x":[{"name":"a","state":"off"},{"name":"b","state":"on"}]})") == "no");
  CHECK(verdict(pattern, R"({"x":[{"name":"b","state":"on"},{"name":"a","state":"on"}]})") == "match");
  CHECK(verdict(pattern, R"({"x":{"name":["b","a"],"state":["on"]}})") == "match");
}

TEST_CASE("events: addresses match by their block") {
  CHECK(field(R"([{"cidr":"10.0.0.0/8"}])", R"("10.255.1.2")") == "match");
  CHECK(field(R"([{"cidr":"10.0.0.0/8"}])", R"("11.0.0.1")") == "no");
  CHECK(field(R"([{"cidr":"10.0.0.0/8"}])", "10") == "no");
  CHECK(field(R"([{"cidr":"10.0.0.0/0"}])", R"("1.2.3.4")") == "match");
  CHECK(field(R"([{"cidr":"2001:db8::/32"}])", R"("2001:db8:0:1::5")") == "match");
  CHECK(field(R"([{"cidr":"2001:db8::/32"}])", R"("2001:db9::1")") == "no");
  CHECK(field(R"([{"cidr":"::/0"}])", R"("10.0.0.1")") == "no");
}

TEST_CASE("events: what is no pattern is refused with AWS's reason") {
  CHECK(refusal(R"({"k": 42})") == "\"k\" must be an object or an array");
  CHECK(refusal(R"({"k": "v"})") == "\"k\" must be an object or an array");
  CHECK(refusal(R"({"k": []})") == "Empty arrays are not allowed");
  CHECK(refusal(R"({"k": {}})") == "Empty objects are not allowed");
  CHECK(refusal("{}") == "Empty objects are not allowed");
  CHECK(refusal("[]") == "Filter is not an object");
  CHECK(refusal("{").starts_with("Malformed JSON"));
  CHECK(refused_item(R"({"EXISTS":true})") == "Unrecognized match type EXISTS");
  CHECK(refused_item(R"({"numeric":[">",0,">",0]})") == "Bad numeric range operator: >");
  CHECK(refused_item(R"({"numeric":[">",0,"<"]})") == "Value of < must be numeric");
  CHECK(refused_item(R"({"numeric":10})") == "Value of numeric must be an array.");
  CHECK(refused_item(R"({"NUMERIC":["=",1]})") == "Unrecognized match type NUMERIC");
  CHECK(refused_item(R"({"wildcard":"a**b"})") == "Consecutive wildcard characters at pos 2");
  CHECK(refused_item(R"({"wildcard":"*:*:*:*:*:event-bus/*"})") ==
        "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a "
        "wildcard character");
  for (const str op : {"wildcard", "prefix", "suffix", "equals-ignore-case"})
    CHECK(refused_item(cat(R"({")", op, R"(":5})")) == cat(op, " match pattern must be a string"));
  CHECK(refused_item(R"({"cidr":"bad-filter"})") == "Malformed CIDR, one '/' required");
  CHECK(refused_item(R"({"cidr":"bad-/64filter"})") == "Malformed CIDR, mask bits must be an integer");
  CHECK(refused_item(R"({"cidr":"xx.11.xx/8"})") == "Nonstandard IP address: xx.11.xx");
  CHECK(refused_item(R"({"cidr":["x"]})") == "prefix match pattern must be a string");
  CHECK(refused_item(R"({"exists":"yes"})") == "exists match pattern must be either true or false.");
  CHECK(refused_item(R"({"exists":true,"prefix":"a"})") == "Only one key allowed in match expression");
  CHECK(refused_item(R"(["x"])") == "Match value must be String, number, true, false, or null");
}

TEST_CASE("events: what anything-but cannot hold is refused with AWS's reason") {
  CHECK(refused_item(R"({"anything-but":{"wildcard":5}})") == "wildcard match pattern must be a string");
  CHECK(refused_item(R"({"anything-but":{"prefix":5}})") == "prefix/suffix match pattern must be a string");
  CHECK(refused_item(R"({"anything-but":{"suffix":null}})") == "prefix/suffix match pattern must be a string");
  CHECK(refused_item(R"({"anything-but":{"prefix":""}})") == "Null prefix/suffix not allowed");
  CHECK(refused_item(R"({"anything-but":null})") ==
        "Value of anything-but must be an array or single string/number value.");
  CHECK(refused_item(R"({"anything-but":{"prefix":{"equals-ignore-case":"x"}}})") ==
        "Value of anything-but must be an array or single string/number value.");
  CHECK(refused_item(R"({"anything-but":["a",null]})") ==
        "Inside anything but list, start|null|boolean is not supported.");
  for (const str value : {"123", "[123]"})
    CHECK(refused_item(cat(R"({"anything-but":{"equals-ignore-case":)", value, "}}")) ==
          "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.");
}

TEST_CASE("events: of equal keys in a pattern the last wins, and exact sources are known") {
  CHECK(verdict(R"({"f":["a"],"f":["b"]})", R"({"f":"b"})") == "match");
  CHECK(EventPattern::parse(R"({"source":["aws.ecs","x"]})")->exact_sources() == list<str>{"aws.ecs", "x"});
  CHECK(EventPattern::parse(R"({"source":[{"prefix":"aws."}]})")->exact_sources().empty());
  CHECK(EventPattern::parse(R"({"detail":{"source":["x"]}})")->exact_sources().empty());
}
