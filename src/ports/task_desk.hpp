#pragma once

#include <functional>

#include "base/outcome.hpp"
#include "core/inside.hpp"
#include "core/world.hpp"

namespace utakata::ports {

/// Where a host takes the questions that tasks ask from their inside. May be called from any thread; the answer comes
/// once, on any thread. Without an implementation every answer is a Fault.
class TaskDesk {
 public:
  template <class T>
  using Answer = std::function<void(Outcome<T>)>;

  TaskDesk() = default;
  TaskDesk(const TaskDesk&) = delete;
  TaskDesk& operator=(const TaskDesk&) = delete;
  virtual ~TaskDesk() = default;

  virtual void ask(const inside::Question&, Answer<inside::Facts>) = 0;
  virtual void ask(const inside::Question&, Answer<inside::Credentials>) = 0;
  virtual void ask(const inside::ProtectionQuestion&, Answer<inside::Protection>) = 0;
};

/// Of arn:aws:ecs:REGION:ACCOUNT:task/... ; of anything else the world of nobody.
inline World world_of_task(std::string_view arn) {
  const auto parts = split(arn, ':');
  if (parts.size() < 6) return {};
  return {.account = std::string(parts[4]), .region = std::string(parts[3])};
}

}  // namespace utakata::ports
