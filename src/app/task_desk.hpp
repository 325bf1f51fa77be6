#pragma once

#include <functional>

#include "ports/task_desk.hpp"
#include "reactor/loop.hpp"
#include "shell/engine.hpp"

namespace utakata::app {

/// Takes tasks' questions to the core, as calls in the world of the task's ARN.
class TaskDesk final : public ports::TaskDesk {
 public:
  /// `engine` is asked for on the loop's thread only.
  TaskDesk(reactor::Loop& loop, std::function<shell::Engine&()> engine) : loop_(loop), engine_(std::move(engine)) {}

  void ask(const inside::Question&, Answer<inside::Facts>) override;
  void ask(const inside::Question&, Answer<inside::Credentials>) override;
  void ask(const inside::ProtectionQuestion&, Answer<inside::Protection>) override;

 private:
  template <auto Handler, class Asked, class Answered>
  void call(const Asked&, Answer<Answered>);

  reactor::Loop& loop_;
  std::function<shell::Engine&()> engine_;
};

}  // namespace utakata::app
