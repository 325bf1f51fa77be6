#include <doctest/doctest.h>

#include "services/ec2/ops.hpp"
#include "services/elb/fixture_test.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::elb;  // NOLINT: a test
using test::Bench;

namespace {

struct Site : Bench {
  str vpc_id = vpc();
  list<str> subnets = known_subnets();

  list<str> known_subnets() {
    list<str> ids;
    const auto known = call<ec2::describe_subnets, ec2::api::DescribeSubnetsResult>(ec2::api::DescribeSubnetsRequest{});
    for (const auto& subnet : *known->Subnets) ids.push_back(*subnet.SubnetId);
    return ids;
  }
  str security_group(const str& name) {
    return *call<ec2::create_security_group, ec2::api::CreateSecurityGroupResult>(
                ec2::api::CreateSecurityGroupRequest{.Description = {name}, .GroupName = name, .VpcId = vpc_id})
                ->GroupId;
  }
  // Its ARN, or why not.
  str make(api::CreateLoadBalancerInput request) {
    if (!request.Subnets && !request.SubnetMappings) request.Subnets = subnets;
    const auto made = call<create_load_balancer, api::CreateLoadBalancerOutput>(request);
    return made ? *made->LoadBalancers->front().LoadBalancerArn : cat(made.error().code, ": ", made.error().message);
  }
};

}  // namespace

TEST_CASE("elb load balancers: a name that cannot be is refused with the reason") {
  Site site;
  CHECK(site.make({.Name = ""}) == "ValidationError: A load balancer name must be specified");
  CHECK(site.make({.Name = "internal-x"}) ==
        "ValidationError: The load balancer name 'internal-x' cannot begin with 'internal-'");
  CHECK(site.make({.Name = str(33, 'a')}).ends_with("' cannot be longer than '32' characters"));
  CHECK(site.make({.Name = "a.b"}) ==
        "ValidationError: The load balancer name 'a.b' can only contain characters that are alphanumeric characters "
        "and hyphens(-)");
  CHECK(site.make({.Name = "-a"}).ends_with("'-a' cannot begin with a hyphen(-)"));
  CHECK(site.make({.Name = "a-"}).ends_with("'a-' cannot end with a hyphen(-)"));
}

TEST_CASE("elb load balancers: an application load balancer has subnets in two zones") {
  Site site;
  CHECK(site.make({.Name = "web", .Subnets = list<str>{site.subnets.front()}}) ==
        "ValidationError: At least two subnets in two different Availability Zones must be specified");
  CHECK(site.make({.Name = "web", .Subnets = list<str>{site.subnets.front(), site.subnets.front()}}) ==
        "InvalidConfigurationRequest: A load balancer cannot be attached to multiple subnets in the same Availability "
        "Zone");
}

TEST_CASE("elb load balancers: one made again with the same settings is the one there is") {
  Site site;
  const str duplicate =
      "DuplicateLoadBalancerName: A load balancer with the same name 'web' exists, but with different settings";
  const str arn = site.make({.Name = "web"});
  REQUIRE(arn.starts_with("arn:"));
  CHECK(site.make({.Name = "web", .Scheme = "internet-facing", .Type = "application"}) == arn);
  CHECK(site.make({.Name = "web", .Subnets = list<str>(site.subnets.rbegin(), site.subnets.rend())}) == arn);
  CHECK(site.make({.Name = "web", .Scheme = "internal"}) == duplicate);
  CHECK(site.make({.Name = "web", .Type = "network"}) == duplicate);
  REQUIRE(site.subnets.size() == 3);
  CHECK(site.make({.Name = "web", .Subnets = list<str>{site.subnets[0], site.subnets[1]}}) == duplicate);

  const str group = site.security_group("front");
  CHECK(site.make({.Name = "web", .SecurityGroups = list<str>{group}}) == duplicate);
  const str guarded = site.make({.Name = "guarded", .SecurityGroups = list<str>{group}});
  CHECK(guarded.starts_with("arn:"));
  CHECK(site.make({.Name = "guarded", .SecurityGroups = list<str>{group}}) == guarded);
  CHECK(site.make({.Name = "guarded"}).starts_with("DuplicateLoadBalancerName"));

  const auto mapped = [&](opt<str> address) {
    return site.make({.Name = "mapped",
                      .SubnetMappings = list<api::SubnetMapping>{{.SubnetId = site.subnets.front(),
                                                                  .PrivateIPv4Address = std::move(address)}},
                      .Scheme = "internal",
                      .Type = "network"});
  };
  const str inside = mapped(str("172.31.0.77"));
  CHECK(inside.starts_with("arn:"));
  CHECK(mapped(str("172.31.0.77")) == inside);
  CHECK(mapped(str("172.31.0.78")).starts_with("DuplicateLoadBalancerName"));
  CHECK(mapped({}).starts_with("DuplicateLoadBalancerName"));
}
