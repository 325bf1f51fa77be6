#include "app/task_desk.hpp"

#include "base/reflect.hpp"
#include "reactor/random.hpp"
#include "services/ecs/inside_ops.hpp"

namespace utakata::app {
namespace {

constexpr std::size_t secret_size = 32;

}  // namespace

template <auto Handler, class Asked, class Answered>
void TaskDesk::call(const Asked& asked, Answer<Answered> answer) {
  loop_.post([this, asked, answer = std::move(answer)] {
    static constexpr Operation called = operation<Handler>("from inside a task");
    auto pending = std::make_unique<shell::PendingCall>();
    pending->world = ports::world_of_task(asked.task_arn);
    pending->origin.secret = reactor::random_bytes(secret_size);
    pending->operation = &called;
    pending->input = called.new_input();
    *static_cast<Asked*>(pending->input.get()) = asked;
    pending->done = [raw = pending.get(), answer](Outcome<> outcome) {
      if (outcome)
        answer(std::move(*static_cast<Answered*>(raw->output.get())));
      else
        answer(std::unexpected(std::move(outcome).error()));
    };
    engine_().call(std::move(pending));
  });
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

}  // namespace utakata::app
