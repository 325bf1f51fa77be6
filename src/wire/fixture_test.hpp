#pragma once

#include <array>
#include <memory>

#include "base/text.hpp"
#include "wire/dispatch.hpp"

// Four small services, one for each way of speaking, and a client that talks to them. Only tests include this.
namespace utakata::wire::fixture {

struct Port {
  i32 containerPort = 0;
  opt<OneOf<"tcp", "udp">> protocol;
};
struct Container {
  str name;
  opt<i32> cpu;
  opt<list<Port>> portMappings;
  stored<str> hostname;
  opt<list<Container>> sidecars;
  refused<bool> privileged;
};
struct RegisterRequest {
  str family;
  list<Container> containerDefinitions;
  opt<dict<str>> labels;
};
struct RegisterResponse {
  opt<str> arn;
  opt<Instant> at;
};
struct SendRequest {
  str QueueUrl;
  str MessageBody;
  opt<i32> DelaySeconds;
};
struct SendResponse {
  str MessageId;
};
struct TagsRequest {
  opt<list<str>> ResourceArns;
};
struct SubnetsRequest {
  as<"subnetId", list<str>> SubnetIds;
};
struct Subnet {
  str SubnetId;
};
struct SubnetsResponse {
  as<"subnetSet", list<Subnet>> Subnets;
};
struct Nothing {};

template <class Answer, class Question>
Outcome<Answer> not_called(Tx&, const Question&) {
  return refuse("InternalError", "this test does not perform operations", 500);
}

inline std::string_view queue_code(std::string_view code) {
  return code == "QueueDoesNotExist" ? "AWS.SimpleQueueService.NonExistentQueue" : std::string_view();
}
inline Fault reworded(Fault fault, Violation violation) {
  if (violation == Violation::missing) fault.code = "ClientException";
  return fault;
}

inline constexpr std::array containers_operations{
    operation<not_called<RegisterResponse, RegisterRequest>>("RegisterTaskDefinition")};
inline constexpr std::array queue_operations{operation<not_called<SendResponse, SendRequest>>("SendMessage")};
inline constexpr std::array balancer_operations{operation<not_called<Nothing, TagsRequest>>("DescribeTags")};
inline constexpr std::array network_operations{
    operation<not_called<SubnetsResponse, SubnetsRequest>>("DescribeSubnets"),
    operation<not_called<Nothing, Nothing>>("DescribeTags")};

inline constexpr std::array only_json{Protocol::json_1_1};
inline constexpr std::array json_and_query{Protocol::json_1_0, Protocol::query};
inline constexpr std::array only_query{Protocol::query};
inline constexpr std::array only_ec2{Protocol::ec2};

inline constexpr Service containers{.name = "ecs",
                                    .target_prefix = "AmazonEC2ContainerServiceV20141113",
                                    .version = "2014-11-13",
                                    .xml_namespace = "",
                                    .protocols = only_json,
                                    .operations = containers_operations,
                                    .reword = reworded};
inline constexpr Service queues{.name = "sqs",
                                .target_prefix = "AmazonSQS",
                                .version = "2012-11-05",
                                .xml_namespace = "http://queue.amazonaws.com/doc/2012-11-05/",
                                .protocols = json_and_query,
                                .operations = queue_operations,
                                .query_error_code = queue_code,
                                .error_namespace = "com.amazonaws.sqs",
                                .flattened_query = true};
inline constexpr Service balancers{.name = "elasticloadbalancing",
                                   .target_prefix = "",
                                   .version = "2015-12-01",
                                   .xml_namespace = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
                                   .protocols = only_query,
                                   .operations = balancer_operations};
inline constexpr Service network{.name = "ec2",
                                 .target_prefix = "",
                                 .version = "2016-11-15",
                                 .xml_namespace = "http://ec2.amazonaws.com/doc/2016-11-15/",
                                 .protocols = only_ec2,
                                 .operations = network_operations};
inline constexpr std::array<const Service*, 4> services{&containers, &queues, &balancers, &network};

inline const Instant now = *parse_iso8601("20260506T114234Z");

/// A request and what became of it.
struct Exchange {
  std::string method = "POST", target = "/", body;
  std::vector<Header> headers{{"Host", "127.0.0.1:4566"}};

  static Exchange json(std::string_view target, std::string_view body, std::string_view version = "1.1") {
    Exchange exchange{.body = std::string(body)};
    exchange.add("Content-Type", cat("application/x-amz-json-", version));
    exchange.add("X-Amz-Target", target);
    return exchange;
  }
  static Exchange form(std::string_view body) {
    Exchange exchange{.body = std::string(body)};
    exchange.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    return exchange;
  }
  Exchange& add(std::string_view name, std::string_view value) {
    headers.push_back({std::string(name), std::string(value)});
    return *this;
  }
  template <class Use>
  [[nodiscard]] auto with(Use&& use) const {
    std::vector<HeaderView> views;
    views.reserve(headers.size());
    for (const auto& [name, value] : headers) views.push_back({.name = name, .value = value});
    return use(Request{.method = method, .target = target, .headers = views, .body = body});
  }
  Exchange& sign(std::string_view service, std::string_view key = "AKID", std::string_view secret = "secret") {
    const Signer signer{.access_key = std::string(key),
                        .secret = std::string(secret),
                        .region = "ap-northeast-1",
                        .service = std::string(service)};
    for (auto& header : with([&](const Request& request) { return wire::sign(request, signer, now); }))
      headers.push_back(std::move(header));
    return *this;
  }
  [[nodiscard]] std::expected<Call, Response> interpret(const DispatchOptions& options = {}) const {
    return with([&](const Request& request) { return Dispatcher(services, options).interpret(request, now, "id-1"); });
  }
};

inline std::string header_of(const Response& response, std::string_view name) {
  for (const auto& header : response.headers)
    if (header.name == name) return header.value;
  return "";
}

}  // namespace utakata::wire::fixture
