#include "market/market.hpp"

#include <doctest/doctest.h>

#include <array>

#include "core/machine.hpp"

using namespace utakata;  // NOLINT: a test
using market::Purchase;

namespace {

struct Request {
  i32 cpu = 0;
  bool spot = false;
  bool back = false;
  i32 total = 0;
  i32 refuseSeconds = 0;
};
struct Response {
  bool taken = false;
};

Outcome<Response> act(Tx& tx, const Request& request) {
  const Purchase purchase = request.spot ? Purchase::spot : Purchase::on_demand;
  if (request.total > 0) market::set_total(tx, {request.total, request.total});
  if (request.refuseSeconds > 0) market::refuse_spot_until(tx, tx.now() + seconds(request.refuseSeconds));
  if (request.back) market::give_back(tx, purchase, {request.cpu, request.cpu});
  return Response{!request.back && request.cpu > 0 && market::take(tx, purchase, {request.cpu, request.cpu})};
}

struct Squeeze {
  static constexpr std::string_view table_name = "test.squeeze";
  str asked;
};

constexpr Operation operation_act = operation<act>("Act");
constexpr std::array<void (*)(Schema&), 2> modules{
    market::declare, [](Schema& schema) {
      schema.table<Squeeze>();
      schema.listen(market::squeeze_fact, [](Tx& tx, const Fact& fact) { tx.put(Key("s"), Squeeze{fact.body}); });
    }};

struct Market {
  Machine machine{1, modules};
  Instant now{1};
  bool operator()(const Request& request) {
    Response response;
    machine.step(now, ApiCall{{"0", "r"}, &operation_act, &request, &response});
    return response.taken;
  }
  str squeezed() {
    return machine.read(
        now, [](const Tx& tx) { return tx.find<Squeeze>("s") != nullptr ? tx.find<Squeeze>("s")->asked : str(); });
  }
};

}  // namespace

TEST_CASE("market: Spot lives on what On-Demand leaves, and gives way to it") {
  Market act_on;
  act_on({.total = 1000});
  CHECK(act_on({.cpu = 600, .spot = true}));
  CHECK_FALSE(act_on({.cpu = 600, .spot = true}));
  CHECK(act_on({.cpu = 300}));
  CHECK(act_on.squeezed().empty());
  CHECK_FALSE(act_on({.cpu = 300}));
  CHECK(act_on.squeezed() == "200 200");
  act_on({.cpu = 600, .spot = true, .back = true});
  CHECK(act_on({.cpu = 300}));
  CHECK_FALSE(act_on({.cpu = 2000}));
  CHECK(act_on.machine.broken_invariants().empty());
}

TEST_CASE("market: the last refusal and the last squeeze are told") {
  Market act_on;
  const auto pool = [&] { return act_on.machine.read(act_on.now, [](const Tx& tx) { return market::pool(tx); }); };
  act_on({.total = 1000});
  CHECK(act_on({.cpu = 800}));
  CHECK_FALSE(pool().refused_at.set());
  CHECK_FALSE(act_on({.cpu = 300, .spot = true}));
  CHECK(pool().refused_spot);
  CHECK(pool().refused_cpu == 300);
  CHECK(pool().refused_room_cpu == 200);
  CHECK_FALSE(pool().squeezed_at.set());
  act_on.now = Instant{} + seconds(5);
  CHECK_FALSE(act_on({.cpu = 400}));  // no Spot task could give that
  CHECK(pool().refused_at == act_on.now);
  CHECK_FALSE(pool().refused_spot);
  CHECK_FALSE(pool().squeezed_at.set());
  CHECK(act_on({.cpu = 200, .spot = true}));
  CHECK_FALSE(act_on({.cpu = 150}));
  CHECK(pool().refused_room_cpu == 0);
  CHECK(pool().squeezed_at == act_on.now);
  CHECK(pool().squeezed_cpu == 150);
  act_on({.refuseSeconds = 60});
  CHECK_FALSE(act_on({.cpu = 1, .spot = true}));
  CHECK(pool().refused_spot);
  CHECK(pool().refused_room_cpu == 0);
}

TEST_CASE("market: a refusal of Spot ends by itself and leaves On-Demand alone") {
  Market act_on;
  act_on({.total = 1000, .refuseSeconds = 60});
  CHECK_FALSE(act_on({.cpu = 100, .spot = true}));
  CHECK(act_on({.cpu = 100}));
  CHECK(act_on.machine.next_due() == Instant{1} + seconds(60));
  act_on.now = Instant{1} + seconds(60);
  act_on.machine.step(act_on.now, Tick{});
  CHECK(act_on({.cpu = 100, .spot = true}));
}

TEST_CASE("market: Spot does not take back what it gave up for On-Demand, unless On-Demand does not come for it") {
  Market act_on;
  act_on({.total = 1000});
  CHECK(act_on({.cpu = 400, .spot = true}));
  CHECK(act_on({.cpu = 600, .spot = true}));
  CHECK_FALSE(act_on({.cpu = 400}));
  act_on({.cpu = 400, .spot = true, .back = true});
  CHECK_FALSE(act_on({.cpu = 400, .spot = true}));
  CHECK(act_on({.cpu = 400}));
  CHECK_FALSE(act_on({.cpu = 300}));
  act_on({.cpu = 600, .spot = true, .back = true});
  CHECK(act_on({.cpu = 300, .spot = true}));
  CHECK_FALSE(act_on({.cpu = 300, .spot = true}));
  act_on.now = act_on.machine.next_due();
  act_on.machine.step(act_on.now, Tick{});
  CHECK(act_on({.cpu = 300, .spot = true}));
  CHECK(act_on.machine.broken_invariants().empty());
}
