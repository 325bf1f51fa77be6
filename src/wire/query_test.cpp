#include "wire/query.hpp"

#include <doctest/doctest.h>

#include "wire/json.hpp"

using namespace utakata;  // NOLINT: a test
using wire::QueryStyle;

namespace {
struct Tag {
  str Key;
  opt<str> Value;
};
struct Request {
  str Name;
  opt<OneOf<"internal", "internet-facing">> Scheme;
  opt<list<str>> Subnets;
  opt<list<Tag>> Tags;
  opt<dict<i32>> Weights;
  opt<i32> Port;
  opt<bool> Enabled;
  opt<Instant> Since;
  opt<Blob> Data;
  stored<str> CustomerOwnedIpv4Pool;
};
struct Filter {
  opt<str> Name;
  as<"Value", list<str>> Values;
};
struct DescribeRequest {
  as<"Filter", list<Filter>> Filters;
  as<"subnetId", list<str>> SubnetIds;
  opt<i32> MaxResults;
  opt<bool> dryRun;
};
struct SetRequest {
  str QueueUrl;
  opt<dict<str>> Attributes;
  opt<list<str>> AttributeNames;
  as<"SendMessageBatchRequestEntry", list<Tag>> Entries;
  opt<dict<str>> tags;
};

template <class T>
Fault fault_of(std::string_view text, wire::Violation violation, QueryStyle style) {
  T request;
  wire::ReadNotes notes;
  const wire::Parameters parameters = *wire::parse_form(text);
  const auto outcome = wire::read_query(type_of<T>, &request, parameters, style, notes);
  CAPTURE(text);
  REQUIRE_FALSE(outcome);
  CHECK((notes.violation == violation));
  return outcome.error();
}
constexpr std::string_view sample =
    "Action=CreateLoadBalancer&Version=2015-12-01&Name=my+lb%21&Scheme=internal&Subnets.member.1=a&Subnets.member.10=c&"
    "Subnets.member.2=b&Tags.member.1.Key=k&Tags.member.1.Value=v%3D1&Weights.entry.1.key=x&Weights.entry.1.value=5&"
    "Port=80&Enabled=true&Since=2026-05-06T11%3A42%3A34Z&Data=AAEC";
}  // namespace

TEST_CASE("wire query: a form is read member by member, list items in the order of their numbers") {
  const auto request = wire::read_query<Request>(sample);
  REQUIRE(request);
  CHECK(wire::write_json(*request) ==
        R"({"Name":"my lb!","Scheme":"internal","Subnets":["a","b","c"],"Tags":[{"Key":"k","Value":"v=1"}],)"
        R"("Weights":{"x":5},"Port":80,"Enabled":true,"Since":1778067754,"Data":"AAEC"})");
}

TEST_CASE("wire query: an empty value is an empty list, and lists may be flattened or named by their item") {
  CHECK(wire::write_json(*wire::read_query<Request>("Name=n&Subnets=&Tags.1.Key=k")) ==
        R"({"Name":"n","Subnets":[],"Tags":[{"Key":"k"}]})");
  CHECK(wire::write_json(*wire::read_query<Request>("Name=n&Subnets.Subnet.1=a")) == R"({"Name":"n","Subnets":["a"]})");
}

TEST_CASE("wire query: wrong values are refused with the parameter's name") {
  const auto wrong = wire::Violation::wrong_type;
  const auto fault = [&](std::string_view text) { return fault_of<Request>(text, wrong, QueryStyle::query); };
  CHECK(fault("Name=n&Port=abc").code == "MalformedInput");
  CHECK(fault("Name=n&Port=abc").message == "Value 'abc' at 'Port' is not valid: expected an integer");
  CHECK(fault("Name=n&Port=1.5").field == "/Port");
  CHECK(fault("Name=n&Port=3000000000").message ==
        "Value '3000000000' at 'Port' is not valid: expected an integer in its range");
  CHECK(fault("Name=n&Enabled=yes").message == "Value 'yes' at 'Enabled' is not valid: expected true or false");
  CHECK(fault("Name=n&Weights.entry.1.key=x&Weights.entry.1.value=q").message ==
        "Value 'q' at 'Weights.entry.1.value' is not valid: expected an integer");
  CHECK(fault("Name=n&Weights.entry.1.key=x").field == "/Weights/0");
  CHECK(fault("Name=n&Subnets=a").message == "Value 'a' at 'Subnets' is not valid: expected a list");
  CHECK(fault("Name=n&Subnets.member.x=a").code == "MalformedInput");
  CHECK(fault("Name.a=n").field == "/Name");
  CHECK(fault("Name=n&Tags.member.1=x").message == "Value 'x' at 'Tags.member.1' is not valid: expected a structure");
  CHECK(fault("Name=n&Since=soon").field == "/Since");
  CHECK(fault("Name=n&Data=%2a").field == "/Data");
}

