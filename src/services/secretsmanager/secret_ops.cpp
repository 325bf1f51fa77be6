#include <algorithm>

#include "services/secretsmanager/ops.hpp"
#include "wire/pagination.hpp"

// Secrets as things: made, described, listed, deleted and taken back.
namespace utakata::secretsmanager {
namespace {

constexpr i64 least_window_days = 7, longest_window_days = 30;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= limits::name_characters && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/_+=.@-").contains(c);
  });
}

// Letters of both cases and digits, as AWS ends its ARNs.
str suffix(Tx& tx) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  str text;
  std::uint64_t dice = tx.random("secret arn");
  for (int i = 0; i < 6; ++i, dice /= letters.size()) text += letters[dice % letters.size()];
  return text;
}

Outcome<> add_tags(SecretRow& row, const list<api::Tag>& tags) {
  for (const api::Tag& tag : tags) row.tags[tag.Key.value_or("")] = tag.Value.value_or("");
  if (row.tags.size() > limits::tags) return invalid_parameter("A secret can have at most 50 tags.");
  return {};
}

list<api::Tag> tags_of(const SecretRow& row) {
  list<api::Tag> tags;
  for (const auto& [name, value] : row.tags) tags.push_back({name, value});
  return tags;
}

opt<Instant> when(Instant at) { return at.set() ? opt<Instant>(at) : opt<Instant>(); }
opt<str> text(const str& value) { return value.empty() ? opt<str>() : opt<str>(value); }

opt<dict<list<str>>> stages_of(const SecretRow& row) {
  dict<list<str>> stages;
  for (const Version& each : row.versions)
    if (!each.stages.empty()) stages[each.id] = each.stages;
  return stages.empty() ? opt<dict<list<str>>>() : opt<dict<list<str>>>(std::move(stages));
}

// A word with ! before it excludes; names and values are compared by their beginning, as AWS does.
bool fits(std::string_view value, std::string_view wanted) { return to_lower(value).starts_with(to_lower(wanted)); }

bool fits_filter(const SecretRow& row, const api::Filter& filter) {
  const std::string_view key = filter.Key ? filter.Key->name() : "all";
  const auto texts = [&]() {
    list<str> out;
    if (key == "name" || key == "all") out.push_back(row.name);
    if (key == "description" || key == "all") out.push_back(row.description);
    for (const auto& [name, value] : row.tags) {
      if (key == "tag-key" || key == "all") out.push_back(name);
      if (key == "tag-value" || key == "all") out.push_back(value);
    }
    return out;
  }();
  return std::ranges::any_of(filter.Values.value_or(list<str>{}), [&](std::string_view wanted) {
    const bool without = wanted.starts_with('!');
    if (without) wanted.remove_prefix(1);
    return std::ranges::any_of(texts, [&](const str& each) { return fits(each, wanted); }) != without;
  });
}

api::SecretListEntry entry(const SecretRow& row) {
  return {.ARN = row.arn,
          .Name = row.name,
          .Description = text(row.description),
          .KmsKeyId = text(row.kms_key_id),
          .LastChangedDate = when(row.changed_at),
          .LastAccessedDate = when(row.accessed_at),
          .DeletedDate = when(row.deleted_at),
          .Tags = tags_of(row),
          .SecretVersionsToStages = stages_of(row),
          .CreatedDate = row.created_at};
}

str padded(std::int64_t number) {
  const str digits = cat(number);
  return cat(str(20 - digits.size(), '0'), digits);
}

}  // namespace

Outcome<api::CreateSecretResponse> create_secret(Tx& tx, const api::CreateSecretRequest& request) {
  if (!is_name(request.Name))
    return refuse("ValidationException",
                  "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: "
                  "-/_+=.@!");
  if (request.AddReplicaRegions && !request.AddReplicaRegions->empty())
    return invalid_parameter("AddReplicaRegions: replication is not served.");
  if (request.Type) return invalid_parameter("Type: secrets of partners are not served.");
  const Key key = tx.world().key(request.Name);
  SecretRow row{.name = request.Name,
                .description = request.Description.value_or(""),
                .kms_key_id = request.KmsKeyId.value_or(""),
                .created_at = tx.now(),
                .changed_at = tx.now()};
  if (const SecretRow* known = tx.find<SecretRow>(key); known != nullptr) {
    if (known->deleted_at.set())
      return invalid_request(
          "You can't create this secret because a secret with this name is already scheduled for deletion.");
    const bool again = request.ClientRequestToken && known->versions.size() == 1 &&
                       known->versions[0].id == *request.ClientRequestToken &&
                       known->versions[0].text == request.SecretString &&
                       known->versions[0].bytes == request.SecretBinary;
    if (!again)
      return refuse("ResourceExistsException",
                    cat("The operation failed because the secret ", request.Name, " already exists."));
    return api::CreateSecretResponse{.ARN = known->arn, .Name = known->name, .VersionId = known->versions[0].id};
  }
  row.arn =
      cat("arn:aws:secretsmanager:", tx.world().region, ":", tx.world().account, ":secret:", row.name, "-", suffix(tx));
  if (request.Tags) TRY_VOID(add_tags(row, *request.Tags));
  api::CreateSecretResponse response{.ARN = row.arn, .Name = row.name};
  if (request.SecretString || request.SecretBinary)
    response.VersionId = TRY(add_version(tx, row,
                                         {.token = request.ClientRequestToken,
                                          .text = request.SecretString,
                                          .bytes = request.SecretBinary,
                                          .stages = {str(current)}}));
  tx.put(key, std::move(row));
  return response;
}

