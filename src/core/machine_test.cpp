#include "core/machine.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace utakata;  // NOLINT: a test

namespace {

struct Lamp {
  static constexpr std::string_view table_name = "test.lamps";
  str name;
  str room;
  bool lit = false;
  Instant off_at;
};

struct LightRequest {
  str name;
  opt<str> room;
};
struct LightResponse {
  str id;
  i32 lit = 0;
};

Outcome<LightResponse> light(Tx& tx, const LightRequest& request) {
  const Key key = tx.world().key("lamp/", request.name);
  tx.put(
      key,
      Lamp{.name = request.name, .room = request.room.value_or("hall"), .lit = true, .off_at = tx.now() + seconds(10)});
  if (request.name == "broken") return refuse("LampBroken", "the lamp is broken");
  if (request.name == "later" && !tx.last_try()) {
    tx.park("lamps", tx.now() + seconds(5));
    return LightResponse{};
  }
  tx.mark("count", key);
  tx.wake("lamps");
  return LightResponse{.id = tx.uuid(),
                       .lit = static_cast<i32>(tx.where<Lamp>(0, request.room.value_or("hall")).size())};
}

void put_out(Tx& tx, const Key& key) {
  tx.update<Lamp>(key, [](Lamp& lamp) {
    lamp.lit = false;
    lamp.off_at = {};
  });
}

void count(Tx& tx, const Key& key) { tx.emit(StopTask{.task_arn = key}); }

void declare(Schema& schema) {
  schema.table<Lamp>({.indexes = {[](const Lamp& lamp) { return lamp.room; }},
                      .due = [](const Lamp& lamp) { return lamp.off_at.set() ? lamp.off_at : Instant::never(); },
                      .on_due = put_out});
  schema.reconciler("count", count);
}

constexpr std::array<void (*)(Schema&), 1> modules{declare};
constexpr Operation light_operation = operation<light>("Light");
const World world{"000000000000", "ap-northeast-1"};

Step call(Machine& machine, Instant now, const LightRequest& request, LightResponse& response, bool last = false) {
  return machine.step(now, ApiCall{world, &light_operation, &request, &response, last});
}

}  // namespace

TEST_CASE("core: a call is one transaction whose changes, effects and answer leave together") {
  Machine machine(1, modules);
  LightResponse response;
  const Step step = call(machine, Instant{1}, {.name = "a"}, response);
  CHECK_FALSE(step.fault);
  REQUIRE(step.changes.size() == 1);
  CHECK(step.changes[0].key == "000000000000/ap-northeast-1/lamp/a");
  CHECK(step.effects.size() == 1);
  CHECK(step.woken == std::vector<std::string>{"lamps"});
  CHECK(response.lit == 1);
  CHECK(response.id.size() == 36);
}

TEST_CASE("core: a refusal changes nothing") {
  Machine machine(1, modules);
  LightResponse response;
  const std::uint64_t before = machine.history_hash();
  const Step step = call(machine, Instant{1}, {.name = "broken"}, response);
  REQUIRE(step.fault);
  CHECK(step.fault->code == "LampBroken");
  CHECK(step.changes.empty());
  CHECK(machine.history_hash() == before);
  CHECK(machine.read(Instant{1}, [](const Tx& tx) { return tx.where<Lamp>(0, "hall").empty(); }));
  CHECK(machine.next_due() == Instant::never());
}

TEST_CASE("core: timers follow their rows, also after a restart") {
  Machine machine(1, modules);
  LightResponse response;
  const Step step = call(machine, Instant{1}, {.name = "a"}, response);
  CHECK(machine.next_due() == Instant{1} + seconds(10));
  Machine again(1, modules);
  REQUIRE(again.load(step.changes[0].table, step.changes[0].key, *step.changes[0].row));
  CHECK(again.next_due() == Instant{1} + seconds(10));
  CHECK(again.fingerprint() == machine.fingerprint());
  CHECK(again.fingerprint() != Machine(1, modules).fingerprint());
  CHECK(again.step(Instant{2}, Tick{}).changes.empty());
  CHECK(again.step(Instant{1} + seconds(10), Tick{}).changes.size() == 1);
  CHECK(again.next_due() == Instant::never());
  CHECK(again.load("test.unknown", "k", "").error().message == "this version knows no table test.unknown");
  CHECK(again.load(step.changes[0].table, "k", "no row").error().message.starts_with("row k of the table "));
}

TEST_CASE("core: a parked call changes nothing until its last try") {
  Machine machine(1, modules);
  LightResponse response;
  const Step parked = call(machine, Instant{1}, {.name = "later"}, response);
  CHECK(parked.parked_on == "lamps");
  CHECK(parked.parked_until == Instant{1} + seconds(5));
  CHECK(parked.changes.empty());
  CHECK(call(machine, Instant{2}, {.name = "later"}, response, true).changes.size() == 1);
}

TEST_CASE("core: same seed and inputs, same history; another seed, another") {
  const auto run = [](std::uint64_t seed) {
    Machine machine(seed, modules);
    LightResponse response;
    call(machine, Instant{1}, {.name = "a"}, response);
    call(machine, Instant{2}, {.name = "b", .room = "attic"}, response);
    return std::pair(machine.history_hash(), response.id);
  };
  CHECK(run(7) == run(7));
  CHECK(run(7).second != run(8).second);
}
