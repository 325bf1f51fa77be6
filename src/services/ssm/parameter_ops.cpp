#include <algorithm>

#include "services/ssm/ops.hpp"
#include "services/ssm/public.hpp"

// Parameters are put, read by name, labelled and deleted.
namespace utakata::ssm {
namespace {

Outcome<> check_name(const str& name) {
  if (!is_parameter_name(name))
    return invalid(
        "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of "
        "sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following "
        "3 symbols .-_");
  if (name.contains("//") || name.ends_with('/') || (name.contains('/') && !name.starts_with('/')))
    return invalid(
        "Parameter name must be a fully qualified name: a hierarchy begins with a slash and ends without one.");
  const std::string_view first = std::string_view(name).substr(name.starts_with('/') ? 1 : 0);
  for (const std::string_view reserved : {"aws", "ssm"})
    if (to_lower(first.substr(0, 3)) == reserved)
      return refuse("AccessDeniedException", cat("No access to reserved parameter name: ", name, "."));
  if (std::ranges::count(name, '/') > limits::levels)
    return refuse("HierarchyLevelLimitExceededException",
                  "A hierarchy can have at most 15 levels. For more information, see Requirements and constraints for "
                  "parameter names in the AWS Systems Manager User Guide.");
  return {};
}

Outcome<> check_value(const api::PutParameterRequest& request, const Version& version) {
  if (request.Value.empty())
    return invalid(
        "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length "
        "greater "
        "than or equal to 1");
  if (version.tier == "Standard" && request.Value.size() > limits::standard_bytes)
    return invalid(
        "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter "
        "value, upgrade the parameter to use the advanced-parameter tier. For more information, see "
        "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html");
  if (request.Value.size() > limits::advanced_bytes)
    return invalid("Advanced tier parameters support a maximum parameter value of 8192 characters.");
  if (request.KeyId && version.type != "SecureString")
    return invalid("KeyId is required for SecureString type parameter only.");
  if (version.data_type != "text" && version.data_type != "aws:ec2:image" && version.data_type != "aws:ssm:integration")
    return invalid("The following data type is not supported: " + version.data_type +
                   " (Data type names are all lowercase.)");
  return {};
}

api::ParameterTier tier_of(const api::PutParameterRequest& request, const Version* last) {
  const bool large = request.Value.size() > limits::standard_bytes;
  if (request.Tier && *request.Tier == "Intelligent-Tiering")
    return large ? "Advanced" : api::ParameterTier("Standard");
  if (request.Tier) return *request.Tier;
  return last != nullptr ? last->tier : api::ParameterTier("Standard");
}

api::Parameter shown(const Found& found, bool decrypted) {
  const Version& version = *found.version;
  api::Parameter parameter{.Name = found.row->name,
                           .Type = version.type,
                           .Value = shown_value(version, decrypted),
                           .Version = version.number,
                           .LastModifiedDate = version.modified_at,
                           .ARN = arn_of(world_of(found.key), found.row->name),
                           .DataType = version.data_type};
  if (!found.selector.empty()) parameter.Selector = found.selector;
  return parameter;
}

bool is_label(const str& label) {
  const bool sound = !label.empty() && label.size() <= 100 && std::ranges::all_of(label, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  });
  const str lower = to_lower(label);
  return sound && !lower.starts_with("aws") && !lower.starts_with("ssm") && !(label[0] >= '0' && label[0] <= '9');
}

}  // namespace

Outcome<str> value_of(const Tx& tx, const World& world, std::string_view name) {
  const Found found = TRY(find(tx, world, name));
  return found.version->value;
}

