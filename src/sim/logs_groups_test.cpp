#include <doctest/doctest.h>

#include "sim/logs_fixture_test.hpp"

using namespace utakata;  // NOLINT: a test
using logs::test::Bench;
namespace api = logs::api;

TEST_CASE("logs: groups are made once, listed by prefix or pattern in pages, and deleted with what they hold") {
  Bench bench;
  for (const char* name : {"/a/1", "/a/2", "/b/1"}) REQUIRE(bench.create(name));
  CHECK(bench.create("/a/1").error().message == "The specified log group already exists");
  CHECK(bench.create("a:b").error().code == "InvalidParameterException");
  const auto describe = [&](const api::DescribeLogGroupsRequest& request) {
    return *bench.call<logs::describe_log_groups, api::DescribeLogGroupsResponse>(request);
  };
  const auto first = describe({.limit = 2});
  CHECK(first.logGroups->size() == 2);
  CHECK(*first.logGroups->at(0).arn == "arn:aws:logs:ap-northeast-1:111122223333:log-group:/a/1:*");
  CHECK(describe({.nextToken = first.nextToken}).logGroups->size() == 1);
  CHECK(describe({.logGroupNamePrefix = "/a"}).logGroups->size() == 2);
  CHECK(describe({.logGroupNamePattern = "1"}).logGroups->size() == 2);
  CHECK(describe({.logGroupIdentifiers = list<str>{"/b/1"}}).logGroups->size() == 1);

  REQUIRE(bench.append("/a/1", "s", {{.at = bench.now, .text = "x"}}));
  REQUIRE(bench.call<logs::delete_log_group, api::Empty>(api::DeleteLogGroupRequest{.logGroupName = "/a/1"}));
  REQUIRE(bench.create("/a/1"));
  CHECK(describe({.logGroupNamePrefix = "/a/1"}).logGroups->at(0).storedBytes == 0);
  CHECK(bench.call<logs::delete_log_group, api::Empty>(api::DeleteLogGroupRequest{.logGroupName = "/no"})
            .error()
            .message == "The specified log group does not exist.");
}

TEST_CASE("logs: streams are listed by name or by their last event") {
  Bench bench;
  REQUIRE(bench.create("/app"));
  REQUIRE(bench.append("/app", "a", {{.at = bench.now + seconds(9), .text = "x"}}));
  REQUIRE(bench.append("/app", "b", {{.at = bench.now + seconds(1), .text = "x"}}));
  REQUIRE(bench.append("/app", "c", {{.at = bench.now + seconds(5), .text = "x"}}));
  const auto names = [&](api::DescribeLogStreamsRequest request) {
    list<str> all;
    do {
      const auto page = bench.call<logs::describe_log_streams, api::DescribeLogStreamsResponse>(request);
      REQUIRE(page);
      for (const auto& stream : *page->logStreams) all.push_back(*stream.logStreamName);
      request.nextToken = page->nextToken;
    } while (request.nextToken);
    return all;
  };
  CHECK(names({.logGroupName = "/app", .limit = 2}) == list<str>{"a", "b", "c"});
  CHECK(names({.logGroupName = "/app", .descending = true, .limit = 1}) == list<str>{"c", "b", "a"});
  const str arn = "arn:aws:logs:ap-northeast-1:111122223333:log-group:/app:*";
  CHECK(names({.logGroupIdentifier = arn, .orderBy = {"LastEventTime"}, .descending = true, .limit = 1}) ==
        list<str>{"a", "c", "b"});
  CHECK(bench
            .call<logs::describe_log_streams, api::DescribeLogStreamsResponse>(api::DescribeLogStreamsRequest{
                .logGroupName = "/app", .logStreamNamePrefix = "a", .orderBy = {"LastEventTime"}})
            .error()
            .code == "InvalidParameterException");
  REQUIRE(bench.call<logs::delete_log_stream, api::Empty>(
      api::DeleteLogStreamRequest{.logGroupName = "/app", .logStreamName = "a"}));
  CHECK(names({.logGroupName = "/app"}) == list<str>{"b", "c"});
}

TEST_CASE("logs: a group's tags come and go by its ARN") {
  Bench bench;
  REQUIRE(bench.create("/app"));
  const str arn = "arn:aws:logs:ap-northeast-1:111122223333:log-group:/app";
  REQUIRE(bench.call<logs::tag_resource, api::Empty>(
      api::TagResourceRequest{.resourceArn = arn, .tags = {{"team", "a"}, {"stage", "b"}}}));
  REQUIRE(bench.call<logs::untag_resource, api::Empty>(
      api::UntagResourceRequest{.resourceArn = cat(arn, ":*"), .tagKeys = {"team"}}));
  const auto tags = bench.call<logs::list_tags_for_resource, api::ListTagsForResourceResponse>(
      api::ListTagsForResourceRequest{.resourceArn = arn});
  CHECK(*tags->tags == dict<str>{{"stage", "b"}});
}
