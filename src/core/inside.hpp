#pragma once

#include "base/types.hpp"

// What a task asks of the platform from its inside, and the answers. Who asks is known by where the question comes in.
namespace utakata::inside {

struct Question {
  str task_arn;
};

/// What only the platform knows of the task.
struct Facts {
  str desired_status;
  dict<str> tags;
};

/// Temporary credentials of the task's role.
struct Credentials {
  str role_arn, access_key, secret, token;
  Instant expires_at;
};

struct ProtectionQuestion {
  str task_arn;
  opt<bool> enable;  // absent: only asked for
  opt<i32> minutes;
};
struct Protection {
  bool enabled = false;
  Instant until;
  str failure, detail;  // why it has none to tell: "TASK_NOT_VALID", ...
};

}  // namespace utakata::inside
