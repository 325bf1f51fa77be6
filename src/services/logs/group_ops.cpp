#include "services/logs/group_ops.hpp"

#include <algorithm>
#include <array>

#include "services/logs/limits.hpp"

namespace utakata::logs {
namespace {

constexpr std::array<i32, 22> retention_days{1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                             365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};

Outcome<> check_tags(const dict<str>& tags) {
  if (tags.size() > limits::tags)
    return refuse("TooManyTagsException", cat("A log group has at most ", limits::tags, " tags."));
  for (const auto& [name, text] : tags)
    if (name.empty() || name.size() > 128 * 4 || text.size() > 256 * 4)
      return invalid(cat("The tag '", name, "' is not valid: keys have 1 to 128 characters, values at most 256."));
  return {};
}

api::LogGroup shown(const Tx& tx, const Key& key, const Group& group) {
  i64 bytes = 0;
  tx.each<Stream>(cat(key, ":"), [&](const Key&, const Stream& stream) { bytes += stream.bytes; });
  api::LogGroup view{.logGroupName = group.name,
                     .creationTime = milliseconds_of(group.created_at),
                     .metricFilterCount = 0,
                     .arn = cat(group_arn(key), ":*"),
                     .storedBytes = bytes,
                     .kmsKeyId = group.kms_key_id,
                     .logGroupClass = group.group_class,
                     .logGroupArn = group_arn(key)};
  if (group.retention_days != 0) view.retentionInDays = group.retention_days;
  return view;
}

Outcome<> check(const api::DescribeLogGroupsRequest& request) {
  if (request.logGroupNamePrefix && request.logGroupNamePattern)
    return invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  const i32 limit = request.limit.value_or(limits::describe_results);
  if (limit < 1 || limit > limits::describe_results)
    return invalid(cat("1 validation error detected: Value '", limit,
                       "' at 'limit' failed to satisfy constraint: Member must have value between 1 and 50"));
  return {};
}

bool is_asked_for(const api::DescribeLogGroupsRequest& request, const Key& key, const Group& group) {
  if (request.logGroupNamePattern && !group.name.contains(*request.logGroupNamePattern)) return false;
  if (request.logGroupClass && group.group_class != *request.logGroupClass) return false;
  if (!request.logGroupIdentifiers) return true;
  return std::ranges::any_of(*request.logGroupIdentifiers, [&](const str& identifier) {
    return identifier == group.name || identifier == group_arn(key) || identifier == cat(group_arn(key), ":*");
  });
}

}  // namespace

Outcome<api::Empty> create_log_group(Tx& tx, const api::CreateLogGroupRequest& request) {
  if (!is_group_name(request.logGroupName))
    return invalid(cat("1 validation error detected: Value '", request.logGroupName.substr(0, 600),
                       "' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression "
                       "pattern: [\\.\\-_/#A-Za-z0-9]+, with 1 to 512 characters"));
  if (request.deletionProtectionEnabled.value_or(false))
    return invalid("deletionProtectionEnabled: deletion protection is not supported.");
  const Key key = group_key(tx.world(), request.logGroupName);
  if (tx.find<Group>(key) != nullptr)
    return refuse("ResourceAlreadyExistsException", "The specified log group already exists");
  TRY_VOID(check_tags(*request.tags));
  tx.put(key, Group{.name = request.logGroupName,
                    .tags = *request.tags,
                    .kms_key_id = request.kmsKeyId,
                    .group_class = *request.logGroupClass,
                    .created_at = tx.now()});
  return api::Empty{};
}

Outcome<api::Empty> delete_log_group(Tx& tx, const api::DeleteLogGroupRequest& request) {
  const Key key = TRY(find_group(tx, request.logGroupName));
  list<Key> streams;
  tx.each<Stream>(cat(key, ":"), [&](const Key& stream, const Stream&) { streams.push_back(stream); });
  erase_streams(tx, streams);
  tx.erase<Group>(key);
  return api::Empty{};
}

Outcome<api::DescribeLogGroupsResponse> describe_log_groups(Tx& tx, const api::DescribeLogGroupsRequest& request) {
  TRY_VOID(check(request));
  const auto from = request.nextToken ? base64_decode(*request.nextToken) : std::optional<std::string>("");
  if (!from) return invalid("The specified nextToken is invalid.");
  const auto limit = static_cast<std::size_t>(request.limit.value_or(limits::describe_results));
  api::DescribeLogGroupsResponse response{.logGroups = list<api::LogGroup>{}};
  tx.each<Group>(group_key(tx.world(), *request.logGroupNamePrefix), [&](const Key& key, const Group& group) {
    if (group.name < *from || !is_asked_for(request, key, group)) return true;
    if (response.logGroups->size() == limit) {
      response.nextToken = base64_encode(group.name);
      return false;
    }
    response.logGroups->push_back(shown(tx, key, group));
    return true;
  });
  return response;
}

Outcome<api::Empty> put_retention_policy(Tx& tx, const api::PutRetentionPolicyRequest& request) {
  const Key key = TRY(find_group(tx, request.logGroupName));
  if (std::ranges::find(retention_days, request.retentionInDays) == retention_days.end())
    return invalid(
        cat("1 validation error detected: Value '", request.retentionInDays,
            "' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [1, 3, 5, 7, 14, "
            "30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]"));
  retain(tx, key, request.retentionInDays);
  return api::Empty{};
}

Outcome<api::Empty> delete_retention_policy(Tx& tx, const api::DeleteRetentionPolicyRequest& request) {
  retain(tx, TRY(find_group(tx, request.logGroupName)), 0);
  return api::Empty{};
}

Outcome<api::Empty> tag_resource(Tx& tx, const api::TagResourceRequest& request) {
  const Key key = TRY(find_group(tx, request.resourceArn));
  dict<str> tags = tx.find<Group>(key)->tags;
  for (const auto& [name, text] : request.tags) tags[name] = text;
  TRY_VOID(check_tags(tags));
  tx.update<Group>(key, [&](Group& group) { group.tags = std::move(tags); });
  return api::Empty{};
}

Outcome<api::Empty> untag_resource(Tx& tx, const api::UntagResourceRequest& request) {
  const Key key = TRY(find_group(tx, request.resourceArn));
  tx.update<Group>(key, [&](Group& group) {
    for (const str& name : request.tagKeys) group.tags.erase(name);
  });
  return api::Empty{};
}

Outcome<api::ListTagsForResourceResponse> list_tags_for_resource(Tx& tx,
                                                                 const api::ListTagsForResourceRequest& request) {
  const Key key = TRY(find_group(tx, request.resourceArn));
  return api::ListTagsForResourceResponse{.tags = tx.find<Group>(key)->tags};
}

}  // namespace utakata::logs
