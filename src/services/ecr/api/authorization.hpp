#pragma once

#include "base/types.hpp"

// Amazon ECR, as AWS spells it.
namespace utakata::ecr::api {

struct GetAuthorizationTokenRequest {
  opt<list<str>> registryIds;
};
struct AuthorizationData {
  opt<str> authorizationToken;
  opt<Instant> expiresAt;
  opt<str> proxyEndpoint;
};
struct GetAuthorizationTokenResponse {
  opt<list<AuthorizationData>> authorizationData;
};

}  // namespace utakata::ecr::api
