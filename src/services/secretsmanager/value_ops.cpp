#include <algorithm>

#include "services/secretsmanager/ops.hpp"
#include "services/secretsmanager/public.hpp"
#include "wire/pagination.hpp"

// The values of a secret: its versions and their stages.
namespace utakata::secretsmanager {

Outcome<str> text_of(const Tx& tx, const World& world, std::string_view id, std::string_view stage,
                     std::string_view version_id) {
  const Key key = TRY(find_usable(tx, world, id));
  const Version* version = TRY(find_version(*tx.find<SecretRow>(key), version_id, stage));
  if (!version->text) return invalid_request("The secret holds bytes, not a text.");
  return *version->text;
}

Outcome<str> add_version(Tx& tx, SecretRow& row, const NewVersion& wanted) {
  if (wanted.text && wanted.bytes)
    return invalid_parameter(
        "You can't specify both a binary secret value and a string secret value in the same secret.");
  const std::size_t size = wanted.text ? wanted.text->size() : wanted.bytes ? wanted.bytes->bytes.size() : 0;
  if (size > limits::secret_bytes)
    return invalid_parameter(
        cat("The secret value has ", size, " bytes; it can have at most ", limits::secret_bytes, "."));
  if (wanted.token && (wanted.token->size() < 32 || wanted.token->size() > 64))
    return invalid_parameter("ClientRequestToken must be 32-64 characters long.");
  if (wanted.stages.empty() || wanted.stages.size() > limits::stages)
    return invalid_parameter("VersionStages: a version can be given from 1 to 20 stages.");
  const str id = wanted.token ? *wanted.token : tx.uuid();
  const auto known = std::ranges::find(row.versions, id, &Version::id);
  if (known != row.versions.end()) {
    if (known->text != wanted.text || known->bytes != wanted.bytes)
      return refuse("ResourceExistsException", "You can't use ClientRequestToken " + id +
                                                   " because that value is already in use for a version of secret " +
                                                   row.arn + ".");
    return id;
  }
  row.versions.push_back({.id = id, .text = wanted.text, .bytes = wanted.bytes, .created_at = tx.now()});
  move_stages(row, id, wanted.stages);
  row.changed_at = tx.now();
  if (row.versions.size() > limits::versions) {
    const auto oldest = std::ranges::find_if(row.versions, [](const Version& v) { return v.stages.empty(); });
    if (oldest == row.versions.end())
      return refuse("LimitExceededException", "The secret has too many versions that have stages.");
    row.versions.erase(oldest);
  }
  return id;
}

Outcome<api::PutSecretValueResponse> put_secret_value(Tx& tx, const api::PutSecretValueRequest& request) {
  const Key key = TRY(find_usable(tx, tx.world(), request.SecretId));
  if (!request.SecretString && !request.SecretBinary)
    return invalid_parameter("You must provide either SecretString or SecretBinary.");
  SecretRow row = *tx.find<SecretRow>(key);
  // The first value of a secret is always its current one.
  const str id = TRY(add_version(tx, row,
                                 {.token = request.ClientRequestToken,
                                  .text = request.SecretString,
                                  .bytes = request.SecretBinary,
                                  .stages = request.VersionStages ? *request.VersionStages : list<str>{str(current)}}));
  const api::PutSecretValueResponse response{
      .ARN = row.arn,
      .Name = row.name,
      .VersionId = id,
      .VersionStages = std::ranges::find(row.versions, id, &Version::id)->stages};
  tx.put(key, std::move(row));
  return response;
}

Outcome<api::GetSecretValueResponse> get_secret_value(Tx& tx, const api::GetSecretValueRequest& request) {
  const Key key = TRY(find_usable(tx, tx.world(), request.SecretId));
  const SecretRow& row = *tx.find<SecretRow>(key);
  const Version version = *TRY(find_version(row, request.VersionId.value_or(""), request.VersionStage.value_or("")));
  api::GetSecretValueResponse response{.ARN = row.arn,
                                       .Name = row.name,
                                       .VersionId = version.id,
                                       .SecretBinary = version.bytes,
                                       .SecretString = version.text,
                                       .VersionStages = version.stages,
                                       .CreatedDate = version.created_at};
  // AWS tells the day of the last access; more would be a row changed with every read.
  const Instant today{tx.now().ns / hours(24).ns * hours(24).ns};
  if (row.accessed_at != today) tx.update<SecretRow>(key, [&](SecretRow& changed) { changed.accessed_at = today; });
  return response;
}

Outcome<api::ListSecretVersionIdsResponse> list_secret_version_ids(Tx& tx,
                                                                   const api::ListSecretVersionIdsRequest& request) {
  const Key key = TRY(find_secret(tx, tx.world(), request.SecretId));
  const SecretRow& row = *tx.find<SecretRow>(key);
  std::vector<api::SecretVersionsListEntry> all;
  for (const Version& each : row.versions)
    if (!each.stages.empty() || request.IncludeDeprecated.value_or(false))
      all.push_back({.VersionId = each.id, .VersionStages = each.stages, .CreatedDate = each.created_at});
  std::ranges::sort(all, {}, [](const auto& entry) { return *entry.VersionId; });
  auto page = TRY(wire::paginate(
      std::move(all), [](const api::SecretVersionsListEntry& e) -> const str& { return *e.VersionId; },
      {.operation = "ListSecretVersionIds",
       .bad_token = {.code = "InvalidNextTokenException", .message = "The NextToken value is invalid."}},
      request.NextToken, request.MaxResults));
  return api::ListSecretVersionIdsResponse{
      .Versions = std::move(page.items), .NextToken = page.next, .ARN = row.arn, .Name = row.name};
}

Outcome<api::UpdateSecretVersionStageResponse> update_secret_version_stage(
    Tx& tx, const api::UpdateSecretVersionStageRequest& request) {
  const Key key = TRY(find_usable(tx, tx.world(), request.SecretId));
  SecretRow row = *tx.find<SecretRow>(key);
  const str& stage = request.VersionStage;
  const auto holder = std::ranges::find_if(row.versions, [&](const Version& v) { return v.in(stage); });
  if (holder != row.versions.end() && request.RemoveFromVersionId.value_or("") != holder->id &&
      request.MoveToVersionId != holder->id)
    return invalid_parameter(cat("The parameter RemoveFromVersionId can't be empty. Staging label ", stage,
                                 " is currently attached to version ", holder->id,
                                 ", so you must explicitly reference that version in RemoveFromVersionId."));
  if (request.RemoveFromVersionId && !request.MoveToVersionId) {
    if (stage == current)
      return invalid_parameter("You can't remove AWSCURRENT from a version without moving it to another.");
    for (Version& each : row.versions)
      if (each.id == *request.RemoveFromVersionId) std::erase(each.stages, stage);
  }
  if (request.MoveToVersionId) {
    const auto target = find_version(row, *request.MoveToVersionId, "");
    if (!target) return std::unexpected(target.error());
    move_stages(row, *request.MoveToVersionId, {stage});
  }
  const api::UpdateSecretVersionStageResponse response{.ARN = row.arn, .Name = row.name};
  tx.put(key, std::move(row));
  return response;
}

}  // namespace utakata::secretsmanager
