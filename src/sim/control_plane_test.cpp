#include "sim/control_plane.hpp"

#include <doctest/doctest.h>

#include <array>

#include "sim/simulator.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::sim;  // NOLINT: a test

namespace {

// A service of one number: an operation adds to it, and a timer fires some seconds after each change.
struct Counter {
  static constexpr std::string_view table_name = "counter";
  i64 value = 0;
  i64 fired = 0;
  Instant due;
};
struct AddRequest {
  i64 amount = 0;
};
struct AddResponse {
  i64 value = 0;
};

Outcome<AddResponse> add(Tx& tx, const AddRequest& request) {
  if (request.amount < 0) return refuse("Negative", "amount is negative");
  const Counter* known = tx.find<Counter>("c");
  Counter counter = known == nullptr ? Counter{} : *known;
  if (request.amount > 0) {
    counter.value += request.amount;
    counter.due = tx.now() + seconds(5);
    tx.put("c", counter);
    tx.emit(StopTask{.task_arn = "x"});
    tx.wake("added");
  }
  return AddResponse{counter.value};
}
Outcome<AddResponse> await(Tx& tx, const AddRequest& request) {
  const Counter* known = tx.find<Counter>("c");
  const i64 value = known == nullptr ? 0 : known->value;
  if (value < request.amount && !tx.last_try()) tx.park("added", tx.now() + seconds(20));
  return AddResponse{value};
}

void declare_counter(Schema& schema) {
  schema.table<Counter>({.due = [](const Counter& c) { return c.due.set() ? c.due : Instant::never(); },
                         .on_due =
                             [](Tx& tx, const Key& key) {
                               tx.update<Counter>(key, [](Counter& c) {
                                 ++c.fired;
                                 c.due = {};
                               });
                             }});
}

constexpr std::array<void (*)(Schema&), 1> modules{declare_counter};
constexpr Operation add_operation = operation<add>("Add");
constexpr Operation await_operation = operation<await>("Await");

struct Bench {
  explicit Bench(Duration commit_takes = milliseconds(1)) : control(make(commit_takes)) { control.start(); }
  ControlPlane make(Duration commit_takes) {
    return {queue,
            {.modules = modules, .services = {}},
            7,
            {.commit_takes = commit_takes},
            {.perform = [this](const Effect&) { ++effects; }, .stepped = nullptr}};
  }
  void ask(const Operation& what, i64 amount) {
    auto input = what.new_input();
    static_cast<AddRequest*>(input.get())->amount = amount;
    control.call({"1", "r"}, what, std::move(input), [this](Outcome<Operation::Object> answer) {
      answers.push_back(answer ? cat(static_cast<AddResponse*>(answer->get())->value) : answer.error().code);
    });
  }
  i64 fired() {
    return control.machine().read(queue.now(), [](const Tx& tx) {
      const Counter* c = tx.find<Counter>("c");
      return c == nullptr ? -1 : c->fired;
    });
  }
  void run(Duration span) { queue.run_until(queue.now() + span); }

  EventQueue queue{Instant{1'000'000'000'000}};
  int effects = 0;
  std::vector<std::string> answers;
  ControlPlane control;
};

using Answers = std::vector<std::string>;

}  // namespace

TEST_CASE("sim control plane: answers and effects wait until their step is durable") {
  Bench bench;
  bench.ask(add_operation, 2);
  CHECK(bench.answers.empty());
  CHECK(bench.effects == 0);
  bench.run(milliseconds(1));
  CHECK(bench.answers == Answers{"2"});
  CHECK(bench.effects == 1);
}

TEST_CASE("sim control plane: a refusal is answered and changes nothing") {
  Bench bench;
  bench.ask(add_operation, -1);
  bench.ask(add_operation, 1);
  bench.run(milliseconds(5));
  CHECK(bench.answers == Answers{"Negative", "1"});
}

TEST_CASE("sim control plane: timers fire in virtual time") {
  Bench bench;
  bench.ask(add_operation, 1);
  bench.run(milliseconds(4900));
  CHECK(bench.fired() == 0);
  bench.run(seconds(1));
  CHECK(bench.fired() == 1);
}

TEST_CASE("sim control plane: a crash keeps what was acknowledged, loses what was not, and says so") {
  for (const bool survives : {false, true}) {
    Bench bench;
    bench.ask(add_operation, 1);
    bench.run(milliseconds(2));
    bench.ask(add_operation, 10);
    bench.control.crash(survives);
    CHECK(bench.answers == Answers{"1", "ConnectionClosed"});
    CHECK(bench.effects == 1);
    bench.ask(add_operation, 0);
    CHECK(bench.answers.back() == "ConnectionClosed");
    bench.control.start();
    bench.ask(add_operation, 0);
    bench.run(milliseconds(2));
    CHECK(bench.answers.back() == (survives ? "11" : "1"));
    bench.run(seconds(6));
    CHECK(bench.fired() == 1);
  }
}

TEST_CASE("sim control plane: a parked call is answered when it is woken, or at its last try") {
  Bench bench;
  bench.ask(await_operation, 2);
  bench.run(seconds(3));
  CHECK(bench.answers.empty());
  bench.ask(add_operation, 2);
  bench.run(milliseconds(2));
  CHECK(bench.answers == Answers{"2", "2"});
  bench.ask(await_operation, 9);
  bench.run(seconds(19));
  CHECK(bench.answers.size() == 2);
  bench.run(seconds(2));
  CHECK(bench.answers == Answers{"2", "2", "2"});
}

TEST_CASE("sim: the same seed and calls make the same history, through crashes") {
  const auto history = [](std::uint64_t seed) {
    Simulator sim({.modules = modules, .services = {}},
                  {.seed = seed, .faults = {.crash_at_step = {1, 5}, .down_most = seconds(3)}, .events = false});
    for (i64 i = 1; i < 50; ++i) {
      (void)sim.call<add, AddResponse>(AddRequest{i});
      sim.run_for(milliseconds(700));
    }
    CHECK(sim.crashes() > 0);
    return sim.control.history_hash();
  };
  CHECK(history(3) == history(3));
  CHECK(history(3) != history(4));
}
