#include <algorithm>

#include "services/sts/ops.hpp"
#include "services/sts/public.hpp"

namespace utakata::sts {
namespace {

constexpr i32 shortest_seconds = 900;
constexpr i32 longest_seconds = 43'200;
constexpr i32 longest_chained_seconds = 3'600;

std::unexpected<Fault> constraint(std::string_view value, std::string_view member, std::string_view rule) {
  return refuse("ValidationError", cat("1 validation error detected: Value '", value, "' at '", member,
                                       "' failed to satisfy constraint: Member must ", rule));
}

Outcome<> check_name(const str& name) {
  if (name.size() < 2) return constraint(name, "roleSessionName", "have length greater than or equal to 2");
  if (name.size() > 64) return constraint(name, "roleSessionName", "have length less than or equal to 64");
  const bool fits = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_+=,.@-").contains(c);
  });
  if (!fits) return constraint(name, "roleSessionName", "satisfy regular expression pattern: [\\w+=,.@-]*");
  return {};
}

Outcome<i32> duration_of(const opt<i32>& wanted, bool chained) {
  const i32 seconds = wanted.value_or(longest_chained_seconds);
  if (seconds < shortest_seconds)
    return constraint(cat(seconds), "durationSeconds", cat("have value greater than or equal to ", shortest_seconds));
  if (seconds > longest_seconds)
    return constraint(cat(seconds), "durationSeconds", cat("have value less than or equal to ", longest_seconds));
  if (chained && seconds > longest_chained_seconds)
    return refuse("ValidationError",
                  "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining");
  return seconds;
}

// The account in arn:aws:iam::ACCOUNT:role/NAME.
Outcome<str> account_of_role(const str& arn) {
  const auto parts = split(arn, ':');
  if (parts.size() == 6 && parts[0] == "arn" && parts[2] == "iam" && parts[5].starts_with("role/") &&
      parts[5].size() > 5 && !parts[5].ends_with('/'))
    return str(parts[4]);
  return refuse("ValidationError", cat(arn, " is invalid"));
}

}  // namespace

Outcome<api::AssumeRoleResponse> assume_role(Tx& tx, const api::AssumeRoleRequest& request) {
  TRY_VOID(check_name(request.RoleSessionName));
  const str account = TRY(account_of_role(request.RoleArn));
  const std::optional<Session> caller = find_session(tx, tx.origin().caller);
  const i32 life = TRY(duration_of(request.DurationSeconds, caller.has_value()));
  // Accounts are worlds apart: no role, existing or not, leads from one into another.
  if (account != tx.world().account)
    return refuse("AccessDenied",
                  cat("User: ", caller ? caller->arn : cat("arn:aws:iam::", tx.world().account, ":root"),
                      " is not authorized to perform: sts:AssumeRole on resource: ", request.RoleArn),
                  403);
  const Session session = TRY(begin_session(tx, {.account = account,
                                                 .role_arn = request.RoleArn,
                                                 .session_name = request.RoleSessionName,
                                                 .owner = {},
                                                 .life = seconds(life)}));
  return api::AssumeRoleResponse{.Credentials = api::Credentials{.AccessKeyId = session.access_key,
                                                                 .SecretAccessKey = session.secret,
                                                                 .SessionToken = session.token,
                                                                 .Expiration = session.expires_at},
                                 .AssumedRoleUser = api::AssumedRoleUser{session.user_id, session.arn},
                                 .PackedPolicySize = {},
                                 .SourceIdentity = request.SourceIdentity};
}

Outcome<api::GetCallerIdentityResponse> get_caller_identity(Tx& tx, const api::GetCallerIdentityRequest&) {
  if (const std::optional<Session> session = find_session(tx, tx.origin().caller))
    return api::GetCallerIdentityResponse{.UserId = session->user_id, .Account = session->account, .Arn = session->arn};
  const str& account = tx.world().account;
  return api::GetCallerIdentityResponse{
      .UserId = account, .Account = account, .Arn = cat("arn:aws:iam::", account, ":root")};
}

}  // namespace utakata::sts