Outcome<api::UpdateSecretResponse> update_secret(Tx& tx, const api::UpdateSecretRequest& request) {
  const Key key = TRY(find_usable(tx, tx.world(), request.SecretId));
  if (request.Type) return invalid_parameter("Type: secrets of partners are not served.");
  SecretRow row = *tx.find<SecretRow>(key);
  if (request.Description) row.description = *request.Description;
  if (request.KmsKeyId) row.kms_key_id = *request.KmsKeyId;
  row.changed_at = tx.now();
  api::UpdateSecretResponse response{.ARN = row.arn, .Name = row.name};
  if (request.SecretString || request.SecretBinary)
    response.VersionId = TRY(add_version(tx, row,
                                         {.token = request.ClientRequestToken,
                                          .text = request.SecretString,
                                          .bytes = request.SecretBinary,
                                          .stages = {str(current)}}));
  tx.put(key, std::move(row));
  return response;
}

Outcome<api::DescribeSecretResponse> describe_secret(Tx& tx, const api::DescribeSecretRequest& request) {
  const Key key = TRY(find_secret(tx, tx.world(), request.SecretId));
  const SecretRow& row = *tx.find<SecretRow>(key);
  return api::DescribeSecretResponse{.ARN = row.arn,
                                     .Name = row.name,
                                     .Description = text(row.description),
                                     .KmsKeyId = text(row.kms_key_id),
                                     .LastChangedDate = when(row.changed_at),
                                     .LastAccessedDate = when(row.accessed_at),
                                     .DeletedDate = when(row.deleted_at),
                                     .Tags = tags_of(row),
                                     .VersionIdsToStages = stages_of(row),
                                     .CreatedDate = row.created_at};
}

Outcome<api::DeleteSecretResponse> delete_secret(Tx& tx, const api::DeleteSecretRequest& request) {
  const bool at_once = request.ForceDeleteWithoutRecovery.value_or(false);
  if (at_once && request.RecoveryWindowInDays)
    return invalid_parameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
  const i64 days = request.RecoveryWindowInDays.value_or(longest_window_days);
  if (days < least_window_days || days > longest_window_days)
    return invalid_parameter("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).");
  const Key key = TRY(find_secret(tx, tx.world(), request.SecretId));
  SecretRow row = *tx.find<SecretRow>(key);
  if (row.deleted_at.set() && !at_once)
    return invalid_request("You can't perform this operation on the secret because it was marked for deletion.");
  api::DeleteSecretResponse response{.ARN = row.arn, .Name = row.name, .DeletionDate = tx.now()};
  if (at_once) {
    tx.erase<SecretRow>(key);
    return response;
  }
  row.deleted_at = tx.now();
  row.erase_at = tx.now() + hours(24 * days);
  response.DeletionDate = row.erase_at;
  tx.put(key, std::move(row));
  return response;
}

Outcome<api::RestoreSecretResponse> restore_secret(Tx& tx, const api::RestoreSecretRequest& request) {
  const Key key = TRY(find_secret(tx, tx.world(), request.SecretId));
  tx.update<SecretRow>(key, [](SecretRow& row) { row.deleted_at = row.erase_at = {}; });
  const SecretRow& row = *tx.find<SecretRow>(key);
  return api::RestoreSecretResponse{.ARN = row.arn, .Name = row.name};
}

Outcome<api::ListSecretsResponse> list_secrets(Tx& tx, const api::ListSecretsRequest& request) {
  struct Entry {
    str place;
    api::SecretListEntry shown;
  };
  std::vector<Entry> all;
  const bool deleted = request.IncludePlannedDeletion.value_or(false);
  const std::string_view by = request.SortBy ? request.SortBy->name() : "created-date";
  const list<api::Filter> filters = request.Filters.value_or(list<api::Filter>{});
  tx.each<SecretRow>(tx.world().prefix(), [&](const Key&, const SecretRow& row) {
    if (row.deleted_at.set() && !deleted) return;
    if (!std::ranges::all_of(filters, [&](const api::Filter& each) { return fits_filter(row, each); })) return;
    const Instant at = by == "last-accessed-date"  ? row.accessed_at
                       : by == "last-changed-date" ? row.changed_at
                                                   : row.created_at;
    all.push_back({.place = by == "name" ? row.name : cat(padded(at.ns), row.name), .shown = entry(row)});
  });
  std::ranges::sort(all, {}, &Entry::place);
  if (request.SortOrder && *request.SortOrder == "desc") {
    std::ranges::reverse(all);
    for (std::size_t i = 0; i < all.size(); ++i) all[i].place = padded(static_cast<std::int64_t>(i));
  }
  auto page = TRY(wire::paginate(
      std::move(all), [](const Entry& e) -> const str& { return e.place; },
      {.operation = "ListSecrets",
       .bad_token = {.code = "InvalidNextTokenException", .message = "The NextToken value is invalid."}},
      request.NextToken, request.MaxResults));
  api::ListSecretsResponse response{.SecretList = list<api::SecretListEntry>{}, .NextToken = page.next};
  for (Entry& each : page.items) response.SecretList->push_back(std::move(each.shown));
  return response;
}

Outcome<api::Empty> tag_resource(Tx& tx, const api::TagResourceRequest& request) {
  const Key key = TRY(find_usable(tx, tx.world(), request.SecretId));
  SecretRow row = *tx.find<SecretRow>(key);
  TRY_VOID(add_tags(row, request.Tags));
  tx.put(key, std::move(row));
  return api::Empty{};
}

Outcome<api::Empty> untag_resource(Tx& tx, const api::UntagResourceRequest& request) {
  const Key key = TRY(find_usable(tx, tx.world(), request.SecretId));
  tx.update<SecretRow>(key, [&](SecretRow& row) {
    for (const str& name : request.TagKeys) row.tags.erase(name);
  });
  return api::Empty{};
}

}  // namespace utakata::secretsmanager
