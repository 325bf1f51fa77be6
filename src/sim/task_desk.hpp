#pragma once

#include "ports/task_desk.hpp"
#include "sim/control_plane.hpp"

namespace utakata::sim {

/// The desk's simulated twin: questions go to the simulated control plane, on the thread that asks.
class TaskDesk final : public ports::TaskDesk {
 public:
  TaskDesk(ControlPlane& control, Dice dice) : control_(control), dice_(dice) {}

  void ask(const inside::Question&, Answer<inside::Facts>) override;
  void ask(const inside::Question&, Answer<inside::Credentials>) override;
  void ask(const inside::ProtectionQuestion&, Answer<inside::Protection>) override;

 private:
  template <auto Handler, class Asked, class Answered>
  void call(const Asked&, Answer<Answered>);

  ControlPlane& control_;
  Dice dice_;
  std::uint64_t asked_ = 0;
};

}  // namespace utakata::sim
