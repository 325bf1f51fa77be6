#pragma once

#include <variant>

#include "core/balancer_config.hpp"
#include "core/task_spec.hpp"

// What the core asks of the outside. Effects leave after their transaction is durable; each is answered by reports
// (core/report.hpp), which may be late, repeated or lost. Every effect may be repeated without harm.
namespace utakata {

struct StartTask {
  TaskSpec spec;
};

/// Signal, wait for each container's stop timeout, kill: in the reverse order of depends_on.
struct StopTask {
  str task_arn;
};

/// The end of the two-minute warning: whatever still runs is killed now.
struct KillTask {
  str task_arn;
};

struct ConfigureBalancer {
  BalancerConfig config;
};

struct RemoveBalancer {
  str arn;
};

/// Output up to `offset` bytes of this container's log is durable in its log group and need not be reported again.
struct AcknowledgeLog {
  str task_arn;
  str container;
  i64 offset = 0;
};

/// A type of its own, so that a transaction can be named without every effect.
struct Effect : std::variant<StartTask, StopTask, KillTask, ConfigureBalancer, RemoveBalancer, AcknowledgeLog> {
  using variant::variant;
};

}  // namespace utakata
