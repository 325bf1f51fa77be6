#include "wire/sigv4.hpp"

// What a refused signature is called differs by protocol: AWS's common errors of each, as its clients know them.
namespace utakata::wire {
namespace {

struct Names {
  std::string_view query, json;
  int query_status, json_status;
};

Names names_of(AuthProblem problem) {
  switch (problem) {
    case AuthProblem::missing:
      return {"MissingAuthenticationToken", "MissingAuthenticationTokenException", 403, 400};
    case AuthProblem::unknown_key:
      return {"InvalidClientTokenId", "UnrecognizedClientException", 403, 400};
    case AuthProblem::expired:
      return {"ExpiredToken", "ExpiredTokenException", 403, 400};
    case AuthProblem::malformed:
      return {"IncompleteSignature", "IncompleteSignatureException", 400, 400};
    case AuthProblem::bad_signature:
    case AuthProblem::skewed:
    case AuthProblem::not_yet_valid:
      break;
  }
  return {"SignatureDoesNotMatch", "InvalidSignatureException", 403, 400};
}

Fault ec2_fault(const AuthRefusal& refusal) {
  switch (refusal.problem) {
    case AuthProblem::malformed:
      return {.code = "IncompleteSignature", .message = refusal.message, .status = 400};
    case AuthProblem::skewed:
    case AuthProblem::not_yet_valid:
    case AuthProblem::expired:
      return {.code = "RequestExpired", .message = refusal.message, .status = 400};
    case AuthProblem::missing:
    case AuthProblem::unknown_key:
    case AuthProblem::bad_signature:
      break;
  }
  return {
      .code = "AuthFailure", .message = "AWS was not able to validate the provided access credentials", .status = 401};
}

}  // namespace

Fault auth_fault(const AuthRefusal& refusal, Protocol protocol) {
  if (protocol == Protocol::ec2) return ec2_fault(refusal);
  const Names names = names_of(refusal.problem);
  const bool query = protocol == Protocol::query;
  return {.code = std::string(query ? names.query : names.json),
          .message = refusal.message,
          .status = query ? names.query_status : names.json_status};
}

}  // namespace utakata::wire
