#include "services/elb/tags.hpp"

#include <algorithm>
#include <set>

#include "services/elb/arns.hpp"
#include "services/elb/errors.hpp"
#include "services/elb/limits.hpp"
#include "services/elb/ops.hpp"

namespace utakata::elb {
namespace {

Outcome<> check_keys(const list<api::Tag>& tags) {
  std::set<str> seen;
  for (const api::Tag& tag : tags) {
    if (to_lower(tag.Key).starts_with("aws:")) return invalid(cat("Tag key '", tag.Key, "' cannot start with 'aws:'"));
    if (!seen.insert(tag.Key).second)
      return refuse("DuplicateTagKeys", cat("Tag key '", tag.Key, "' was specified more than once"));
  }
  return {};
}

Outcome<> check_count(const list<api::Tag>& tags) {
  if (tags.size() > limits::tags_of_resource)
    return refuse("TooManyTags",
                  cat("The maximum number of tags per resource '", limits::tags_of_resource, "' has been reached"));
  return {};
}

// Calls `use` with the row that an ARN of this service names, and its key.
template <class Use>
Outcome<> with_row(const Tx& tx, const str& arn, const Use& use) {
  const World& world = tx.world();
  const std::optional<Resource> resource = resource_of_arn(world, arn);
  if (!resource) return invalid(cat("'", arn, "' must be in ARN format"));
  switch (*resource) {
    case Resource::load_balancer:
      return use(*TRY(known_balancer(tx, arn)), balancer_key(world, arn));
    case Resource::listener:
      return use(*TRY(known_listener(tx, arn)), listener_key(world, arn));
    case Resource::rule:
      return use(*TRY(known_rule(tx, arn)), rule_key(world, arn));
    case Resource::target_group:
      return use(*TRY(known_group(tx, arn)), group_key(world, arn));
  }
  return {};
}

}  // namespace

Outcome<list<api::Tag>> new_tags(const opt<list<api::Tag>>& asked) {
  list<api::Tag> tags = asked.value_or(list<api::Tag>{});
  TRY_VOID(check_keys(tags));
  TRY_VOID(check_count(tags));
  return tags;
}

Outcome<api::AddTagsOutput> add_tags(Tx& tx, const api::AddTagsInput& request) {
  TRY_VOID(check_keys(request.Tags));
  for (const str& arn : request.ResourceArns)
    TRY_VOID(with_row(tx, arn, [&](auto row, const Key& key) -> Outcome<> {
      for (const api::Tag& tag : request.Tags) {
        std::erase_if(row.tags, [&](const api::Tag& known) { return known.Key == tag.Key; });
        row.tags.push_back(tag);
      }
      TRY_VOID(check_count(row.tags));
      tx.put(key, std::move(row));
      return {};
    }));
  return api::AddTagsOutput{};
}

Outcome<api::RemoveTagsOutput> remove_tags(Tx& tx, const api::RemoveTagsInput& request) {
  for (const str& arn : request.ResourceArns)
    TRY_VOID(with_row(tx, arn, [&](auto row, const Key& key) -> Outcome<> {
      std::erase_if(row.tags, [&](const api::Tag& known) {
        return std::ranges::find(request.TagKeys, known.Key) != request.TagKeys.end();
      });
      tx.put(key, std::move(row));
      return {};
    }));
  return api::RemoveTagsOutput{};
}

Outcome<api::DescribeTagsOutput> describe_tags(Tx& tx, const api::DescribeTagsInput& request) {
  api::DescribeTagsOutput output{.TagDescriptions = list<api::TagDescription>{}};
  for (const str& arn : request.ResourceArns)
    TRY_VOID(with_row(tx, arn, [&](const auto& row, const Key& /*key*/) -> Outcome<> {
      output.TagDescriptions->push_back({.ResourceArn = arn, .Tags = row.tags});
      return {};
    }));
  return output;
}

}  // namespace utakata::elb
