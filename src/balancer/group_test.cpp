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
