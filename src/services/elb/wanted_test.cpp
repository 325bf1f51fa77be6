#include <doctest/doctest.h>

#include <array>

#include "core/facts.hpp"
#include "services/ec2/module.hpp"
#include "services/elb/fixture_test.hpp"
#include "services/elb/public.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::elb;  // NOLINT: a test
using test::Bench;

namespace {

// What was published; a listener has no other place to keep it.
list<str>& heard() {
  static list<str> all;
  return all;
}
void hear_wanted(Tx&, const Fact& fact) { heard().push_back("wanted " + fact.body); }
void hear_event(Tx&, const Fact& fact) { heard().push_back(fact.body); }
void declare_listeners(Schema& schema) {
  schema.listen(target_group_wanted, hear_wanted);
  schema.listen(facts::event, hear_event);
}
constexpr std::array<void (*)(Schema&), 3> listening{ec2::declare, declare, declare_listeners};

struct Asked {
  str arn;
};
struct Held {
  i32 requests = 0;
};
Outcome<Held> held(Tx& tx, const Asked& asked) {
  return Held{target_group(tx, tx.world(), asked.arn).value_or(TargetGroupView{}).requests_held};
}

}  // namespace

TEST_CASE("elb: requests that are held for a group are told once when it begins, and when it is over") {
  heard().clear();
  Bench bench{.machine = {7, listening}};
  const str group = bench.group("blue");
  const auto report = [&](i32 count) {
    bench.machine.step(bench.now, Report{TargetGroupWantedReport{.target_group_arn = group, .held = count}});
    return bench.call<held, Held>(Asked{group})->requests;
  };
  CHECK(report(0) == 0);
  CHECK(heard().empty());
  CHECK(report(1) == 1);
  REQUIRE(heard().size() == 2);
  CHECK(heard()[0] == "wanted 1");
  CHECK(heard()[1] ==
        cat(R"({"source":"utakata.elasticloadbalancing","detail-type":"Target Group Wanted","resources":[")", group,
            R"("],"detail":{"targetGroupArn":")", group, R"("}})"));
  CHECK(report(5) == 5);
  CHECK(heard().size() == 2);
  CHECK(report(0) == 0);
  REQUIRE(heard().size() == 3);
  CHECK(heard()[2] == "wanted 0");
  CHECK(report(2) == 2);
  bench.machine.step(bench.now, Recovered{});  // whoever held them is gone
  CHECK(bench.call<held, Held>(Asked{group})->requests == 0);
  REQUIRE(heard().size() == 6);
  CHECK(heard()[5] == "wanted 0");
  bench.machine.step(bench.now, Report{TargetGroupWantedReport{.target_group_arn = "arn:unknown", .held = 1}});
  CHECK(heard().size() == 6);
}
