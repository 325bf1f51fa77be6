#include <algorithm>

#include "services/ssm/filters.hpp"
#include "services/ssm/ops.hpp"
#include "wire/pagination.hpp"

// Parameters are listed by path and by filters, with their history and their tags.
namespace utakata::ssm {
namespace {

wire::PageRules pages(std::string_view operation, i32 most) {
  return {
      .operation = operation,
      .default_size = most,
      .max_size = most,
      .bad_token = {.code = "InvalidNextToken", .message = "The specified token isn't valid.", .field = "/NextToken"},
      .bad_size = {
          .code = "ValidationException", .message = "MaxResults is out of its range.", .field = "/MaxResults"}};
}

Outcome<Key> tagged(const Tx& tx, const api::ResourceTypeForTagging& type, const str& id) {
  if (type != "Parameter")
    return refuse("InvalidResourceType", cat("ResourceType ", type.name(), " is not served; only Parameter is."));
  const auto found = find(tx, tx.world(), id);
  if (!found)
    return refuse("InvalidResourceId",
                  "The resource ID isn't valid. Verify that you entered the correct ID and try again.");
  return found->key;
}

}  // namespace

Outcome<api::GetParametersByPathResult> get_parameters_by_path(Tx& tx, const api::GetParametersByPathRequest& request) {
  if (!request.Path.starts_with('/') || (request.Path != "/" && !is_parameter_name(request.Path)))
    return invalid(
        "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward "
        "slash "
        "\"/\". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only letters, numbers, or "
        "the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All "
        "sub-paths, if specified, must use the forward slash symbol \"/\".");
  const list<api::ParameterStringFilter> filters =
      request.ParameterFilters.value_or(list<api::ParameterStringFilter>{});
  TRY_VOID(check_filters(filters));
  const bool recursive = request.Recursive.value_or(false);
  const bool decrypted = request.WithDecryption.value_or(false);
  std::vector<api::Parameter> all;
  tx.each<ParameterRow>(parameter_key(tx.world(), request.Path == "/" ? "" : request.Path),
                        [&](const Key&, const ParameterRow& row) {
                          if (!lies_in(row.name, request.Path, recursive) || !matches(row, filters)) return;
                          const Version& version = row.newest();
                          all.push_back({.Name = row.name,
                                         .Type = version.type,
                                         .Value = shown_value(version, decrypted),
                                         .Version = version.number,
                                         .LastModifiedDate = version.modified_at,
                                         .ARN = arn_of(tx.world(), row.name),
                                         .DataType = version.data_type});
                        });
  auto page = TRY(wire::paginate(
      std::move(all), [](const api::Parameter& p) -> const str& { return *p.Name; }, pages("GetParametersByPath", 10),
      request.NextToken, request.MaxResults));
  return api::GetParametersByPathResult{.Parameters = std::move(page.items), .NextToken = page.next};
}

Outcome<api::DescribeParametersResult> describe_parameters(Tx& tx, const api::DescribeParametersRequest& request) {
  list<api::ParameterStringFilter> filters = request.ParameterFilters.value_or(list<api::ParameterStringFilter>{});
  TRY_VOID(check_filters(filters));
  if (request.Filters && request.ParameterFilters)
    return invalid("You can use either Filters or ParameterFilters in a single request.");
  if (request.Shared.value_or(false))
    return api::DescribeParametersResult{.Parameters = list<api::ParameterMetadata>{}};
  if (request.Filters)
    for (const api::ParametersFilter& each : *request.Filters)
      filters.push_back({.Key = str(each.Key.name()),
                         .Option = str(each.Key == "Name" ? "BeginsWith" : "Equals"),
                         .Values = each.Values});
  std::vector<api::ParameterMetadata> all;
  tx.each<ParameterRow>(tx.world().prefix(), [&](const Key&, const ParameterRow& row) {
    if (!matches(row, filters)) return;
    const Version& version = row.newest();
    api::ParameterMetadata shown{.Name = row.name,
                                 .ARN = arn_of(tx.world(), row.name),
                                 .Type = version.type,
                                 .LastModifiedDate = version.modified_at,
                                 .LastModifiedUser = cat("arn:aws:iam::", tx.world().account, ":root"),
                                 .Version = version.number,
                                 .Tier = version.tier,
                                 .DataType = version.data_type};
    if (!version.key_id.empty()) shown.KeyId = version.key_id;
    if (!version.description.empty()) shown.Description = version.description;
    if (!version.allowed_pattern.empty()) shown.AllowedPattern = version.allowed_pattern;
    all.push_back(std::move(shown));
  });
  auto page = TRY(wire::paginate(
      std::move(all), [](const api::ParameterMetadata& p) -> const str& { return *p.Name; },
      pages("DescribeParameters", 50), request.NextToken, request.MaxResults));
  return api::DescribeParametersResult{.Parameters = std::move(page.items), .NextToken = page.next};
}

Outcome<api::GetParameterHistoryResult> get_parameter_history(Tx& tx, const api::GetParameterHistoryRequest& request) {
  const Found found = TRY(find(tx, tx.world(), request.Name));
  struct Entry {
    str place;
    api::ParameterHistory history;
  };
  std::vector<Entry> all;
  for (const Version& version : found.row->versions) {
    const str number = cat(version.number);
    Entry entry{.place = cat(str(20 - number.size(), '0'), number),
                .history = {.Name = found.row->name,
                            .Type = version.type,
                            .LastModifiedDate = version.modified_at,
                            .LastModifiedUser = cat("arn:aws:iam::", tx.world().account, ":root"),
                            .Value = shown_value(version, request.WithDecryption.value_or(false)),
                            .Version = version.number,
                            .Labels = version.labels,
                            .Tier = version.tier,
                            .DataType = version.data_type}};
    if (!version.key_id.empty()) entry.history.KeyId = version.key_id;
    if (!version.description.empty()) entry.history.Description = version.description;
    if (!version.allowed_pattern.empty()) entry.history.AllowedPattern = version.allowed_pattern;
    all.push_back(std::move(entry));
  }
  auto page = TRY(wire::paginate(
      std::move(all), [](const Entry& e) -> const str& { return e.place; }, pages("GetParameterHistory", 50),
      request.NextToken, request.MaxResults));
  api::GetParameterHistoryResult result{.Parameters = list<api::ParameterHistory>{}, .NextToken = page.next};
  for (Entry& each : page.items) result.Parameters->push_back(std::move(each.history));
  return result;
}

Outcome<api::Empty> add_tags_to_resource(Tx& tx, const api::AddTagsToResourceRequest& request) {
  const Key key = TRY(tagged(tx, request.ResourceType, request.ResourceId));
  ParameterRow row = *tx.find<ParameterRow>(key);
  for (const api::Tag& tag : request.Tags) row.tags[tag.Key] = tag.Value;
  if (row.tags.size() > limits::tags) return refuse("TooManyTagsError", "A parameter can have at most 50 tags.");
  tx.put(key, std::move(row));
  return api::Empty{};
}

Outcome<api::Empty> remove_tags_from_resource(Tx& tx, const api::RemoveTagsFromResourceRequest& request) {
  const Key key = TRY(tagged(tx, request.ResourceType, request.ResourceId));
  tx.update<ParameterRow>(key, [&](ParameterRow& row) {
    for (const str& name : request.TagKeys) row.tags.erase(name);
  });
  return api::Empty{};
}

Outcome<api::ListTagsForResourceResult> list_tags_for_resource(Tx& tx, const api::ListTagsForResourceRequest& request) {
  const Key key = TRY(tagged(tx, request.ResourceType, request.ResourceId));
  api::ListTagsForResourceResult result{.TagList = list<api::Tag>{}};
  for (const auto& [name, value] : tx.find<ParameterRow>(key)->tags) result.TagList->push_back({name, value});
  return result;
}

}  // namespace utakata::ssm
