#include "wire/json.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace utakata;  // NOLINT: a test

namespace {
struct Port {
  i32 containerPort = 0;
  opt<OneOf<"tcp", "udp">> protocol;
};
struct Container {
  str name;
  opt<i32> cpu;
  opt<bool> essential;
  opt<list<Port>> portMappings;
  opt<dict<str>> dockerLabels;
  stored<list<str>> dnsServers;
  stored<str> hostname;
};
struct Request {
  str family;
  opt<OneOf<"EC2", "FARGATE">> launchType;
  opt<list<Container>> containers;
  opt<i64> big;
  opt<f64> weight;
  opt<Instant> at;
  opt<Blob> data;
  opt<Document> detail;
  opt<str> namespace_;
  opt<dict<Port>> ports;
};

constexpr std::string_view sample =
    R"({"family":"web","launchType":"FARGATE","containers":[{"name":"a","cpu":256,"essential":true,)"
    R"("portMappings":[{"containerPort":80,"protocol":"udp"}],"dockerLabels":{"k":"v\"\u3042"},"hostname":"h"}],)"
    R"("big":9007199254740993,"weight":0.5,"at":1778067754.125,"data":"AAEC","detail":{"a": [1, 2.50]},)"
    R"("namespace":"n","ports":{"p":{"containerPort":1}}})";

Fault fault_of(std::string_view text, wire::Violation violation) {
  Request request;
  wire::ReadNotes notes;
  const auto outcome = wire::read_json(type_of<Request>, &request, text, notes);
  CAPTURE(text);
  REQUIRE_FALSE(outcome);
  CHECK((notes.violation == violation));
  return outcome.error();
}
}  // namespace

TEST_CASE("wire json: a request is read and written back member by member") {
  const auto request = wire::read_json<Request>(sample);
  REQUIRE(request);
  CHECK(request->family == "web");
  CHECK((*request->launchType == "FARGATE"));
  CHECK(*request->big == 9007199254740993);
  CHECK(request->at->ns == 1'778'067'754'125'000'000);
  CHECK(request->data->bytes == std::string("\0\1\2", 3));
  CHECK(request->detail->text == R"({"a": [1, 2.50]})");
  CHECK(*request->namespace_ == "n");
  std::string expected(sample);
  expected.replace(expected.find("\\u3042"), 6, "\u3042");
  CHECK(wire::write_json(*request) == expected);
}

TEST_CASE("wire json: absent members are left out, null is absent, unknown members are ignored") {
  const auto request =
      wire::read_json<Request>(R"({"family":"f","launchType":null,"nope":{"x":[1,{}]},"containers":[]})");
  REQUIRE(request);
  CHECK_FALSE(request->launchType);
  CHECK(request->containers);
  CHECK(wire::write_json(*request) == R"({"family":"f","containers":[]})");
}

TEST_CASE("wire json: of equal names the last wins, whole") {
  const auto request = wire::read_json<Request>(
      R"({"family":"a","family":"b","containers":[{"name":"x"},{"name":"y"}],"containers":[{"name":"z"}],)"
      R"("ports":{"p":{"containerPort":1,"protocol":"udp"},"p":{"containerPort":2}}})");
  REQUIRE(request);
  CHECK(wire::write_json(*request) ==
        R"({"family":"b","containers":[{"name":"z"}],"ports":{"p":{"containerPort":2}}})");
}

TEST_CASE("wire json: a wrong type names the member's path") {
  const auto wrong = wire::Violation::wrong_type;
  const Fault fault = fault_of(R"({"family":"f","containers":[{"name":"a","cpu":"1"}]})", wrong);
  CHECK(fault.code == "SerializationException");
  CHECK(fault.message == "/containers/0/cpu expected an integer");
  CHECK(fault.field == "/containers/0/cpu");
  CHECK(fault.status == 400);
  CHECK(fault_of(R"({"family":1})", wrong).message == "/family expected a string");
  CHECK(fault_of(R"({"family":"f","containers":{}})", wrong).message == "/containers expected a list");
  CHECK(fault_of(R"({"family":"f","containers":[3]})", wrong).message == "/containers/0 expected a structure");
  CHECK(fault_of(R"({"family":"f","containers":[{"name":"a","cpu":1.5}]})", wrong).message ==
        "/containers/0/cpu expected an integer");
  CHECK(fault_of(R"({"family":"f","containers":[{"name":"a","cpu":3000000000}]})", wrong).message ==
        "/containers/0/cpu number out of range");
  CHECK(fault_of(R"({"family":"f","big":9223372036854775808})", wrong).message == "/big number out of range");
  CHECK(fault_of(R"({"family":"f","weight":1e999})", wrong).message == "/weight number out of range");
  CHECK(fault_of(R"({"family":"f","at":"soon"})", wrong).message == "/at expected a timestamp");
  CHECK(fault_of(R"({"family":"f","data":"*"})", wrong).message == "/data expected a string in base64");
  CHECK(fault_of(R"({"family":"f","containers":[{"name":"a","dockerLabels":{"k":7}}]})", wrong).field ==
        "/containers/0/dockerLabels/k");
  CHECK(fault_of("[]", wrong).message == "The request expected a structure");
}

