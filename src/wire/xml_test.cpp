#include "wire/xml.hpp"

#include <doctest/doctest.h>

using namespace utakata;  // NOLINT: a test
using wire::QueryStyle;

namespace {
struct Tag {
  str Key, Value;
};
struct Balancer {
  str LoadBalancerName;
  opt<Instant> CreatedTime;
  opt<bool> Internal;
  opt<f64> Share;
  opt<Blob> Data;
  opt<OneOf<"a&b">> Kind;
};
struct Response {
  opt<list<Balancer>> LoadBalancers;
  opt<dict<str>> Attributes;
  opt<str> NextMarker;
};
struct Vpc {
  str VpcId;
  as<"tagSet", list<Tag>> Tags;
};
struct VpcsResponse {
  as<"vpcSet", list<Vpc>> Vpcs;
  opt<i32> Total;
};
struct QueueResponse {
  opt<list<str>> QueueUrls;
  opt<dict<str>> Attributes;
  opt<dict<str>> Tags;
  as<"SendMessageBatchResultEntry", list<Tag>> Successful;
};
struct Nothing {};

template <class T>
std::string xml(const T& object, QueryStyle style = QueryStyle::query) {
  const wire::XmlAnswer answer{.operation = "Get", .xml_namespace = "ns", .request_id = "r-1", .style = style};
  return wire::write_xml(answer, type_of<T>, &object);
}
}  // namespace

TEST_CASE("wire xml: a Query answer has result and metadata, lists as members, maps as entries") {
  Response response{.LoadBalancers = list<Balancer>{{.LoadBalancerName = "a<b>&\"'\r\n\x01",
                                                     .CreatedTime = Instant{1'778'067'754'125'000'000},
                                                     .Internal = false,
                                                     .Share = 0.5,
                                                     .Data = Blob{"\1\2"},
                                                     .Kind = "a&b"},
                                                    {.LoadBalancerName = ""}}};
  response.Attributes.ensure_value()["k"] = "v";
  CHECK(
      xml(response) ==
      "<GetResponse xmlns=\"ns\"><GetResult><LoadBalancers><member><LoadBalancerName>a&lt;b&gt;&amp;&quot;&apos;&#xD;\n"
      "\uFFFD</LoadBalancerName><CreatedTime>2026-05-06T11:42:34.125Z</CreatedTime><Internal>false</Internal>"
      "<Share>0.5</Share><Data>AQI=</Data><Kind>a&amp;b</Kind></member><member><LoadBalancerName></LoadBalancerName>"
      "</member></LoadBalancers><Attributes><entry><key>k</key><value>v</value></entry></Attributes></GetResult>"
      "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></GetResponse>");
  CHECK(
      xml(Nothing{}) ==
      "<GetResponse xmlns=\"ns\"><GetResult></GetResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>"
      "</GetResponse>");
}

TEST_CASE("wire xml: an EC2 answer has lower-case names, aliases and items") {
  const VpcsResponse response{.Vpcs = list<Vpc>{{.VpcId = "vpc-1", .Tags = list<Tag>{{.Key = "k", .Value = "v"}}},
                                                {.VpcId = "vpc-2", .Tags = list<Tag>{}}},
                              .Total = 2};
  CHECK(
      xml(response, QueryStyle::ec2) ==
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<GetResponse xmlns=\"ns\"><requestId>r-1</requestId><vpcSet><item>"
      "<vpcId>vpc-1</vpcId><tagSet><item><key>k</key><value>v</value></item></tagSet></item><item><vpcId>vpc-2</vpcId>"
      "<tagSet/></item></vpcSet><total>2</total></GetResponse>");
  CHECK(xml(Nothing{}, QueryStyle::ec2) ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<GetResponse xmlns=\"ns\"><requestId>r-1</requestId>"
        "<return>true</return></GetResponse>");
}

TEST_CASE("wire xml: an SQS answer repeats its items") {
  QueueResponse response{.QueueUrls = list<str>{"u1", "u2"}, .Successful = list<Tag>{{.Key = "k", .Value = "v"}}};
  response.Attributes.ensure_value()["DelaySeconds"] = "0";
  response.Tags.ensure_value()["t"] = "1";
  CHECK(
      xml(response, QueryStyle::flattened) ==
      "<GetResponse xmlns=\"ns\"><GetResult><QueueUrl>u1</QueueUrl><QueueUrl>u2</QueueUrl><Attribute><Name>DelaySeconds"
      "</Name><Value>0</Value></Attribute><Tag><Key>t</Key><Value>1</Value></Tag><SendMessageBatchResultEntry>"
      "<Key>k</Key><Value>v</Value></SendMessageBatchResultEntry></GetResult><ResponseMetadata><RequestId>r-1"
      "</RequestId></ResponseMetadata></GetResponse>");
}
