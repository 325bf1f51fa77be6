#include "app/task_desk.hpp"

#include <doctest/doctest.h>

#include "app/modules.hpp"
#include "sim/inside_fixture_test.hpp"
#include "sim/memory_store.hpp"

using namespace utakata;  // NOLINT: a test

namespace {

constexpr Instant morning{1'778'068'800'000'000'000};
constexpr Duration round = milliseconds(1);

// The daemon's engine on a loop that is pumped by hand; its effects reach nobody.
class RealDesk final : public ports::test::DeskHost {
 public:
  RealDesk() {
    machine_.step(morning, Report(CapacityReport{.cpu_units = 65'536, .memory_mib = 65'536}));
    ports::test::make_tasks(*this, *this);
  }
  ports::TaskDesk& desk() override { return desk_; }
  void run() override { loop_.run_once(round); }
  void stop_task(const str& task_arn) override {
    engine_.report(TaskReport{.task_arn = task_arn, .status = "STOPPED"});
  }

  template <auto Handler, class Response, class Request>
  Outcome<Response> call(const Request& request) {
    static constexpr Operation made = operation<Handler>("Test");
    std::optional<Outcome<Response>> answer;
    auto pending = std::make_unique<shell::PendingCall>();
    pending->world = {.account = "111122223333", .region = "ap-northeast-1"};
    pending->operation = &made;
    pending->input = made.new_input();
    *static_cast<Request*>(pending->input.get()) = request;
    pending->done = [&answer, raw = pending.get()](Outcome<> outcome) {
      if (outcome)
        answer = std::move(*static_cast<Response*>(raw->output.get()));
      else
        answer = std::unexpected(std::move(outcome).error());
    };
    engine_.call(std::move(pending));
    while (!answer) run();
    return *std::move(answer);
  }

 private:
  reactor::Loop loop_;
  sim::MemoryStore store_{1};
  Machine machine_{1, app::modules()};
  shell::Engine engine_{machine_,
                        store_,
                        0,
                        {.clock = [] { return morning; },
                         .post = [this](std::function<void()> work) { loop_.post(std::move(work)); },
                         .wake_at = [](Instant) {},
                         .perform = [](const Effect&) {},
                         .journal_failed = [](const Fault&) {},
                         .ask = nullptr}};
  app::TaskDesk desk_{loop_, [this]() -> shell::Engine& { return engine_; }};
};

}  // namespace

TEST_CASE("app: the desk for tasks' questions keeps the contract of its port") {
  RealDesk host;
  ports::test::hold_to_contract(host);
}
