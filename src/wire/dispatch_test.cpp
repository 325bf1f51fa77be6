#include "wire/dispatch.hpp"

#include <doctest/doctest.h>

#include "wire/fixture_test.hpp"
#include "wire/json.hpp"

using namespace utakata;                 // NOLINT: a test
using namespace utakata::wire::fixture;  // NOLINT: a test
using wire::Protocol;
using wire::Response;

namespace {
constexpr std::string_view registration = "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition";

Response refusal(const Exchange& exchange, const wire::DispatchOptions& options = {}) {
  auto result = exchange.interpret(options);
  REQUIRE_FALSE(result);
  CHECK(header_of(result.error(), "x-amzn-RequestId") == "id-1");
  return std::move(result).error();
}
std::string ec2_error(std::string_view code, std::string_view message) {
  return cat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>", code, "</Code><Message>",
             message, "</Message></Error></Errors><RequestID>id-1</RequestID></Response>");
}
const wire::DispatchOptions guarded{
    .auth = {.credentials = {{"AKID", {.secret = "secret", .account = "111122223333"}}}}};
}  // namespace

TEST_CASE("wire dispatch: a JSON request becomes its operation, and the answer JSON of the same version") {
  auto exchange = Exchange::json(registration, R"({"family":"f","containerDefinitions":[{"name":"a","hostname":"h"}],)"
                                               R"("colour":1})");
  exchange.sign("ecs", "123456789012");
  const auto call = exchange.interpret();
  REQUIRE(call);
  CHECK(call->envelope.operation->name == "RegisterTaskDefinition");
  CHECK((call->caller.world == World{.account = "123456789012", .region = "ap-northeast-1"}));
  CHECK(static_cast<const RegisterRequest*>(call->input.get())->containerDefinitions.at(0).name == "a");
  const RegisterResponse output{.arn = "arn", .at = Instant{1'500'000'000}};
  const Response response = wire::answer(*call, &output);
  CHECK(response.status == 200);
  CHECK(response.body == R"({"arn":"arn","at":1.5})");
  CHECK(header_of(response, "Content-Type") == "application/x-amz-json-1.1");
  CHECK(header_of(response, "x-amzn-RequestId") == "id-1");
  CHECK(header_of(response, "x-utakata-stored-only") == "/containerDefinitions/0/hostname");
  CHECK(header_of(response, "x-utakata-ignored") == "/colour");
}

TEST_CASE("wire dispatch: a Query request becomes its operation, and the answer XML") {
  auto exchange = Exchange::form("Action=DescribeTags&Version=2015-12-01&ResourceArns.member.1=x");
  const auto call = exchange.interpret();
  REQUIRE(call);
  CHECK(call->envelope.service == &balancers);
  const Nothing output;
  const Response response = wire::answer(*call, &output);
  CHECK(header_of(response, "Content-Type") == "text/xml");
  CHECK(response.body.starts_with(
      "<DescribeTagsResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"
      "\"><DescribeTagsResult></DescribeTagsResult><ResponseMetadata><RequestId>id-1<"));
}

TEST_CASE("wire dispatch: services that share an action are told apart by version, then by the signature's scope") {
  CHECK(Exchange::form("Action=DescribeTags&Version=2016-11-15").interpret()->envelope.service == &network);
  CHECK(Exchange::form("Action=DescribeTags&Version=2015-12-01").interpret()->envelope.service == &balancers);
  CHECK(Exchange::form("Action=DescribeTags").sign("ec2").interpret()->envelope.service == &network);
  CHECK(Exchange::form("Action=DescribeTags").sign("elasticloadbalancing").interpret()->envelope.service == &balancers);
  Exchange get{.method = "GET", .target = "/?Action=DescribeSubnets&Version=2016-11-15&SubnetId.1=s", .body = ""};
  const auto call = get.interpret();
  REQUIRE(call);
  CHECK((call->envelope.protocol == Protocol::ec2));
  CHECK(*static_cast<const SubnetsRequest*>(call->input.get())->SubnetIds == list<str>{"s"});
}

TEST_CASE("wire dispatch: SQS is spoken as JSON 1.0 and as Query, with the queue in the path") {
  auto json = Exchange::json("AmazonSQS.SendMessage", R"({"QueueUrl":"q","MessageBody":"b"})", "1.0");
  json.add("x-amzn-query-mode", "true");
  const auto call = json.interpret();
  REQUIRE(call);
  CHECK((call->envelope.protocol == Protocol::json_1_0));
  const Response response =
      wire::refuse_call(*call, {.code = "QueueDoesNotExist", .message = "The specified queue does not exist."});
  CHECK(response.status == 400);
  CHECK(response.body ==
        R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."})");
  CHECK(header_of(response, "x-amzn-query-error") == "AWS.SimpleQueueService.NonExistentQueue;Sender");
  auto form = Exchange::form("Action=SendMessage&Version=2012-11-05&MessageBody=hi");
  form.target = "/123456789012/jobs";
  const auto by_path = form.interpret();
  REQUIRE(by_path);
  CHECK(static_cast<const SendRequest*>(by_path->input.get())->QueueUrl == "http://127.0.0.1:4566/123456789012/jobs");
  CHECK(wire::refuse_call(*by_path, {.code = "QueueDoesNotExist", .message = "m"}).body ==
        "<ErrorResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><Error><Type>Sender</Type><Code>"
        "AWS.SimpleQueueService.NonExistentQueue</Code><Message>m</Message></Error><RequestId>id-1</RequestId>"
        "</ErrorResponse>");
}

TEST_CASE("wire dispatch: an unknown operation is refused in the caller's protocol") {
  CHECK(
      refusal(Exchange::json("AmazonSQS.Fly", "{}", "1.0")).body ==
      R"({"__type":"com.amazonaws.sqs#UnknownOperationException","message":"The operation that X-Amz-Target names is )"
      R"(unknown: AmazonSQS.Fly"})");
  CHECK(refusal(Exchange::json("Nobody.Fly", "{}")).status == 400);
  CHECK(refusal(Exchange::json("", "{}")).body.find("UnknownOperationException") != std::string::npos);
  const std::string query = refusal(Exchange::form("Action=Fly&Version=2015-12-01")).body;
  CHECK(query.find("<Code>InvalidAction</Code><Message>Could not find operation Fly for version 2015-12-01<") !=
        std::string::npos);
  CHECK(refusal(Exchange::form("Action=Fly&Version=2016-11-15")).body ==
        ec2_error("InvalidAction", "The action Fly is not valid for this web service."));
  CHECK(refusal(Exchange::form("Action=Fly").sign("ec2")).body.find("<Response><Errors>") != std::string::npos);
  Exchange browser{.method = "GET", .target = "/", .body = ""};
  browser.add("Accept", "text/html");
  CHECK(refusal(browser).body ==
        "<ErrorResponse><Error><Type>Sender</Type><Code>MissingAction</Code><Message>The request must contain the "
        "parameter Action.</Message></Error><RequestId>id-1</RequestId></ErrorResponse>");
}

TEST_CASE("wire dispatch: a body that breaks its description names the field, in the service's words if it has any") {
  CHECK(
      refusal(Exchange::json(registration, R"({"family":"f","containerDefinitions":[{"name":"a","cpu":"x"}]})")).body ==
      R"({"__type":"SerializationException","message":"/containerDefinitions/0/cpu expected an integer"})");
  CHECK(refusal(Exchange::json(registration, R"({"family":"f"})"))
            .body.starts_with(R"({"__type":"ClientException","message":)"
                              R"("1 validation error detected: Value null at 'containerDefinitions')"));
  CHECK(refusal(Exchange::json(registration, "{")).body.find("Malformed JSON at byte 1") != std::string::npos);
  CHECK(refusal(Exchange::form("Action=SendMessage&Version=2012-11-05&QueueUrl=q"))
            .body.find("<Code>MissingParameter</Code><Message>The request must contain the parameter MessageBody.<") !=
        std::string::npos);
  CHECK(refusal(Exchange::form("Action=DescribeSubnets&Version=2016-11-15&Colour=red")).body ==
        ec2_error("UnknownParameter", "The parameter Colour is not recognized"));
  CHECK(refusal(Exchange::form("Action=DescribeTags&Version=2015-12-01&X=%ff")).body.find("MalformedQueryString") !=
        std::string::npos);
}

TEST_CASE("wire dispatch: a body that is too large is refused with 413, also unread") {
  const wire::DispatchOptions small{.max_body = 10};
  auto exchange = Exchange::json(registration, R"({"family":"f"})");
  const Response json = refusal(exchange, small);
  CHECK(json.status == 413);
  CHECK(json.body ==
        R"({"__type":"RequestEntityTooLargeException","message":"The body of the request is larger than 10 )"
        R"(bytes."})");
  auto form = Exchange::form("Action=DescribeSubnets&Version=2016-11-15");
  form.sign("ec2");
  CHECK(refusal(form, small).body ==
        ec2_error("RequestEntityTooLarge", "The body of the request is larger than 10 bytes."));
  const wire::Dispatcher dispatcher(services, small);
  exchange.body.clear();
  CHECK(exchange.with([&](const wire::Request& head) { return dispatcher.too_large(head, "id-1"); }).status == 413);
}

