#include <doctest/doctest.h>

#include <array>

#include "core/machine.hpp"
#include "services/ec2/module.hpp"
#include "services/ec2/public.hpp"
#include "services/ec2/state.hpp"
#include "services/servicediscovery/module.hpp"
#include "services/servicediscovery/ops.hpp"

using namespace utakata;                    // NOLINT: a test
using namespace utakata::servicediscovery;  // NOLINT: a test

namespace {

struct VpcRequest {};
struct VpcResult {
  str id;
};
Outcome<VpcResult> default_vpc(Tx& tx, const VpcRequest&) {
  ec2::ensure_default_vpc(tx, tx.world());
  VpcResult result;
  tx.each<ec2::VpcRow>("", [&](const Key&, const ec2::VpcRow& row) { result.id = row.id; });
  return result;
}

constexpr std::array<void (*)(Schema&), 2> modules{ec2::declare, declare};

struct Bench {
  Machine machine{7, modules};
  Instant now = *parse_iso8601("2026-05-06T11:42:34Z");
  World world{"111122223333", "ap-northeast-1"};
  Step step = {};
  str vpc, space;

  Bench() {
    vpc = call<default_vpc, VpcResult>(VpcRequest{})->id;
    const auto made = call<create_private_dns_namespace, api::OperationResponse>(
        api::CreatePrivateDnsNamespaceRequest{.Name = "Prod.local", .Vpc = vpc});
    REQUIRE(made);
    space =
        call<describe_operation, api::GetOperationResponse>(api::GetOperationRequest{.OperationId = *made->OperationId})
            ->Operation->Targets->at("NAMESPACE");
  }
  template <auto Handler, class Result, class Request>
  Outcome<Result> call(const Request& request) {
    static constexpr Operation asked = operation<Handler>("Ask");
    Result result;
    step = machine.step(now, ApiCall{world, &asked, &request, &result, false});
    if (step.fault) return std::unexpected(*step.fault);
    return result;
  }
  str service(list<api::DnsRecord> records) {
    const auto made = call<create_service, api::CreateServiceResponse>(api::CreateServiceRequest{
        .Name = "api", .DnsConfig = api::DnsConfig{.NamespaceId = space, .DnsRecords = records}});
    REQUIRE_MESSAGE(made, (made ? str() : made.error().message));
    return *made->Service->Id;
  }
  Outcome<api::OperationResponse> enter(const str& service, const str& id, dict<str> attributes) {
    return call<register_instance, api::OperationResponse>(
        api::RegisterInstanceRequest{.ServiceId = service, .InstanceId = id, .Attributes = std::move(attributes)});
  }
  /// What the VPC's resolver was told last.
  [[nodiscard]] list<DnsName> told() const { return std::get<ChangeVpc>(step.effects.at(0)).names; }
};

}  // namespace

TEST_CASE("servicediscovery: instances are the service's name's addresses as long as they are registered") {
  Bench bench;
  const str id = bench.service({{.Type = "A", .TTL = 10}});
  REQUIRE(bench.enter(id, "one", {{"AWS_INSTANCE_IPV4", "172.31.0.4"}}));
  REQUIRE(bench.enter(id, "two", {{"AWS_INSTANCE_IPV4", "172.31.0.5"}, {"colour", "red"}}));
  REQUIRE(bench.told().size() == 1);
  CHECK(bench.told()[0].name == "api.prod.local");
  CHECK(bench.told()[0].ttl_seconds == 10);
  CHECK(bench.told()[0].addresses == list<str>{"172.31.0.4", "172.31.0.5"});
  const auto red = bench.call<discover_instances, api::DiscoverInstancesResponse>(api::DiscoverInstancesRequest{
      .NamespaceName = "prod.local", .ServiceName = "api", .QueryParameters = dict<str>{{"colour", "red"}}});
  REQUIRE(red->Instances->size() == 1);
  CHECK(red->Instances->front().InstanceId == str("two"));
  REQUIRE(bench.call<deregister_instance, api::OperationResponse>(
      api::DeregisterInstanceRequest{.ServiceId = id, .InstanceId = "one"}));
  CHECK(bench.told().back().addresses == list<str>{"172.31.0.5"});
}

TEST_CASE("servicediscovery: an SRV record leads to a name of the instance") {
  Bench bench;
  const str id = bench.service({{.Type = "SRV", .TTL = 60}});
  CHECK(bench.enter(id, "one", {{"AWS_INSTANCE_IPV4", "172.31.0.4"}}).error().code == "InvalidInput");
  REQUIRE(bench.enter(id, "one", {{"AWS_INSTANCE_IPV4", "172.31.0.4"}, {"AWS_INSTANCE_PORT", "8080"}}));
  const list<DnsName> names = bench.told();
  REQUIRE(names.size() == 2);
  CHECK(names[0].name == "one.api.prod.local");
  CHECK(names[0].addresses == list<str>{"172.31.0.4"});
  REQUIRE(names[1].places.size() == 1);
  CHECK(names[1].places[0].host == "one.api.prod.local");
  CHECK(names[1].places[0].port == 8080);
  CHECK(names[1].addresses.empty());
}

TEST_CASE("servicediscovery: what is there twice, not there or still in use is told apart") {
  Bench bench;
  const str id = bench.service({{.Type = "A", .TTL = 10}});
  CHECK(bench
            .call<create_private_dns_namespace, api::OperationResponse>(
                api::CreatePrivateDnsNamespaceRequest{.Name = "prod.local", .Vpc = bench.vpc})
            .error()
            .code == "NamespaceAlreadyExists");
  CHECK(bench
            .call<create_private_dns_namespace, api::OperationResponse>(
                api::CreatePrivateDnsNamespaceRequest{.Name = "other.local", .Vpc = "vpc-absent"})
            .error()
            .code == "InvalidInput");
  CHECK(bench.call<delete_namespace, api::OperationResponse>(api::DeleteNamespaceRequest{.Id = bench.space})
            .error()
            .code == "ResourceInUse");
  CHECK(bench.enter("srv-absent", "one", {}).error().code == "ServiceNotFound");
  REQUIRE(bench.enter(id, "one", {{"AWS_INSTANCE_IPV4", "172.31.0.4"}}));
  CHECK(bench.call<delete_service, api::DeleteServiceResponse>(api::DeleteServiceRequest{.Id = id}).error().code ==
        "ResourceInUse");
}

TEST_CASE("servicediscovery: after a restart the resolvers are told all names again") {
  Bench bench;
  const str id = bench.service({{.Type = "A", .TTL = 10}});
  REQUIRE(bench.enter(id, "one", {{"AWS_INSTANCE_IPV4", "172.31.0.4"}}));
  bench.step = bench.machine.step(bench.now, Recovered{});
  REQUIRE(bench.step.effects.size() == 2);  // the VPCs whole, then the names
  CHECK(std::get<ChangeVpc>(bench.step.effects[1]).names[0].addresses == list<str>{"172.31.0.4"});
}
