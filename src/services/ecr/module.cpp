#include "services/ecr/module.hpp"

#include <algorithm>
#include <array>

#include "core/report.hpp"
#include "core/tx.hpp"
#include "services/ecr/api/authorization.hpp"

namespace utakata::ecr {
namespace {

constexpr Duration token_lasts = hours(12);  // AWS's
constexpr std::size_t registries_of_a_call = 10;
constexpr std::size_t account_digits = 12;

/// What stands in for Amazon ECR on this host; one row, kept by no journal's reader but this service.
struct RegistryRow {
  static constexpr std::string_view table_name = "ecr.registry";
  str address;
  bool insecure = false;
  str user_name, password;
};
constexpr std::string_view registry_key = "registry";

void take_registry(Tx& tx, const Report& report) {
  const auto& said = std::get<RegistryReport>(report);
  const auto* known = tx.find<RegistryRow>(registry_key);
  if (said.address.empty()) {
    if (known != nullptr) tx.erase<RegistryRow>(Key(registry_key));
    return;
  }
  tx.put(
      Key(registry_key),
      RegistryRow{
          .address = said.address, .insecure = said.insecure, .user_name = said.user_name, .password = said.password});
}

bool is_account(std::string_view id) {
  return id.size() == account_digits && std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; });
}

Outcome<> check(const api::GetAuthorizationTokenRequest& request) {
  if (!request.registryIds) return {};
  if (request.registryIds->empty() || request.registryIds->size() > registries_of_a_call)
    return refuse("InvalidParameterException", "Invalid parameter at 'registryIds': it must have 1 to 10 items");
  for (const str& id : *request.registryIds)
    if (!is_account(id))
      return refuse("InvalidParameterException",
                    cat("Invalid parameter at 'registryIds' failed to satisfy constraint: '", id,
                        "' must satisfy regular expression '[0-9]{12}'"));
  return {};
}

Outcome<api::GetAuthorizationTokenResponse> get_authorization_token(Tx& tx,
                                                                    const api::GetAuthorizationTokenRequest& request) {
  TRY_VOID(check(request));
  const auto* registry = tx.find<RegistryRow>(registry_key);
  if (registry == nullptr)
    return refuse("InvalidParameterException",
                  "No registry stands in for Amazon ECR here: start the platform with --ecr-registry HOST:PORT");
  const api::AuthorizationData data{
      .authorizationToken = base64_encode(cat(registry->user_name, ":", registry->password)),
      .expiresAt = tx.now() + token_lasts,
      .proxyEndpoint = cat(registry->insecure ? "http://" : "https://", registry->address)};
  const std::size_t count = request.registryIds ? request.registryIds->size() : 1;
  return api::GetAuthorizationTokenResponse{.authorizationData = list<api::AuthorizationData>(count, data)};
}

constexpr std::array protocols{wire::Protocol::json_1_1};
constexpr std::array operations{operation<get_authorization_token>("GetAuthorizationToken")};

}  // namespace

const wire::Service service{.name = "ecr",
                            .target_prefix = "AmazonEC2ContainerRegistry_V20150921",
                            .protocols = protocols,
                            .operations = operations};

void declare(Schema& schema) {
  schema.table<RegistryRow>();
  schema.report(report_kind<RegistryReport>, take_registry);
}

}  // namespace utakata::ecr
