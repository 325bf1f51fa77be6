#pragma once

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/outcome.hpp"
#include "core/world.hpp"
#include "wire/message.hpp"
#include "wire/service.hpp"

// Signature Version 4: who signed a request, and signing our own.
namespace utakata::wire {

struct Credential {
  std::string secret;
  std::string account;     // empty: the default account
  std::string token = {};  // of temporary ones: must come with each request
  Instant expires_at = Instant::never();
};
/// Access key id -> what belongs to it. Empty: every signature is accepted, also none at all (design.md §3).
using Credentials = std::map<std::string, Credential, std::less<>>;

struct AuthPolicy {
  Credentials credentials = {};
  /// Temporary credentials by their access key, known or expired; empty: there are none.
  std::function<std::optional<Credential>(std::string_view access_key)> sessions = {};
  Duration tolerance = minutes(15);  // SDKs without clock correction must live with what the wall clock says
  std::string default_account = "000000000000";
  std::string default_region = "us-east-1";  // of requests without a signature
};

/// Who calls, and where.
struct Caller {
  World world;
  std::string access_key;  // empty: the request was not signed
  std::string service;     // as the signature's scope names it; empty: not signed
};

enum class AuthProblem : std::uint8_t {
  missing,        // not signed
  unknown_key,    // no such access key
  bad_signature,  // another secret, or something changed on the way
  malformed,      // the signature cannot be read
  skewed,         // signed at another time than now
  not_yet_valid,
  expired,  // temporary credentials whose time is over
};
struct AuthRefusal {
  AuthProblem problem;
  std::string message;
};

/// Verifies the headers or the presigned query of a request.
std::expected<Caller, AuthRefusal> authenticate(const Request&, const AuthPolicy&, Instant now);

/// The service that the request's signature names, verified or not; empty if there is none.
std::string claimed_service(const Request&);

/// The refusal as a protocol says it.
Fault auth_fault(const AuthRefusal&, Protocol);

/// The account of an access key: a 12-digit key is its own account.
std::string account_of(std::string_view access_key, const AuthPolicy&);

/// What a client signs with.
struct Signer {
  std::string access_key, secret, region, service;
  std::string session_token = {};
};
/// The headers to add to the request: X-Amz-Date, X-Amz-Security-Token if there is a token, and Authorization. The
/// request must already have its Host header.
std::vector<Header> sign(const Request&, const Signer&, Instant now);

/// The target with the signature in its query; good for `lifetime` (whole seconds, at most seven days).
std::string presign(const Request&, const Signer&, Instant now, Duration lifetime);

}  // namespace utakata::wire
