#pragma once

#include <array>

#include "core/machine.hpp"
#include "services/ec2/module.hpp"
#include "services/ec2/ops.hpp"
#include "services/ec2/public.hpp"

// A machine with EC2 alone, and calls to it as clients and other services make them.
namespace utakata::ec2::test {

inline constexpr std::array<void (*)(Schema&), 1> modules{declare};

struct Bench {
  Machine machine{7, modules};
  Instant now = *parse_iso8601("2026-05-06T11:42:34Z");
  World world{"111122223333", "ap-northeast-1"};
  Step step = {};

  /// An operation as the module serves it: call<api::DescribeVpcsResult>("DescribeVpcs", request).
  template <class Result, class Request>
  Outcome<Result> call(std::string_view name, const Request& request) {
    const Operation* operation = service.find(name);
    ensure(operation != nullptr && operation->input == &type_of<Request> && operation->output == &type_of<Result>,
           cat("the test calls ", name, " by other shapes than its own"));
    Result result;
    step = machine.step(now, ApiCall{world, operation, &request, &result, false});
    if (step.fault) return std::unexpected(*step.fault);
    return result;
  }
  template <class Result, class Request>
  Fault refused(std::string_view name, const Request& request) {
    const auto result = call<Result>(name, request);
    return result ? Fault{.code = "none", .message = "it was done"} : result.error();
  }

  list<api::Subnet> subnets() {
    return *call<api::DescribeSubnetsResult>("DescribeSubnets", api::DescribeSubnetsRequest{})->Subnets;
  }
  str default_vpc() {
    return *call<api::DescribeVpcsResult>("DescribeVpcs", api::DescribeVpcsRequest{})->Vpcs->front().VpcId;
  }
  list<api::SecurityGroup> groups(const api::DescribeSecurityGroupsRequest& request = {}) {
    return *call<api::DescribeSecurityGroupsResult>("DescribeSecurityGroups", request)->SecurityGroups;
  }
  str create_group(const str& name) {
    return *call<api::CreateSecurityGroupResult>(
                "CreateSecurityGroup",
                api::CreateSecurityGroupRequest{.Description = {"for a test"}, .GroupName = name})
                ->GroupId;
  }

  /// What another service asks of EC2, in a step of its own.
  struct InterfaceRequest {
    str subnet;
    list<str> groups;
    bool public_address = false;
  };
  struct InterfaceResult {
    str id, address, mac, host_name, subnet_cidr, public_address;
  };
  Outcome<InterfaceResult> create_interface(const str& subnet, const list<str>& groups = {},
                                            bool public_address = false) {
    return ask<InterfaceResult, made>(
        InterfaceRequest{.subnet = subnet, .groups = groups, .public_address = public_address});
  }
  void delete_interface(const str& id) { ask<InterfaceResult, unmade>(InterfaceRequest{.subnet = id}); }

 private:
  static Outcome<InterfaceResult> made(Tx& tx, const InterfaceRequest& request) {
    const auto spec = TRY(ec2::create_interface(tx, tx.world(),
                                                {.subnet_id = request.subnet,
                                                 .security_groups = request.groups,
                                                 .description = "of a test",
                                                 .public_address = request.public_address}));
    return InterfaceResult{.id = spec.interface_id,
                           .address = spec.address,
                           .mac = spec.mac,
                           .host_name = spec.host_name,
                           .subnet_cidr = spec.subnet_cidr,
                           .public_address = spec.public_address};
  }
  static Outcome<InterfaceResult> unmade(Tx& tx, const InterfaceRequest& request) {
    ec2::delete_interface(tx, tx.world(), request.subnet);
    return InterfaceResult{};
  }
  template <class Result, auto Handler, class Request>
  Outcome<Result> ask(const Request& request) {
    static constexpr Operation asked = operation<Handler>("Ask");
    Result result;
    step = machine.step(now, ApiCall{world, &asked, &request, &result, false});
    if (step.fault) return std::unexpected(*step.fault);
    return result;
  }
};

}  // namespace utakata::ec2::test
