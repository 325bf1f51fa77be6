#include "sim/task_desk.hpp"

#include "base/text.hpp"
#include "services/ecs/inside_ops.hpp"

namespace utakata::sim {

template <auto Handler, class Asked, class Answered>
void TaskDesk::call(const Asked& asked, Answer<Answered> answer) {
  static constexpr Operation called = operation<Handler>("from inside a task");
  auto input = called.new_input();
  *static_cast<Asked*>(input.get()) = asked;
  // What nobody can guess outside of a simulation is thrown like everything else in one.
  const Origin origin{.caller = {}, .endpoint = {}, .secret = cat(dice_.roll(asked.task_arn, "secret", ++asked_))};
  control_.call(
      ports::world_of_task(asked.task_arn), called, std::move(input),
      [answer = std::move(answer)](Outcome<Operation::Object> output) {
        if (output)
          answer(std::move(*static_cast<Answered*>(output->get())));
        else
          answer(std::unexpected(std::move(output).error()));
      },
      origin);
}

void TaskDesk::ask(const inside::Question& question, Answer<inside::Facts> answer) {
  call<ecs::task_facts>(question, std::move(answer));
}
void TaskDesk::ask(const inside::Question& question, Answer<inside::Credentials> answer) {
  call<ecs::task_credentials>(question, std::move(answer));
}
void TaskDesk::ask(const inside::ProtectionQuestion& question, Answer<inside::Protection> answer) {
  call<ecs::task_protection>(question, std::move(answer));
}

}  // namespace utakata::sim
