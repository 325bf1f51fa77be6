#pragma once

#include <functional>
#include <memory>

#include "core/task_spec.hpp"
#include "ports/task_desk.hpp"
#include "sandbox/task_picture.hpp"

namespace utakata::sandbox {

/// Where tasks find it, in every VPC.
inline constexpr std::string_view endpoint_address = "169.254.170.2";
inline constexpr int endpoint_port = 80;
inline constexpr int api_port = 4566;  // the platform's API as seen from a task

/// What tasks ask of their platform over HTTP: metadata, statistics, credentials of their role, protection; and the
/// way to the platform's API. Each task has listeners of its own, so nobody but it can ask in its name. Runs on a
/// thread of its own: no request makes another task's start or stop wait.
class Endpoint {
 public:
  /// Answers once, from any thread; nothing if the task is gone.
  using PictureOf = std::function<void(const str& task_arn, std::function<void(Outcome<TaskPicture>)>)>;
  struct Around {
    PictureOf picture;
    ports::TaskDesk* desk = nullptr;  // null: nobody answers for the platform
    str api;                          // ADDRESS:PORT on the host; empty: tasks have no way to it
  };
  /// Listening sockets that only the task reaches; the endpoint closes them.
  struct Doors {
    int endpoint = -1;
    int api = -1;  // -1: none
  };

  explicit Endpoint(Around);
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;
  ~Endpoint();

  /// From any thread, as close().
  void open(std::shared_ptr<const TaskSpec>, EndpointIds, Doors);
  void close(const str& task_arn);

 private:
  class Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace utakata::sandbox
