#include "services/ecs/account_setting_ops.hpp"

#include <algorithm>
#include <array>

#include "services/ecs/errors.hpp"
#include "services/ecs/state.hpp"

namespace utakata::ecs {
namespace {

/// What a setting can be; the first is what it is when nobody has set it.
struct Rule {
  api::SettingName setting;
  std::array<std::string_view, 2> values;
};
constexpr std::array<Rule, 11> rules{{{"awsvpcTrunking", {"disabled"}},
                                      {"containerInsights", {"disabled"}},
                                      {"containerInstanceLongArnFormat", {"enabled"}},
                                      {"defaultLogDriverMode", {"non-blocking", "blocking"}},
                                      {"fargateEventWindows", {"disabled"}},
                                      {"fargateFIPSMode", {"disabled"}},
                                      {"fargateTaskRetirementWaitPeriod", {"7"}},
                                      {"guardDutyActivate", {"off"}},
                                      {"serviceLongArnFormat", {"enabled"}},
                                      {"tagResourceAuthorization", {"off"}},
                                      {"taskLongArnFormat", {"enabled"}}}};

const Rule& rule_of(api::SettingName name) {
  const auto* rule = std::ranges::find(rules, name, &Rule::setting);
  ensure(rule != rules.end(), "a setting without a rule");
  return *rule;
}

Key key_of(const World& world, api::SettingName name) { return world.key("account-setting/", name.name()); }
str root_of(const World& world) { return cat("arn:aws:iam::", world.account, ":root"); }

api::Setting shown(const World& world, api::SettingName name, str value) {
  api::Setting setting{.name = name, .value = std::move(value), .principalArn = root_of(world), .type = "user"};
  if (name == "guardDutyActivate") setting.type = "aws_managed";
  return setting;
}

// Users and roles have no settings of their own here, so only the account's can be meant.
Outcome<> check_principal(const World& world, const opt<str>& principal) {
  if (!principal || *principal == root_of(world)) return {};
  return invalid(cat("principalArn: settings of single users and roles are not supported; only ", root_of(world), "."));
}

Outcome<api::Setting> put(Tx& tx, api::SettingName name, const str& value) {
  const Rule& rule = rule_of(name);
  if (name == "guardDutyActivate") return invalid("The setting guardDutyActivate is managed by AWS and read-only.");
  if (std::ranges::find(rule.values, value) == rule.values.end() || value.empty())
    return invalid(cat("Invalid value for setting ", name.name(), ": ", value, ". Supported: ", rule.values[0],
                       rule.values[1].empty() ? "" : ", ", rule.values[1], "."));
  tx.put(key_of(tx.world(), name), AccountSettingRow{.value = value});
  return shown(tx.world(), name, value);
}

}  // namespace

Outcome<api::PutAccountSettingResponse> put_account_setting(Tx& tx, const api::PutAccountSettingRequest& request) {
  TRY_VOID(check_principal(tx.world(), request.principalArn));
  return api::PutAccountSettingResponse { .setting = TRY(put(tx, request.name, request.value)) };
}

Outcome<api::PutAccountSettingDefaultResponse> put_account_setting_default(
    Tx& tx, const api::PutAccountSettingDefaultRequest& request) {
  return api::PutAccountSettingDefaultResponse { .setting = TRY(put(tx, request.name, request.value)) };
}

Outcome<api::DeleteAccountSettingResponse> delete_account_setting(Tx& tx,
                                                                  const api::DeleteAccountSettingRequest& request) {
  TRY_VOID(check_principal(tx.world(), request.principalArn));
  tx.erase<AccountSettingRow>(key_of(tx.world(), request.name));
  return api::DeleteAccountSettingResponse{.setting =
                                               shown(tx.world(), request.name, str(rule_of(request.name).values[0]))};
}

Outcome<api::ListAccountSettingsResponse> list_account_settings(Tx& tx,
                                                                const api::ListAccountSettingsRequest& request) {
  TRY_VOID(check_principal(tx.world(), request.principalArn));
  if (request.value && !request.name) return invalid("value can only be specified together with name.");
  const i32 most = request.maxResults.value_or(10);
  if (most < 1 || most > 10) return invalid("maxResults must be between 1 and 10.");
  api::ListAccountSettingsResponse response{.settings = list<api::Setting>{}};
  for (const Rule& rule : rules) {
    if (request.name && !(*request.name == rule.setting)) continue;
    if (request.nextToken && rule.setting.name() < *request.nextToken) continue;
    const auto* row = tx.find<AccountSettingRow>(key_of(tx.world(), rule.setting));
    if (row == nullptr && !request.effectiveSettings.value_or(false)) continue;
    const str value = row != nullptr ? row->value : str(rule.values[0]);
    if (request.value && *request.value != value) continue;
    if (static_cast<i32>(response.settings->size()) == most) {
      response.nextToken = str(rule.setting.name());
      break;
    }
    response.settings->push_back(shown(tx.world(), rule.setting, value));
  }
  return response;
}

str default_log_driver_mode(const Tx& tx, const World& world) {
  constexpr api::SettingName name = "defaultLogDriverMode";
  const auto* row = tx.find<AccountSettingRow>(key_of(world, name));
  return row != nullptr ? row->value : str(rule_of(name).values[0]);
}

}  // namespace utakata::ecs