TEST_CASE("wire dispatch: with credentials a signature is asked for, in the caller's protocol") {
  const auto exchange = [] {
    return Exchange::json("AmazonSQS.SendMessage", R"({"QueueUrl":"q","MessageBody":"b"})", "1.0");
  };
  CHECK(exchange().sign("sqs").interpret(guarded)->caller.world.account == "111122223333");
  CHECK(refusal(exchange(), guarded).body.find("MissingAuthenticationTokenException") != std::string::npos);
  CHECK(refusal(exchange().sign("sqs", "NOBODY"), guarded).body.find("UnrecognizedClientException") !=
        std::string::npos);
  CHECK(refusal(exchange().sign("sqs", "AKID", "wrong"), guarded).body.find("InvalidSignatureException") !=
        std::string::npos);
  CHECK(refusal(exchange().sign("ecs"), guarded).body.find("Credential should be scoped to correct service: 'sqs'.") !=
        std::string::npos);
  auto subnets = Exchange::form("Action=DescribeSubnets&Version=2016-11-15");
  const Response ec2 = refusal(subnets, guarded);
  CHECK(ec2.status == 401);
  CHECK(ec2.body == ec2_error("AuthFailure", "AWS was not able to validate the provided access credentials"));
  auto tags = Exchange::form("Action=DescribeTags&Version=2015-12-01");
  const Response query = refusal(tags, guarded);
  CHECK(query.status == 403);
  CHECK(query.body.find("<Code>MissingAuthenticationToken</Code>") != std::string::npos);
}

