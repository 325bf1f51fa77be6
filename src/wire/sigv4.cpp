#include "wire/sigv4.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "wire/canonical.hpp"
#include "wire/form.hpp"

namespace utakata::wire {
namespace {

using sigv4::Scope;

// A signature as it came, in the headers or in the query.
struct Claim {
  bool presigned = false;
  std::string algorithm, credential, signed_headers, signature, date, expires, token;
};

std::unexpected<AuthRefusal> refuse_auth(AuthProblem problem, std::string message) {
  return std::unexpected(AuthRefusal{.problem = problem, .message = std::move(message)});
}

Claim claim_of_header(const Request& request, std::string_view authorization) {
  Claim claim{.date = std::string(request.header("x-amz-date")),
              .token = std::string(request.header("x-amz-security-token"))};
  if (claim.date.empty()) claim.date = request.header("date");
  const std::size_t space = authorization.find(' ');
  claim.algorithm = authorization.substr(0, space);
  if (space == std::string_view::npos) return claim;
  for (const std::string_view part : split(authorization.substr(space + 1), ',')) {
    const std::string_view pair = trim(part);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = pair.substr(equals + 1);
    if (name == "Credential") claim.credential = value;
    if (name == "SignedHeaders") claim.signed_headers = value;
    if (name == "Signature") claim.signature = value;
  }
  return claim;
}

std::optional<Claim> claim_of_query(const Request& request) {
  if (request.query().find("X-Amz-Algorithm=") == std::string_view::npos) return {};
  const auto parameters = parse_form(request.query());
  if (!parameters) return {};
  const auto get = [&](std::string_view name) { return std::string(find_parameter(*parameters, name)); };
  return Claim{.presigned = true,
               .algorithm = get("X-Amz-Algorithm"),
               .credential = get("X-Amz-Credential"),
               .signed_headers = get("X-Amz-SignedHeaders"),
               .signature = get("X-Amz-Signature"),
               .date = get("X-Amz-Date"),
               .expires = get("X-Amz-Expires"),
               .token = get("X-Amz-Security-Token")};
}

std::optional<Claim> claim_of(const Request& request) {
  const std::string_view authorization = request.header("authorization");
  if (!authorization.empty()) return claim_of_header(request, authorization);
  return claim_of_query(request);
}

std::string missing_parts(const Claim& claim) {
  std::string out;
  if (claim.presigned) {
    if (claim.credential.empty() || claim.signature.empty() || claim.signed_headers.empty() || claim.date.empty())
      out =
          "AWS query-string parameters must include 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', "
          "'X-Amz-SignedHeaders' and 'X-Amz-Date'. Re-examine the query-string parameters.";
    return out;
  }
  if (claim.credential.empty()) out += "Authorization header requires 'Credential' parameter. ";
  if (claim.signature.empty()) out += "Authorization header requires 'Signature' parameter. ";
  if (claim.signed_headers.empty()) out += "Authorization header requires 'SignedHeaders' parameter. ";
  if (claim.date.empty())
    out += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

struct Parsed {
  std::string access_key;
  Scope scope;
  std::vector<std::string> signed_headers;
  Instant date;
};

std::expected<Parsed, AuthRefusal> parse_scope(const Claim& claim) {
  const auto parts = split(claim.credential, '/');
  if (parts.size() != 5 || parts[0].empty())
    return refuse_auth(
        AuthProblem::malformed,
        cat("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            "got '",
            claim.credential, "'"));
  return Parsed{
      .access_key = std::string(parts[0]),
      .scope = {.date = std::string(parts[1]), .region = std::string(parts[2]), .service = std::string(parts[3])},
      .signed_headers = {},
      .date = {}};
}

std::expected<Parsed, AuthRefusal> parse(const Claim& claim) {
  if (claim.algorithm != sigv4::algorithm)
    return refuse_auth(AuthProblem::malformed, cat("Unsupported AWS 'algorithm': '", claim.algorithm, "'."));
  if (std::string missing = missing_parts(claim); !missing.empty())
    return refuse_auth(AuthProblem::malformed, std::move(missing));
  Parsed parsed = TRY(parse_scope(claim));
  for (const std::string_view name : split(claim.signed_headers, ';')) parsed.signed_headers.push_back(to_lower(name));
  if (std::ranges::find(parsed.signed_headers, "host") == parsed.signed_headers.end())
    return refuse_auth(AuthProblem::malformed,
                       "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  const std::string_view terminator = std::string_view(claim.credential).substr(claim.credential.rfind('/') + 1);
  if (terminator != "aws4_request")
    return refuse_auth(
        AuthProblem::bad_signature,
        cat("Credential should be scoped with a valid terminator: 'aws4_request', not '", terminator, "'."));
  const auto date = parse_iso8601(claim.date);
  if (!date || claim.date != iso8601_basic(*date))
    return refuse_auth(AuthProblem::malformed, cat("Date must be in ISO-8601 'basic format'. Got '", claim.date,
                                                   "'. See http://en.wikipedia.org/wiki/ISO_8601"));
  parsed.date = *date;
  if (parsed.scope.date != claim.date.substr(0, 8))
    return refuse_auth(
        AuthProblem::bad_signature,
        cat("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '",
            parsed.scope.date, "' != '", claim.date.substr(0, 8), "', from '", claim.date, "'."));
  return parsed;
}

std::expected<void, AuthRefusal> check_time(const Claim& claim, Instant date, Duration tolerance, Instant now) {
  const std::string skew = cat(tolerance.ns / minutes(1).ns, " min.)");
  const auto expired = [&](Instant limit, std::string_view how) {
    return refuse_auth(AuthProblem::skewed, cat("Signature expired: ", claim.date, " is now earlier than ",
                                                iso8601_basic(limit), " (", iso8601_basic(now), " - ", how));
  };
  if (date > now + tolerance)
    return refuse_auth(AuthProblem::not_yet_valid,
                       cat("Signature not yet current: ", claim.date, " is still later than ",
                           iso8601_basic(now + tolerance), " (", iso8601_basic(now), " + ", skew));
  if (!claim.presigned || claim.expires.empty()) {
    if (date + tolerance < now) return expired(now - tolerance, skew);
    return {};
  }
  const auto lifetime = parse_integer(claim.expires);
  if (!lifetime || *lifetime < 1)
    return refuse_auth(AuthProblem::malformed, "X-Amz-Expires must be a whole number of seconds, 1 or more.");
  if (*lifetime > 604'800)
    return refuse_auth(AuthProblem::malformed, "X-Amz-Expires must be less than a week (in seconds) that is 604800");
  if (date + seconds(*lifetime) < now) return expired(now - seconds(*lifetime), cat(*lifetime, " sec.)"));
  return {};
}

std::expected<void, AuthRefusal> check_signature(const Request& request, const Claim& claim, const Parsed& parsed,
                                                 std::string_view secret) {
  const std::string canonical =
      sigv4::canonical_request(request, parsed.signed_headers, sigv4::sha256_hex(request.body));
  const std::string to_sign = sigv4::string_to_sign(claim.date, parsed.scope, canonical);
  if (sigv4::equal_in_constant_time(sigv4::signature(secret, parsed.scope, to_sign), claim.signature)) return {};
  return refuse_auth(
      AuthProblem::bad_signature,
      cat("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
          "Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this "
          "request should have been\n'",
          canonical, "'\n\nThe String-to-Sign should have been\n'", to_sign, "'\n"));
}

Caller unverified(const std::optional<Claim>& claim, const AuthPolicy& policy) {
  Caller caller{.world = {.account = policy.default_account, .region = policy.default_region}};
  if (!claim) return caller;
  const auto parts = split(claim->credential, '/');
  caller.access_key = parts[0];
  caller.world.account = account_of(caller.access_key, policy);
  if (parts.size() > 2 && !parts[2].empty()) caller.world.region = parts[2];
  if (parts.size() > 3) caller.service = parts[3];
  return caller;
}

// Regions become parts of keys and names, so only what can be a region's name is taken.
bool is_region(std::string_view region) {
  return !region.empty() && region.size() <= 64 && std::ranges::all_of(region, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

namespace {

std::optional<Credential> find_credential(std::string_view access_key, const AuthPolicy& policy) {
  const auto known = policy.credentials.find(access_key);
  if (known != policy.credentials.end()) return known->second;
  return policy.sessions ? policy.sessions(access_key) : std::nullopt;
}

}  // namespace

std::string account_of(std::string_view access_key, const AuthPolicy& policy) {
  const bool digits = access_key.find_first_not_of("0123456789") == std::string_view::npos;
  if (access_key.size() == 12 && digits) return std::string(access_key);
  const auto found = find_credential(access_key, policy);
  return found && !found->account.empty() ? found->account : policy.default_account;
}

std::string claimed_service(const Request& request) { return unverified(claim_of(request), {}).service; }

std::expected<Caller, AuthRefusal> authenticate(const Request& request, const AuthPolicy& policy, Instant now) {
  const std::optional<Claim> claim = claim_of(request);
  Caller caller = unverified(claim, policy);
  if (!is_region(caller.world.region))
    return refuse_auth(AuthProblem::bad_signature, cat("Credential should be scoped to a valid Region, not '",
                                                       std::string_view(caller.world.region).substr(0, 100), "'."));
  if (policy.credentials.empty()) return caller;
  if (!claim) return refuse_auth(AuthProblem::missing, "Request is missing Authentication Token");
  const Parsed parsed = TRY(parse(*claim));
  const std::optional<Credential> known = find_credential(parsed.access_key, policy);
  if (!known || (!known->token.empty() && !sigv4::equal_in_constant_time(known->token, claim->token)))
    return refuse_auth(AuthProblem::unknown_key, "The security token included in the request is invalid.");
  TRY_VOID(check_time(*claim, parsed.date, policy.tolerance, now));
  TRY_VOID(check_signature(request, *claim, parsed, known->secret));
  if (known->expires_at <= now)
    return refuse_auth(AuthProblem::expired, "The security token included in the request is expired");
  return caller;
}

}  // namespace utakata::wire
