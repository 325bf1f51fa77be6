#include "services/elb/fixture_test.hpp"

#include <array>

#include "services/acm/module.hpp"
#include "services/acm/ops.hpp"
#include "services/ec2/module.hpp"
#include "services/ec2/ops.hpp"

namespace utakata::elb::test {
namespace {

constexpr std::array<void (*)(Schema&), 3> all{acm::declare, ec2::declare, declare};

}  // namespace

constinit const std::span<void (*const)(Schema&)> modules(all);

str Bench::vpc() {
  const auto made = call<ec2::describe_vpcs, ec2::api::DescribeVpcsResult>(ec2::api::DescribeVpcsRequest{});
  return *made->Vpcs->front().VpcId;
}

str Bench::balancer(const str& name) {
  list<str> subnets;
  const auto known = call<ec2::describe_subnets, ec2::api::DescribeSubnetsResult>(ec2::api::DescribeSubnetsRequest{});
  for (const auto& subnet : *known->Subnets) subnets.push_back(*subnet.SubnetId);
  const auto made = call<create_load_balancer, api::CreateLoadBalancerOutput>(
      api::CreateLoadBalancerInput{.Name = name, .Subnets = subnets});
  return *made->LoadBalancers->front().LoadBalancerArn;
}

str Bench::certificate(const str& name) {
  const auto made = call<acm::request_certificate, acm::api::RequestCertificateResponse>(
      acm::api::RequestCertificateRequest{.DomainName = name});
  return *made->CertificateArn;
}

}  // namespace utakata::elb::test
