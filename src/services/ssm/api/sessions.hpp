#pragma once

#include "base/types.hpp"

// Sessions of Session Manager, as AWS spells them.
namespace utakata::ssm::api {

struct ResumeSessionRequest {
  str SessionId;
};
struct ResumeSessionResponse {
  opt<str> SessionId, TokenValue, StreamUrl;
};

}  // namespace utakata::ssm::api
