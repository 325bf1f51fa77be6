#include "services/ecs/secrets.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "services/ecs/errors.hpp"
#include "services/secretsmanager/public.hpp"
#include "services/ssm/public.hpp"

namespace utakata::ecs {
namespace {

constexpr std::string_view doing =
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: ";
constexpr std::string_view manager_arn = "arn:aws:secretsmanager:";
constexpr std::string_view parameter_arn = "arn:aws:ssm:";
constexpr std::size_t parameter_name_max = 2048;

// arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME[:JSON-KEY[:VERSION-STAGE[:VERSION-ID]]]
struct ManagerSource {
  str arn, json_key, stage, version_id;
};
ManagerSource manager_source(std::string_view text) {
  const auto parts = split(text, ':');
  ManagerSource source;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i < 7) source.arn += cat(i == 0 ? "" : ":", parts[i]);
    if (i == 7) source.json_key = parts[i];
    if (i == 8) source.stage = parts[i];
    if (i == 9) source.version_id = parts[i];
  }
  return source;
}

// Fault messages are what stands behind "service call has been retried ...".
Outcome<str> from_manager(const Tx& tx, const World& world, std::string_view text) {
  const ManagerSource source = manager_source(text);
  const auto failed = [](std::string_view why) {
    return refuse("ResourceInitializationError",
                  cat(doing, "unable to retrieve secret from asm: service call has been retried 1 time(s): ", why));
  };
  const auto value = secretsmanager::text_of(tx, world, source.arn, source.stage, source.version_id);
  if (!value)
    return failed(cat("failed to fetch secret ", source.arn, " from secrets manager: ", value.error().code, ": ",
                      value.error().message));
  if (source.json_key.empty()) return *value;
  const auto json = Json::parse(*value);
  if (!json || !json->is_object())
    return failed(cat("retrieved secret ", source.arn, " from Secrets Manager is not a JSON object"));
  const Json* member = json->find(source.json_key);
  if (member == nullptr)
    return failed(cat("retrieved secret from Secrets Manager did not contain json key ", source.json_key));
  return member->is_text() ? member->text() : member->write();
}

Outcome<str> from_parameter(const Tx& tx, const World& world, std::string_view text) {
  auto value = ssm::value_of(tx, world, text);
  if (value) return value;
  return refuse("ResourceInitializationError",
                cat(doing,
                    "unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm "
                    "parameters: ",
                    text));
}

Outcome<RegistryCredential> registry_credential(const Tx& tx, const World& world, const str& parameter) {
  const auto failed = [&](std::string_view why) {
    return refuse("ResourceInitializationError", cat(doing, "unable to retrieve registry auth from asm: ", why));
  };
  const auto value = secretsmanager::text_of(tx, world, parameter, "", "");
  if (!value)
    return failed(cat("service call has been retried 1 time(s): failed to fetch secret ", parameter,
                      " from secrets manager: ", value.error().code, ": ", value.error().message));
  const auto json = Json::parse(*value);
  RegistryCredential credential;
  if (json) credential = {.user_name = str(json->text_at({"username"})), .password = str(json->text_at({"password"}))};
  if (credential.user_name.empty() || credential.password.empty())
    return failed(cat("the secret ", parameter, R"( is not of the form {"username": "...", "password": "..."})"));
  return credential;
}

Outcome<> fill(const Tx& tx, const World& world, const api::ContainerDefinition& c, ContainerSpec& spec) {
  if (c.secrets)
    for (const api::Secret& each : *c.secrets)
      spec.secrets[each.name] =
          TRY(each.valueFrom.starts_with(manager_arn) ? from_manager(tx, world, each.valueFrom)
                                                      : from_parameter(tx, world, each.valueFrom));
  if (c.repositoryCredentials)
    spec.registry_credential = TRY(registry_credential(tx, world, c.repositoryCredentials->credentialsParameter));
  return {};
}

}  // namespace

void fill_secrets(const Tx& tx, const World& world, const TaskDefinitionRow& definition, TaskSpec& spec) {
  for (ContainerSpec& container : spec.containers) {
    const auto& all = *definition.definition.containerDefinitions;
    const auto at = std::ranges::find(all, opt<str>(container.name), &api::ContainerDefinition::name);
    if (at == all.end()) continue;
    if (const Outcome<> filled = fill(tx, world, *at, container); !filled) {
      spec.cannot_start = filled.error().message;
      return;
    }
  }
}

Outcome<> check_secret_source(const api::Secret& secret) {
  const str& from = secret.valueFrom;
  if (from.starts_with(manager_arn)) {
    const auto parts = split(from, ':');
    if (parts.size() < 7 || parts.size() > 10 || parts[5] != "secret" || parts[6].empty())
      return client_fault(cat("The Secrets Manager ARN specified for secret ", secret.name,
                              " is invalid: it has the form arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME, with "
                              ":JSON-KEY:VERSION-STAGE:VERSION-ID behind it if need be."));
    return {};
  }
  const bool sound = !from.empty() && from.size() <= parameter_name_max && std::ranges::all_of(from, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_.-/:").contains(c);
  });
  if (!sound || (from.starts_with("arn:") && !from.starts_with(parameter_arn)))
    return client_fault(cat("The Systems Manager parameter name specified for secret ", secret.name,
                            " is invalid. The parameter name can be up to 2048 characters and include the following "
                            "letters and symbols: a-zA-Z0-9_.-/"));
  return {};
}

}  // namespace utakata::ecs
