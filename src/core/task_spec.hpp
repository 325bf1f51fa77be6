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
  str volume;  // of the task, empty at its start
  str path;
  bool read_only = false;
};

/// Where awslogs sends the container's output: an existing log group and a stream made of prefix, container and task.
struct LogTarget {
  str group;
  str stream;
  str region;
};

struct ContainerSpec {
  str name;
  str arn;
  str image;
  opt<list<str>> entry_point;  // absent: the image's
  opt<list<str>> command;
  dict<str> environment;
  opt<str> working_directory;
  opt<str> user;
  bool essential = true;
  bool read_only_root = false;
  bool init_process = false;
  i32 cpu = 0;          // CPU units, 0 = what the task has left
  opt<i32> memory_mib;  // hard limit
  opt<i32> memory_reservation_mib;
  opt<i32> start_timeout_seconds;
  i32 stop_timeout_seconds = 30;
  list<ContainerDependencySpec> depends_on;
  opt<HealthCheckSpec> health_check;
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
  str address;    // IPv4
  str host_name;  // ip-10-0-1-12.REGION.compute.internal
};

struct TaskSpec {
  str arn;  // the key by which effects and reports name the task
  str id;   // 32 hex digits
  str account;
  str region;
  str availability_zone;
  str cluster;
  str family;
  i32 revision = 0;
  i32 cpu = 0;  // CPU units
  i32 memory_mib = 0;
  InterfaceSpec network;
  list<ContainerSpec> containers;
};

}  // namespace utakata
