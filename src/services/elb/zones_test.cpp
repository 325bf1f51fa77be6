#include <doctest/doctest.h>

#include "services/ec2/ops.hpp"
#include "services/elb/fixture_test.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::elb;  // NOLINT: a test
using test::Bench;

namespace {

// A load balancer with nodes in the first two of the VPC's three zones, and addresses of targets in each.
struct Zones : Bench {
  list<str> subnets, names, addresses;
  str group_arn, balancer_arn;

  Zones() {
    group_arn = group("blue");
    const auto known = call<ec2::describe_subnets, ec2::api::DescribeSubnetsResult>(ec2::api::DescribeSubnetsRequest{});
    for (const auto& subnet : *known->Subnets) {
      subnets.push_back(*subnet.SubnetId);
      names.push_back(*subnet.AvailabilityZone);
      const str cidr = *subnet.CidrBlock;
      addresses.push_back(cidr.substr(0, cidr.rfind('.')) + ".200");
    }
    const auto made = call<create_load_balancer, api::CreateLoadBalancerOutput>(
        api::CreateLoadBalancerInput{.Name = "web", .Subnets = list<str>{subnets[0], subnets[1]}});
    balancer_arn = *made->LoadBalancers->front().LoadBalancerArn;
    listener(balancer_arn, 80, group_arn);
  }
  str put(const str& address, opt<str> zone = {}) {
    const auto done = call<register_targets, api::RegisterTargetsOutput>(api::RegisterTargetsInput{
        .TargetGroupArn = group_arn, .Targets = {{.Id = address, .AvailabilityZone = std::move(zone)}}});
    return done ? str("done") : cat(done.error().code, ": ", done.error().message);
  }
  void set(const str& key, const str& value) {
    const auto done = call<modify_target_group_attributes, api::ModifyTargetGroupAttributesOutput>(
        api::ModifyTargetGroupAttributesInput{.TargetGroupArn = group_arn,
                                              .Attributes = {{.Key = key, .Value = value}}});
    REQUIRE_MESSAGE(done, done.error().message);
  }
  api::TargetHealthDescription health(const str& address) {
    return call<describe_target_health, api::DescribeTargetHealthOutput>(
               api::DescribeTargetHealthInput{.TargetGroupArn = group_arn,
                                              .Targets = list<api::TargetDescription>{{.Id = address}}})
        ->TargetHealthDescriptions->front();
  }
  void report(const str& address, const char* state) {
    TargetHealthReport said{.target_group_arn = group_arn, .address = address, .port = 80};
    for (std::uint8_t i = 0; i < std::size(decltype(said.state)::names); ++i)
      if (decltype(said.state)::names[i] == std::string_view(state)) said.state.index = i;
    step = machine.step(now, Report{said});
  }
  /// How many addresses the load balancer's name was given in the last step; nothing: it was not touched.
  std::optional<std::size_t> announced() const {
    std::optional<std::size_t> last;
    for (const Effect& effect : step.effects)
      if (const auto* change = std::get_if<ChangeVpc>(&effect); change != nullptr && !change->names.empty())
        last = change->names.front().addresses.size();
    return last;
  }
};

}  // namespace

TEST_CASE("elb zones: a target stands in its subnet's zone, one from elsewhere in all") {
  Zones zones;
  CHECK(zones.put(zones.addresses[0]) == "done");
  CHECK(zones.put(zones.addresses[1], zones.names[1]) == "done");
  CHECK(zones.put("10.9.8.7", str("all")) == "done");
  CHECK(zones.put(zones.addresses[0], str("all")) ==
        cat("ValidationError: The IP address '", zones.addresses[0],
            "' is within the VPC, and cannot have its Availability Zone overridden to 'all' from '", zones.names[0],
            "'"));
  CHECK(zones.put("10.9.8.6") ==
        "ValidationError: The Availability Zone is required for IP address '10.9.8.6' because it is not in the VPC");
  CHECK(zones.put("10.9.8.6", zones.names[0]).find("must be 'all'") != str::npos);
  CHECK(zones.put("203.0.113.9", str("all")).starts_with("ValidationError: The IP address '203.0.113.9'"));
  const BalancerConfig config = [&] {
    zones.set("deregistration_delay.timeout_seconds", "10");
    return zones.configured();
  }();
  CHECK(config.zones == list<str>{zones.names[0], zones.names[1]});
  CHECK(config.zones.size() == config.addresses.size());
  list<str> stand;
  for (const BalancerTarget& target : config.target_groups.at(0).targets) stand.push_back(target.zone);
  std::ranges::sort(stand);
  CHECK(stand == list<str>{"", zones.names[0], zones.names[1]});
  CHECK(*zones.health("10.9.8.7").Target->AvailabilityZone == "all");
  CHECK(*zones.health(zones.addresses[1]).Target->AvailabilityZone == zones.names[1]);
}

TEST_CASE("elb zones: a target in a zone without a node of the load balancer is unused") {
  Zones zones;
  CHECK(zones.put(zones.addresses[2]) == "done");
  CHECK(zones.configured().target_groups.at(0).targets.empty());
  const api::TargetHealth is = *zones.health(zones.addresses[2]).TargetHealth_;
  CHECK(is.State->name() == "unused");
  CHECK(*is.Reason == "Target.NotInUse");
  CHECK(*is.Description == "Target is in an Availability Zone that is not enabled for the load balancer");
}

TEST_CASE("elb zones: a group keeps to its zones when it is told so, else as the load balancer does") {
  Zones zones;
  zones.set("load_balancing.cross_zone.enabled", "false");
  CHECK_FALSE(zones.configured().target_groups.at(0).cross_zone);
  zones.set("load_balancing.cross_zone.enabled", "use_load_balancer_configuration");
  CHECK(zones.configured().target_groups.at(0).cross_zone);
}

TEST_CASE("elb zones: DNS leaves out a zone with too few healthy targets, but never all") {
  Zones zones;
  zones.set("load_balancing.cross_zone.enabled", "false");
  CHECK(zones.put(zones.addresses[0]) == "done");
  CHECK(zones.put(zones.addresses[1]) == "done");
  CHECK_FALSE(zones.announced());  // none is healthy: all would be left out
  zones.report(zones.addresses[0], "healthy");
  CHECK(zones.announced() == 1);
  CHECK(zones.configured().failed_zones == list<str>{zones.names[1]});
  zones.report(zones.addresses[1], "healthy");
  CHECK(zones.announced() == 2);
  CHECK(zones.configured().failed_zones.empty());
  zones.set("target_group_health.dns_failover.minimum_healthy_targets.percentage", "60");
  CHECK(zones.put("172.31.16.201") == "done");  // in the second zone, where half are healthy now
  CHECK(zones.configured().failed_zones == list<str>{zones.names[1]});
  zones.set("load_balancing.cross_zone.enabled", "true");
  CHECK(zones.configured().failed_zones.empty());
}
