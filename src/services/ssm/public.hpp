#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"

// What other services may ask of Parameter Store and of Session Manager.
namespace utakata::ssm {

/// The decrypted value of "name", "name:version", "name:label" or an ARN (which may be of another region). Faults
/// ParameterNotFound, ParameterVersionNotFound.
Outcome<str> value_of(const Tx&, const World&, std::string_view name);

/// What opens the data channel of a session, once, and where that is.
str new_session_token(Tx&, std::string_view id);
str data_channel_url(const Tx&, std::string_view id);
/// From when its channel is open until end_session(), ResumeSession gives out tokens for the session.
void let_resume(Tx&, const World&, const str& id);
/// True if this is such a token, the last and unused; now it is used.
bool resumes(Tx&, const World&, const str& id, const str& token);
void end_session(Tx&, const World&, const str& id);

}  // namespace utakata::ssm