TEST_CASE("wire query: missing members and values outside an enumeration are said in AWS's words") {
  const auto style = QueryStyle::query;
  const Fault missing = fault_of<Request>("Name=n&Tags.member.1.Value=v", wire::Violation::missing, style);
  CHECK(missing.code == "ValidationError");
  CHECK(missing.field == "/Tags/0/Key");
  CHECK(
      missing.message ==
      "1 validation error detected: Value null at 'tags.1.member.key' failed to satisfy constraint: Member must not be "
      "null");
  CHECK(fault_of<Request>("", wire::Violation::missing, style).field == "/Name");
  CHECK(fault_of<Request>("Name=n&Scheme=moon", wire::Violation::not_allowed, style).message ==
        "1 validation error detected: Value 'moon' at 'scheme' failed to satisfy constraint: Member must satisfy enum "
        "value set: [internal, internet-facing]");
}

TEST_CASE("wire query: what is only stored or not known is noted") {
  Request request;
  wire::ReadNotes notes;
  const auto parameters = *wire::parse_form(
      "Action=X&Version=1&Name=n&CustomerOwnedIpv4Pool=p&Color=red&Tags.member.1.Key=k&"
      "Tags.member.1.Shade=dark&X-Amz-Date=x");
  REQUIRE(wire::read_query(type_of<Request>, &request, parameters, QueryStyle::query, notes));
  CHECK((notes.stored == std::vector<std::string>{"/CustomerOwnedIpv4Pool"}));
  CHECK((notes.ignored == std::vector<std::string>{"/Tags/0/Shade", "/Color"}));
}

TEST_CASE("wire query: EC2 names begin with a capital, use the alias and have flat lists") {
  const auto request = wire::read_query<DescribeRequest>(
      "Action=DescribeSubnets&Version=2016-11-15&Filter.1.Name=vpc-id&Filter.1.Value.1=a&Filter.1.Value.2=b&SubnetId.1="
      "s&"
      "MaxResults=5&DryRun=false",
      QueryStyle::ec2);
  REQUIRE(request);
  CHECK(wire::write_json(*request) ==
        R"({"Filters":[{"Name":"vpc-id","Values":["a","b"]}],"SubnetIds":["s"],"MaxResults":5,"dryRun":false})");
  const auto fault = [](std::string_view text, wire::Violation violation) {
    return fault_of<DescribeRequest>(text, violation, QueryStyle::ec2);
  };
  CHECK(fault("Filter.1.Nome=a", wire::Violation::malformed).message ==
        "The parameter Filter.1.Nome is not recognized");
  CHECK(fault("Color=a", wire::Violation::malformed).code == "UnknownParameter");
  const Fault wrong = fault("MaxResults=x", wire::Violation::wrong_type);
  CHECK(wrong.code == "InvalidParameterValue");
  CHECK(wrong.message == "Value (x) for parameter MaxResults is invalid. Expected an integer.");
  CHECK(fault_of<Request>("", wire::Violation::missing, QueryStyle::ec2).message ==
        "The request must contain the parameter Name");
}

TEST_CASE("wire query: SQS's lists and maps are flattened and named by one item") {
  const auto request = wire::read_query<SetRequest>(
      "QueueUrl=u&Attribute.1.Name=VisibilityTimeout&Attribute.1.Value=30&AttributeName.1=All&"
      "SendMessageBatchRequestEntry.1.Key=k&Tag.1.Key=a&Tag.1.Value=b",
      QueryStyle::flattened);
  REQUIRE(request);
  CHECK(wire::write_json(*request) ==
        R"({"QueueUrl":"u","Attributes":{"VisibilityTimeout":"30"},"AttributeNames":["All"],"Entries":[{"Key":"k"}]})");
  CHECK(fault_of<SetRequest>("", wire::Violation::missing, QueryStyle::flattened).message ==
        "The request must contain the parameter QueueUrl.");
}

TEST_CASE("wire query: hostile forms are refused") {
  CHECK_FALSE(wire::parse_form("a=%ff"));
  std::string many;
  for (int i = 0; i < 10'001; ++i) many += "a&";
  CHECK(wire::parse_form(many).error().code == "MalformedQueryString");
  std::string deep = "a";
  for (int i = 0; i < 100; ++i) deep += ".a";
  CHECK(wire::read_query<Request>(deep).error().code == "MalformedQueryString");
}

TEST_CASE("wire query: no truncation and no changed byte ends the process") {
  const std::string text(sample);
  std::size_t read = 0;
  for (std::size_t n = 0; n < text.size(); ++n) read += wire::read_query<Request>(text.substr(0, n)) ? 1 : 0;
  for (const auto style : {QueryStyle::query, QueryStyle::flattened, QueryStyle::ec2})
    for (std::size_t n = 0; n < text.size(); ++n)
      for (int bit = 0; bit < 8; ++bit) {
        std::string changed = text;
        changed[n] = static_cast<char>(changed[n] ^ (1 << bit));
        const auto request = wire::read_query<Request>(changed, style);
        if (request) CHECK(wire::read_json<Request>(wire::write_json(*request)));
        read += request ? 1 : 0;
      }
  CHECK(read > 0);
}
