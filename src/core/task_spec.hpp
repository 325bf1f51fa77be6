#pragma once

#include "base/types.hpp"

// What a runtime must know to run one task: a task definition with its overrides applied and its network chosen.
namespace utakata {

struct ContainerDependencySpec {
  str container;
  OneOf<"START", "COMPLETE", "SUCCESS", "HEALTHY"> condition;
};

struct HealthCheckSpec {
  list<str> command;  // ["CMD", program...] or ["CMD-SHELL", text]
  i32 interval_seconds = 30;
  i32 timeout_seconds = 5;
  i32 retries = 3;
  i32 start_period_seconds = 0;
};

struct UlimitSpec {
  str name;
  i64 soft = 0;
  i64 hard = 0;
};

struct MountSpec {
  str volume;  // of the task, by its name
  str path;
  bool read_only = false;
};

struct TmpfsSpec {
  str path;
  i32 size_mib = 0;
  list<str> options;  // of mount: "noexec", "mode=1777", ...
};

struct RestartSpec {
  list<i32> ignored_exit_codes;
  i32 attempt_period_seconds = 300;  // it must have run as long before it is started again
};

/// An object of S3 with lines NAME=VALUE.
struct EnvironmentFileSpec {
  str bucket, key;
};

/// For the image's registry. Shown to nobody.
struct RegistryCredential {
  str user_name, password;
};

struct EfsSpec {
  str file_system_id, root_directory;
};

/// One volume of the task: storage of its own, empty at its start, unless it says where else it lies.
struct VolumeSpec {
  str name;
  str host_path;  // empty: none
  opt<EfsSpec> efs;
};

/// Where awslogs sends the container's output and how.
struct LogTarget {
  str group;
  str stream;
  str region;
  str id;  // of the stream in the log store; empty: its group went away before the task was started
  bool non_blocking = false;
  i64 buffer_bytes = 0;   // of a container that is not held back
  str multiline_pattern;  // Go's regular expression for the first line of an event; empty: each line is one
};

struct ContainerSpec {
  str name;
  str arn;
  str image;
  opt<list<str>> entry_point;  // absent: the image's
  opt<list<str>> command;
  dict<str> environment;
  list<EnvironmentFileSpec> environment_files;  // what `environment` names goes first, then the first file that does
  dict<str> secrets;                            // environment variables whose values are shown to nobody
  dict<str> labels;
  dict<str> system_controls;  // "net.core.somaxconn" -> value
  opt<RegistryCredential> registry_credential;
  opt<str> working_directory;
  opt<str> user;
  bool essential = true;
  bool read_only_root = false;
  bool init_process = false;
  bool interactive = false;                            // its standard input stays open
  list<str> added_capabilities, dropped_capabilities;  // "SYS_PTRACE", "ALL"
  opt<i32> shared_memory_mib;                          // /dev/shm; absent: 64
  list<TmpfsSpec> tmpfs;
  i32 cpu = 0;          // CPU units, 0 = what the task has left
  opt<i32> memory_mib;  // hard limit
  opt<i32> memory_reservation_mib;
  opt<i32> start_timeout_seconds;
  i32 stop_timeout_seconds = 30;
  list<ContainerDependencySpec> depends_on;
  opt<HealthCheckSpec> health_check;
  opt<RestartSpec> restart;
  list<UlimitSpec> ulimits;
  list<MountSpec> mounts;
  list<i32> container_ports;
  opt<LogTarget> log;
};

/// The task's own address in a subnet of its VPC.
struct InterfaceSpec {
  str vpc_id;
  str subnet_id;
  str subnet_cidr;
  str interface_id;  // eni-...
  str mac;
  str address;         // IPv4
  str host_name;       // ip-10-0-1-12.REGION.compute.internal
  str public_address;  // of this host's loopback, where the task's ports are reached from outside; empty: nowhere
};

struct TaskSpec {
  str arn;  // the key by which effects and reports name the task
  str id;   // 32 hex digits
  str account;
  str region;
  str availability_zone;
  str cluster;
  str service;   // empty: none
  str role_arn;  // of its containers' calls to AWS; empty: none
  str family;
  i32 revision = 0;
  i32 cpu = 0;  // CPU units
  i32 memory_mib = 0;
  InterfaceSpec network;
  list<VolumeSpec> volumes;
  opt<i32> storage_gib;           // a limit on what containers and volumes write; absent: the host's free space
  bool shared_processes = false;  // pidMode task: its containers see each other's processes
  str cannot_start;               // known before the host is asked, in AWS's words; empty: it can
  list<ContainerSpec> containers;
};

}  // namespace utakata
