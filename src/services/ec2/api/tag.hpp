#pragma once

#include "base/types.hpp"

// Tags and filters of EC2, as AWS spells them; where the EC2 protocol says another name, it stands beside the member.
namespace utakata::ec2::api {

struct Filter {
  opt<str> Name;
  as<"Value", list<str>> Values;
};
struct Tag {
  opt<str> Key, Value;
};
struct TagSpecification {
  opt<str> ResourceType;
  as<"Tag", list<Tag>> Tags;
};
struct CreateTagsRequest {
  opt<bool> DryRun;
  required_as<"ResourceId", list<str>> Resources;
  required_as<"Tag", list<Tag>> Tags;
};
struct CreateTagsResult {};
struct DeleteTagsRequest {
  opt<bool> DryRun;
  required_as<"resourceId", list<str>> Resources;
  as<"tag", list<Tag>> Tags;
};
struct DeleteTagsResult {};
struct TagDescription {
  opt<str> Key, ResourceId, ResourceType, Value;
};
struct DescribeTagsRequest {
  opt<bool> DryRun;
  as<"Filter", list<Filter>> Filters;
  opt<i32> MaxResults;
  opt<str> NextToken;
};
struct DescribeTagsResult {
  opt<str> NextToken;
  as<"tagSet", list<TagDescription>> Tags;
};

}  // namespace utakata::ec2::api
