#pragma once

#include <optional>

#include "core/tx.hpp"

// Temporary credentials, for whoever gives them out and whoever verifies signatures.
namespace utakata::sts {

struct Session {
  str access_key, secret, token;
  str account;
  str role_arn;
  str arn;      // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
  str user_id;  // AROA...:SESSION
  Instant expires_at;
};

struct SessionPlan {
  str account;
  str role_arn;      // or the role's bare name
  str session_name;  // the last part of the identity
  str owner;         // end_sessions(owner) ends them before their time; empty: nobody
  Duration life;
};

/// Faults: ServiceUnavailable where the input brings no secret (Origin); Throttling when an account has too many that
/// nobody owns.
Outcome<Session> begin_session(Tx&, const SessionPlan&);
/// The newest session of this owner that is still good at `until`.
std::optional<Session> session_of(const Tx&, const str& owner, Instant until);
void end_sessions(Tx&, const str& owner);

/// By its access key, also for a while after its end.
std::optional<Session> find_session(const Tx&, std::string_view access_key);

/// arn:aws:iam::ACCOUNT:role/NAME of a name; an ARN as it is.
str role_arn(const str& account, const str& name_or_arn);

}  // namespace utakata::sts
