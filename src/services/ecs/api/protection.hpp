#pragma once

#include "services/ecs/api/common.hpp"

namespace utakata::ecs::api {

struct ProtectedTask {
  opt<str> taskArn;
  opt<bool> protectionEnabled;
  opt<Instant> expirationDate;
};
struct UpdateTaskProtectionRequest {
  str cluster;
  list<str> tasks;
  bool protectionEnabled = false;
  opt<i32> expiresInMinutes;
};
struct UpdateTaskProtectionResponse {
  opt<list<ProtectedTask>> protectedTasks;
  opt<list<Failure>> failures;
};
struct GetTaskProtectionRequest {
  str cluster;
  opt<list<str>> tasks;
};
struct GetTaskProtectionResponse {
  opt<list<ProtectedTask>> protectedTasks;
  opt<list<Failure>> failures;
};

}  // namespace utakata::ecs::api