TEST_CASE("wire json: a missing member and a value outside an enumeration are said in AWS's words") {
  const Fault missing = fault_of(R"({"family":"f","containers":[{"name":"a"},{"cpu":1}]})", wire::Violation::missing);
  CHECK(missing.code == "ValidationException");
  CHECK(missing.field == "/containers/1/name");
  CHECK(
      missing.message ==
      "1 validation error detected: Value null at 'containers.2.member.name' failed to satisfy constraint: Member must "
      "not be null");
  CHECK(fault_of("", wire::Violation::missing).field == "/family");
  CHECK(fault_of(R"({"family":null})", wire::Violation::missing).field == "/family");
  const Fault unknown = fault_of(R"({"family":"f","launchType":"MOON"})", wire::Violation::not_allowed);
  CHECK(unknown.field == "/launchType");
  CHECK(unknown.message ==
        "1 validation error detected: Value 'MOON' at 'launchType' failed to satisfy constraint: Member must satisfy "
        "enum "
        "value set: [EC2, FARGATE]");
}

TEST_CASE("wire json: malformed text is refused with its place") {
  const auto malformed = wire::Violation::malformed;
  CHECK(fault_of("{", malformed).code == "SerializationException");
  CHECK(fault_of(R"({"family":"f"}x)", malformed).message == "Malformed JSON at byte 14: something after the value");
  CHECK(fault_of("{\"family\":\"\xff\"}", malformed).message == "Malformed JSON at byte 11 in /family: invalid UTF-8");
  CHECK(fault_of(R"({"family":"f","containers":[{"name":"a",}]})", malformed).field == "/containers/0");
  CHECK(fault_of(R"({"family":"f","unknown":)" + std::string(100, '[') + std::string(100, ']') + "}", malformed)
            .message == "Malformed JSON at byte 88: nested too deeply");
}

TEST_CASE("wire json: members that are only stored are noted, empty lists are not") {
  Request request;
  wire::ReadNotes notes;
  REQUIRE(wire::read_json(type_of<Request>, &request,
                          R"({"family":"f","containers":[{"name":"a","dnsServers":[]},{"name":"b","dnsServers":["1"],)"
                          R"("hostname":"h"}]})",
                          notes));
  CHECK((notes.stored == std::vector<std::string>{"/containers/1/dnsServers", "/containers/1/hostname"}));
}

TEST_CASE("wire json: instants are seconds with up to three decimals, ISO text is read too") {
  CHECK(wire::epoch_seconds(Instant{}) == "0");
  CHECK(wire::epoch_seconds(Instant{1'500'000'000}) == "1.5");
  CHECK(wire::epoch_seconds(Instant{1'005'000'000}) == "1.005");
  CHECK(wire::epoch_seconds(Instant{-500'000'000}) == "-0.5");
  CHECK(wire::epoch_seconds(Instant{1'000'000}) == "0.001");
  CHECK(wire::parse_epoch_seconds("1778067754")->ns == 1'778'067'754'000'000'000);
  CHECK(wire::parse_epoch_seconds("-1.25")->ns == -1'250'000'000);
  CHECK(wire::parse_epoch_seconds("1.5e3")->ns == 1'500'000'000'000);
  CHECK(wire::parse_epoch_seconds("0.123456789123")->ns == 123'456'789);
  CHECK_FALSE(wire::parse_epoch_seconds("1e12"));
  CHECK_FALSE(wire::parse_epoch_seconds("x"));
  CHECK(wire::read_json<Request>(R"({"family":"f","at":"2026-05-06T11:42:34Z"})")->at->ns == 1'778'067'754'000'000'000);
}

TEST_CASE("wire json: integral numbers are read in any spelling, special reals as AWS spells them") {
  CHECK(*wire::read_json<Request>(R"({"family":"f","big":1e3})")->big == 1000);
  CHECK(*wire::read_json<Request>(R"({"family":"f","big":512.0})")->big == 512);
  const auto request = wire::read_json<Request>(R"({"family":"f","weight":"-Infinity"})");
  CHECK(std::isinf(*request->weight));
  CHECK(wire::write_json(*request) == R"({"family":"f","weight":"-Infinity"})");
}

TEST_CASE("wire json: no truncation and no changed byte ends the process") {
  const std::string text(sample);
  for (std::size_t n = 0; n < text.size(); ++n) CHECK_FALSE(wire::read_json<Request>(text.substr(0, n)));
  for (std::size_t n = 0; n < text.size(); ++n)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = text;
      changed[n] = static_cast<char>(changed[n] ^ (1 << bit));
      const auto request = wire::read_json<Request>(changed);
      if (request) CHECK(wire::read_json<Request>(wire::write_json(*request)));
    }
}