Outcome<api::PutParameterResult> put_parameter(Tx& tx, const api::PutParameterRequest& request) {
  TRY_VOID(check_name(request.Name));
  const Key key = parameter_key(tx.world(), request.Name);
  const ParameterRow* known = tx.find<ParameterRow>(key);
  const bool overwrite = request.Overwrite.value_or(false);
  if (known != nullptr && !overwrite)
    return refuse("ParameterAlreadyExists",
                  "The parameter already exists. To overwrite this value, set the overwrite option in the request to "
                  "true.");
  if (known == nullptr && !request.Type) return invalid("A parameter type is required when you create a parameter.");
  if (overwrite && request.Tags && !request.Tags->empty())
    return invalid(
        "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove "
        "overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or "
        "RemoveTagsFromResource.");
  ParameterRow row = known != nullptr ? *known : ParameterRow{.name = request.Name};
  const Version* last = known != nullptr ? &known->newest() : nullptr;
  Version version{.number = last != nullptr ? last->number + 1 : 1,
                  .value = request.Value,
                  .type = request.Type ? *request.Type : last->type,
                  .tier = tier_of(request, last),
                  .data_type = request.DataType.value_or("text"),
                  .description = request.Description.value_or(last != nullptr ? last->description : str()),
                  .allowed_pattern = request.AllowedPattern.value_or(""),
                  .modified_at = tx.now()};
  if (last != nullptr && last->tier == "Advanced" && version.tier == "Standard")
    return invalid(
        "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the "
        "advanced-parameter tier to the standard-parameter tier.");
  if (version.type == "SecureString") version.key_id = request.KeyId.value_or("alias/aws/ssm");
  TRY_VOID(check_value(request, version));
  const api::PutParameterResult result{.Version = version.number, .Tier = version.tier};
  row.versions.push_back(std::move(version));
  if (row.versions.size() > limits::versions) {
    if (!row.versions.front().labels.empty())
      return refuse(
          "ParameterMaxVersionLimitExceeded",
          cat("You attempted to create a new version of ", request.Name,
              " by calling the PutParameter API with the overwrite flag. Version ", row.versions.front().number,
              ", the oldest version, can't be deleted because it has a label associated with it. Move the "
              "label to another version of the parameter, and try again."));
    row.versions.erase(row.versions.begin());
  }
  if (request.Tags)
    for (const api::Tag& tag : *request.Tags) row.tags[tag.Key] = tag.Value;
  if (row.tags.size() > limits::tags) return refuse("TooManyTagsError", "A parameter can have at most 50 tags.");
  tx.put(key, std::move(row));
  return result;
}

Outcome<api::GetParameterResult> get_parameter(Tx& tx, const api::GetParameterRequest& request) {
  const Found found = TRY(find(tx, tx.world(), request.Name));
  return api::GetParameterResult{.Parameter = shown(found, request.WithDecryption.value_or(false))};
}

Outcome<api::GetParametersResult> get_parameters(Tx& tx, const api::GetParametersRequest& request) {
  if (request.Names.empty() || request.Names.size() > limits::names_of_a_call)
    return invalid("Names: a call can name from 1 to 10 parameters.");
  api::GetParametersResult result{.Parameters = list<api::Parameter>{}, .InvalidParameters = list<str>{}};
  list<str> names = request.Names;
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  for (const str& name : names) {
    const auto found = find(tx, tx.world(), name);
    if (found)
      result.Parameters->push_back(shown(*found, request.WithDecryption.value_or(false)));
    else
      result.InvalidParameters->push_back(name);
  }
  return result;
}

Outcome<api::Empty> delete_parameter(Tx& tx, const api::DeleteParameterRequest& request) {
  const Found found = TRY(find(tx, tx.world(), request.Name));
  tx.erase<ParameterRow>(found.key);
  return api::Empty{};
}

Outcome<api::DeleteParametersResult> delete_parameters(Tx& tx, const api::DeleteParametersRequest& request) {
  if (request.Names.empty() || request.Names.size() > limits::names_of_a_call)
    return invalid("Names: a call can name from 1 to 10 parameters.");
  api::DeleteParametersResult result{.DeletedParameters = list<str>{}, .InvalidParameters = list<str>{}};
  for (const str& name : request.Names) {
    const auto found = find(tx, tx.world(), name);
    (found ? result.DeletedParameters : result.InvalidParameters)->push_back(name);
    if (found) tx.erase<ParameterRow>(found->key);
  }
  return result;
}

Outcome<api::LabelParameterVersionResult> label_parameter_version(Tx& tx,
                                                                  const api::LabelParameterVersionRequest& request) {
  const str name = request.ParameterVersion ? cat(request.Name, ":", *request.ParameterVersion) : request.Name;
  const Found found = TRY(find(tx, tx.world(), name));
  ParameterRow row = *found.row;
  api::LabelParameterVersionResult result{.InvalidLabels = list<str>{}, .ParameterVersion = found.version->number};
  for (const str& label : request.Labels) {
    if (!is_label(label)) {
      result.InvalidLabels->push_back(label);
      continue;
    }
    for (Version& each : row.versions) {
      std::erase(each.labels, label);  // a label is on one version
      if (each.number != found.version->number) continue;
      if (each.labels.size() == limits::labels)
        return refuse("ParameterVersionLabelLimitExceeded", "A parameter version can have a maximum of ten labels.");
      each.labels.push_back(label);
    }
  }
  tx.put(found.key, std::move(row));
  return result;
}

}  // namespace utakata::ssm