TEST_CASE("wire dispatch: a map's key cannot break out of a header") {
  auto exchange = Exchange::json(registration, R"({"family":"f","containerDefinitions":[],"a\r\nX-Evil: 1":2})");
  const auto call = exchange.interpret();
  REQUIRE(call);
  const RegisterResponse output;
  CHECK(header_of(wire::answer(*call, &output), "x-utakata-ignored") == "/a%0D%0AX-Evil%3A%201");
}

TEST_CASE("wire dispatch: no changed byte of a request ends the process") {
  const auto exchanges =
      std::array{Exchange::json(registration,
                                R"({"family":"f","containerDefinitions":[{"name":"a","cpu":1}],"labels":{"k":"v"}})"),
                 Exchange::form("Action=SendMessage&Version=2012-11-05&QueueUrl=q&MessageBody=%41"),
                 Exchange::form("Action=DescribeSubnets&Version=2016-11-15&SubnetId.1=a&SubnetId.2=b")};
  for (const Exchange& original : exchanges)
    for (std::size_t i = 0; i < original.body.size(); ++i)
      for (int bit = 0; bit < 8; ++bit) {
        Exchange changed = original;
        changed.body[i] = static_cast<char>(changed.body[i] ^ (1 << bit));
        const auto call = changed.interpret();
        if (!call) CHECK((call.error().status >= 400 && call.error().body.find("<html") == std::string::npos));
        changed.body = original.body.substr(0, i);
        CHECK((changed.interpret().has_value() || changed.interpret().error().status == 400));
      }
}
