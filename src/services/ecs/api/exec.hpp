#pragma once

#include "services/ecs/api/common.hpp"

namespace utakata::ecs::api {

struct Session {
  opt<str> sessionId, streamUrl, tokenValue;
};
struct ExecuteCommandRequest {
  opt<str> cluster, container;
  str command;
  bool interactive = false;
  str task;
};
struct ExecuteCommandResponse {
  opt<str> clusterArn, containerArn, containerName;
  opt<bool> interactive;
  opt<Session> session;
  opt<str> taskArn;
};

}  // namespace utakata::ecs::api
