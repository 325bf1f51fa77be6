#pragma once

#include "base/types.hpp"

namespace utakata::sts::api {

struct GetCallerIdentityRequest {};
struct GetCallerIdentityResponse {
  opt<str> UserId, Account, Arn;
};

}  // namespace utakata::sts::api
