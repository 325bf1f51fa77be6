#pragma once

#include <variant>

#include "base/types.hpp"

// What the outside tells the core. Reports repeat, may be late or lost, and describe what is, not what changed.
namespace utakata {

struct ContainerState {
  str name;
  OneOf<"PENDING", "RUNNING", "STOPPED"> status;
  opt<i32> exit_code;  // 128 + signal when a signal ended it; absent: never ran or unknown
  str reason;          // "OutOfMemoryError: Container killed due to memory usage", ...
  OneOf<"UNKNOWN", "HEALTHY", "UNHEALTHY"> health;
  str runtime_id;
  str image_digest;
  i64 pid = 0;                                 // on the host, 0 = none
  i32 restarts = 0;                            // by its restart policy
  Instant signalled_at, killed_at, exited_at;  // of its stop, when they happened
};

/// The whole state of one task as its runtime sees it.
struct TaskReport {
  str task_arn;
  OneOf<"PENDING", "RUNNING", "STOPPING", "STOPPED"> status;
  list<ContainerState> containers;
  Instant pull_started_at, pull_stopped_at, started_at, stopped_at;
  str reason;  // why it could not start, in AWS's words
  OneOf<"", "TaskFailedToStart", "EssentialContainerExited"> stop_code;
  list<str> warnings;  // what this host could not give it as asked, for people
};

struct TargetHealthReport {
  str target_group_arn;
  str address;
  i32 port = 0;
  OneOf<"initial", "healthy", "unhealthy", "unhealthy.draining"> state;
  str reason;  // Target.FailedHealthChecks, Target.Timeout, Target.ResponseCodeMismatch, ...
  str description;
};

/// A draining target has no request in flight any more.
struct TargetIdleReport {
  str target_group_arn;
  str address;
  i32 port = 0;
};

/// Whether a target stands out among its group's by how often it fails, and gets a smaller share for it.
struct TargetAnomalyReport {
  str target_group_arn;
  str address;
  i32 port = 0;
  bool anomalous = false, mitigated = false;
};

/// Requests are held for this group, which has no healthy target. Repeated while it is so; none: it is over.
struct TargetGroupWantedReport {
  str target_group_arn;
  i32 held = 0;
};

struct BalancerReport {
  str arn;
  OneOf<"active", "active_impaired", "failed"> state;  // impaired: some of its listeners listen, some do not
  str reason;
};

/// What a log stream holds now.
struct LogReport {
  str stream;                                   // its id
  i64 first = 0, last = 0, last_ingestion = 0;  // milliseconds since 1970; 0: it is empty
  i64 bytes = 0;
};
/// What StoreLog asked for is durable.
struct LogStored {
  str id;
};

/// After a start of the control plane: every task that the runtime knows. What is missing here runs no more.
struct InventoryReport {
  list<TaskReport> tasks;
  bool stopped_by_platform = false;  // the former control plane ended every task as it ended itself
};

/// Where public addresses of tasks come from: a block of this host's loopback addresses. Said at each start.
struct PublicBlockReport {
  str cidr;
};

/// What this host offers to tasks, said at each start of the control plane.
struct CapacityReport {
  i32 cpu_units = 0;  // 1024 a vCPU
  i32 memory_mib = 0;
  bool host_paths = false;  // volumes of the host may be mounted
  bool efs = false;         // a directory stands in for EFS
  bool s3 = false;          // a directory stands in for S3
};

/// The registry that stands in for Amazon ECR, said at each start of the control plane.
struct RegistryReport {
  str address;  // HOST:PORT; empty: none does
  bool insecure = false;
  str user_name, password;
};

/// What IssueCertificate asked for, or why there is none.
struct CertificateReport {
  str arn;
  str certificate, chain, private_key;  // PEM
  str reason;                           // empty: it is there
};

/// A type of its own, so that handlers can be declared without every report.
struct Report : std::variant<TaskReport, TargetHealthReport, TargetIdleReport, BalancerReport, LogReport, LogStored,
                             InventoryReport, CapacityReport, RegistryReport, PublicBlockReport, TargetAnomalyReport,
                             TargetGroupWantedReport, CertificateReport> {
  using variant::variant;
};

/// The position of a kind of report, for Schema::report: report_kind<TaskReport>.
template <class T, class... Kinds>
constexpr std::size_t position_in(const std::variant<Kinds...>*) {
  std::size_t at = 0;
  const auto found = [&at](bool same) {
    at += same ? 0 : 1;
    return same;
  };
  (void)(found(std::is_same_v<T, Kinds>) || ...);
  return at;
}
template <class T>
inline constexpr std::size_t report_kind = position_in<T>(static_cast<const Report*>(nullptr));

}  // namespace utakata
