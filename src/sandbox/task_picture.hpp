#pragma once

#include <map>

#include "core/report.hpp"
#include "core/task_spec.hpp"

namespace utakata::sandbox {

/// How the paths of a task's endpoint name it and its containers. Kept in the task's folder, so that a restart of the
/// daemon changes none of them.
struct EndpointIds {
  str credentials;      // /v2/credentials/ID
  dict<str> container;  // name -> TASK-DIGITS, as Fargate's DockerId
};

/// One task as its host sees it now, for its metadata.
struct TaskPicture {
  TaskReport report;
  struct Container {
    Instant started_at;
    Instant health_since;
  };
  std::map<str, Container> containers;
  list<str> name_servers, search_domains;
  struct Storage {
    i64 used_mib = 0, size_mib = 0;
  };
  opt<Storage> storage;  // absent: it has no limit
};

}  // namespace utakata::sandbox
