#include <doctest/doctest.h>

#include "balancer/state.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test

namespace {

void add(Group& group, const str& address) {
  auto target = std::make_shared<Target>();
  target->address = address;
  target->candidate.healthy = true;
  group.targets.push_back(std::move(target));
  group.targets_changed();
}

}  // namespace

TEST_CASE("group: chooses by its configuration, from the targets that it has now") {
  Group group;
  CHECK(group.choose({}) == nullptr);
  add(group, "a");
  add(group, "b");
  CHECK(group.choose({})->address == "a");
  CHECK(group.choose({})->address == "b");
  group.config.algorithm = "least_outstanding_requests";
  group.targets[0]->candidate.in_flight = 1;
  CHECK(group.choose({})->address == "b");
  CHECK(group.choose({})->address == "b");
  group.targets[1]->draining = true;
  group.targets_changed();
  CHECK(group.choose({})->address == "a");
  group.targets.erase(group.targets.begin());
  group.targets_changed();
  CHECK(group.choose({}) == nullptr);
}

TEST_CASE("group: by how requests end, a target that fails gets less, and its share back when it does no more") {
  Group group;
  group.config.algorithm = "weighted_random";
  group.config.anomaly_mitigation = true;
  for (const str address : {"a", "b", "c"}) add(group, address);
  // How many of a window's requests come to the last target, where each of them ends so.
  const auto window = [&](Cause cause) {
    int came = 0;
    for (int i = 0; i < 3 * 200; ++i) {
      const auto target = group.choose({});
      const bool last = target == group.targets.back();
      came += last ? 1 : 0;
      group.ended(*target, last ? cause : Cause::ok);
    }
    return came;
  };
  for (const Cause bad : {Cause::target_5xx, Cause::connect_refused_502, Cause::connect_timeout_504,
                          Cause::reset_in_flight_502, Cause::malformed_502, Cause::cut_off, Cause::timeout_504}) {
    CHECK(window(bad) > 150);
    for (int i = 0; i < 4; ++i) window(bad);
    const int few = window(bad);
    CHECK(few < 60);
    CHECK(few >= 10);
    for (int i = 0; i < 5; ++i) window(Cause::target_4xx);
  }
  for (const Cause of_others : {Cause::ok, Cause::target_4xx, Cause::upgraded}) {
    for (int i = 0; i < 4; ++i) window(of_others);
    CHECK(group.targets.back()->candidate.anomaly_share == full_share);
  }
  for (const Cause nobodys : {Cause::bad_request, Cause::client_closed_460, Cause::deregistered_502})
    group.ended(*group.targets.back(), nobodys);
  CHECK(group.targets.back()->candidate.requests == 0);
}

TEST_CASE("group: each zone's node takes its own targets in turn, whatever the others do") {
  Group group;
  group.config.cross_zone = false;
  for (const str address : {"a", "b", "c"}) add(group, address);
  group.targets[0]->zone = group.targets[1]->zone = "1a";
  group.targets[2]->zone = "1c";
  group.targets_changed();
  str order;
  for (int i = 0; i < 4; ++i) order += group.choose({.zone = "1a"})->address + group.choose({.zone = "1c"})->address;
  CHECK(order == "acbcacbc");
  CHECK(group.choose({.zone = "1d"}) == nullptr);
}

TEST_CASE("group: fails open where too few targets are healthy, in a zone of its own too") {
  Group group;
  for (const str address : {"a", "b", "c"}) add(group, address);
  group.targets[0]->zone = group.targets[1]->zone = "1a";
  group.targets[2]->zone = "1c";
  group.targets_changed();
  CHECK_FALSE(group.fails_open("1c"));
  group.targets[2]->candidate.healthy = false;
  CHECK_FALSE(group.fails_open("1c"));
  group.config.cross_zone = false;
  CHECK(group.fails_open("1c"));
  CHECK_FALSE(group.fails_open("1a"));
  group.config.healthy_count_min = 3;
  CHECK(group.fails_open("1a"));
}

TEST_CASE("running: a load balancer's own address tells the node, the shared one goes to those in DNS in turn") {
  Running running;
  BalancerConfig config{.addresses = {"10.0.0.1", "10.0.1.1", "10.0.2.1"}, .zones = {"1a", "1c", "1d"}};
  running.config = std::make_shared<const BalancerConfig>(config);
  CHECK(running.zone_of_node("10.0.1.1") == "1c");
  str order;
  for (int i = 0; i < 4; ++i) order += running.zone_of_node("127.0.0.1");
  CHECK(order == "1a1c1d1a");
  config.failed_zones = {"1c"};
  running.config = std::make_shared<const BalancerConfig>(config);
  order.clear();
  for (int i = 0; i < 4; ++i) order += running.zone_of_node("127.0.0.1");
  CHECK(order.find("1c") == str::npos);
  CHECK(running.zone_of_node("10.0.1.1") == "1c");  // who has its address still can
  running.config = std::make_shared<const BalancerConfig>();
  CHECK(running.zone_of_node("127.0.0.1").empty());
}
