#include "base/sha256.hpp"
#include "base/text.hpp"
#include "services/ssm/ops.hpp"
#include "services/ssm/public.hpp"

namespace utakata::ssm {
namespace {

constexpr std::size_t session_id_characters = 96;
constexpr Duration resume_token_life = minutes(1);  // from ResumeSession to the opening of the channel

Key session_key(const World& world, std::string_view id) { return world.key(cat("session:", id)); }

}  // namespace

str new_session_token(Tx& tx, std::string_view id) {
  return sha256_hex(cat(tx.origin().secret, id, tx.random_hex(32)));
}

str data_channel_url(const Tx& tx, std::string_view id) {
  return cat("ws://", tx.origin().endpoint, "/v1/data-channel/", id, "?role=publish_subscribe");
}

void let_resume(Tx& tx, const World& world, const str& id) { tx.put(session_key(world, id), SessionRow{.id = id}); }

bool resumes(Tx& tx, const World& world, const str& id, const str& token) {
  const Key key = session_key(world, id);
  const SessionRow* row = tx.find<SessionRow>(key);
  if (row == nullptr || row->token_digest.empty() || row->token_until <= tx.now() ||
      row->token_digest != sha256_hex(token))
    return false;
  let_resume(tx, world, id);  // the token is used
  return true;
}

void end_session(Tx& tx, const World& world, const str& id) { tx.erase<SessionRow>(session_key(world, id)); }

Outcome<api::ResumeSessionResponse> resume_session(Tx& tx, const api::ResumeSessionRequest& request) {
  const str& id = request.SessionId;
  if (id.empty() || id.size() > session_id_characters)
    return invalid(
        cat("1 validation error detected: Value at 'sessionId' failed to satisfy constraint: Member must "
            "have length between 1 and ",
            session_id_characters));
  const Key key = session_key(tx.world(), id);
  if (tx.find<SessionRow>(key) == nullptr)
    return refuse("DoesNotExistException", cat("Session: ", id, " does not exist or has ended"));
  const str token = new_session_token(tx, id);
  tx.update<SessionRow>(key, [&](SessionRow& row) {
    row.token_digest = sha256_hex(token);
    row.token_until = tx.now() + resume_token_life;
  });
  return api::ResumeSessionResponse{.SessionId = id, .TokenValue = token, .StreamUrl = data_channel_url(tx, id)};
}

}  // namespace utakata::ssm
