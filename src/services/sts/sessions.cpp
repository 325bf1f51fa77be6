#include <algorithm>

#include "base/sha256.hpp"
#include "services/sts/public.hpp"
#include "services/sts/state.hpp"
#include "wire/canonical.hpp"

namespace utakata::sts {
namespace {

// Of those that AssumeRole gives out. AWS has no such bounds, a platform's memory has; tasks' own sessions are bounded
// by the number of tasks, so that no flood of calls takes a running task's credentials away or keeps a new one from
// them.
constexpr std::size_t sessions_per_account_max = 10'000;
constexpr std::size_t sessions_per_role_max = 2'000;
constexpr Duration told_as_expired = hours(1);  // instead of as unknown
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

Key session_key(std::string_view access_key) { return cat("session/", access_key); }

str random_access_key(Tx& tx) {
  str key = "ASIA";
  while (key.size() < 20) key += alphabet[tx.random("access key") % alphabet.size()];
  return key;
}

// What is over is only kept to be told as such: it goes first.
void forget_expired(Tx& tx, const std::vector<Key>& keys) {
  for (const Key& key : keys)
    if (tx.find<SessionRow>(key)->expires_at <= tx.now()) tx.erase<SessionRow>(key);
}

void forget_oldest(Tx& tx, const std::vector<Key>& keys) {
  const auto oldest =
      std::ranges::min_element(keys, {}, [&](const Key& key) { return tx.find<SessionRow>(key)->began_at; });
  tx.erase<SessionRow>(*oldest);
}

// A role that is assumed without end takes the room of its own older sessions, not that of other roles.
Outcome<> make_room(Tx& tx, const str& account, const str& role) {
  const auto of_role = [&] { return tx.where<SessionRow>(SessionRow::by_role, role); };
  const auto of_account = [&] { return tx.where<SessionRow>(SessionRow::by_account, account); };
  if (const auto keys = of_role(); keys.size() >= sessions_per_role_max) forget_expired(tx, keys);
  if (const auto keys = of_role(); keys.size() >= sessions_per_role_max) forget_oldest(tx, keys);
  if (const auto keys = of_account(); keys.size() >= sessions_per_account_max) forget_expired(tx, keys);
  if (of_account().size() >= sessions_per_account_max) return refuse("Throttling", "Rate exceeded", 400);
  return {};
}

// The same for one role always.
str role_id(const str& role_arn) {
  str id = "AROA";
  const str digest = sha256(role_arn);
  for (const char byte : digest.substr(0, 17)) id += alphabet[static_cast<unsigned char>(byte) % alphabet.size()];
  return id;
}

// An ARN may have a path: role/PATH/NAME.
str role_name(const str& role_arn) { return role_arn.substr(role_arn.rfind('/') + 1); }

Session session_of(const SessionRow& row) {
  return {.access_key = row.access_key,
          .secret = row.secret,
          .token = row.token,
          .account = row.account,
          .role_arn = row.role_arn,
          .arn = cat("arn:aws:sts::", row.account, ":assumed-role/", role_name(row.role_arn), "/", row.session_name),
          .user_id = cat(role_id(row.role_arn), ":", row.session_name),
          .expires_at = row.expires_at};
}

}  // namespace

str role_arn(const str& account, const str& name_or_arn) {
  return name_or_arn.starts_with("arn:") ? name_or_arn : cat("arn:aws:iam::", account, ":role/", name_or_arn);
}

Outcome<Session> begin_session(Tx& tx, const SessionPlan& plan) {
  const str& secret = tx.origin().secret;
  if (secret.empty())
    return refuse("ServiceUnavailable", "Credentials cannot be made here: there is nothing that cannot be guessed.",
                  503);
  const str role = role_arn(plan.account, plan.role_arn);
  if (plan.owner.empty()) TRY_VOID(make_room(tx, plan.account, role));
  SessionRow row{.access_key = random_access_key(tx),
                 .secret = {},
                 .token = {},
                 .account = plan.account,
                 .role_arn = role,
                 .session_name = plan.session_name,
                 .owner = plan.owner,
                 .began_at = tx.now(),
                 .expires_at = tx.now() + plan.life};
  const auto derived = [&](std::string_view purpose) { return wire::sigv4::hmac(secret, purpose); };
  row.secret = base64_encode(derived("secret")).substr(0, 40);
  row.token = cat("IQoJb3JpZ2lu", base64_encode(cat(derived("token"), derived("more of the token"))));
  Session session = session_of(row);
  tx.put(session_key(session.access_key), std::move(row));
  return session;
}

std::optional<Session> session_of(const Tx& tx, const str& owner, Instant until) {
  const SessionRow* newest = nullptr;
  for (const Key& key : tx.where<SessionRow>(SessionRow::by_owner, owner)) {
    const SessionRow* row = tx.find<SessionRow>(key);
    if (newest == nullptr || row->expires_at > newest->expires_at) newest = row;
  }
  if (newest == nullptr || newest->expires_at < until) return {};
  return session_of(*newest);
}

void end_sessions(Tx& tx, const str& owner) {
  for (const Key& key : tx.where<SessionRow>(SessionRow::by_owner, owner))
    tx.update<SessionRow>(key, [&](SessionRow& row) { row.expires_at = std::min(row.expires_at, tx.now()); });
}

std::optional<Session> find_session(const Tx& tx, std::string_view access_key) {
  const SessionRow* row = tx.find<SessionRow>(session_key(access_key));
  return row != nullptr ? std::optional(session_of(*row)) : std::nullopt;
}

void declare_tables(Schema& schema) {
  schema.table<SessionRow>({.indexes = {[](const SessionRow& row) { return row.owner; },
                                        [](const SessionRow& row) { return row.owner.empty() ? row.account : str(); },
                                        [](const SessionRow& row) { return row.owner.empty() ? row.role_arn : str(); }},
                            .due = [](const SessionRow& row) { return row.expires_at + told_as_expired; },
                            .on_due = [](Tx& tx, const Key& key) { tx.erase<SessionRow>(key); }});
}

}  // namespace utakata::sts
