#include <doctest/doctest.h>

#include <set>

#include "services/ec2/fixture_test.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::ec2;  // NOLINT: a test
using test::Bench;

TEST_CASE("ec2: a new world has its default VPC with a subnet in each of three zones") {
  Bench bench;
  const auto vpcs = *bench.call<api::DescribeVpcsResult>("DescribeVpcs", api::DescribeVpcsRequest{})->Vpcs;
  REQUIRE(vpcs.size() == 1);
  CHECK(vpcs[0].CidrBlock == str("172.31.0.0/16"));
  CHECK(*vpcs[0].IsDefault);
  CHECK(vpcs[0].OwnerId == str("111122223333"));
  const auto subnets = bench.subnets();
  REQUIRE(subnets.size() == 3);
  CHECK(subnets[0].AvailabilityZone == str("ap-northeast-1a"));
  CHECK(subnets[1].AvailabilityZone == str("ap-northeast-1c"));
  CHECK(subnets[2].AvailabilityZone == str("ap-northeast-1d"));
  CHECK(subnets[0].AvailabilityZoneId == str("apne1-az4"));
  CHECK(subnets[1].CidrBlock == str("172.31.16.0/20"));
  CHECK(subnets[0].AvailableIpAddressCount == 4091);
  CHECK(subnets[0].VpcId == vpcs[0].VpcId);
  CHECK(bench.default_vpc() == *vpcs[0].VpcId);  // the same ever after
}

TEST_CASE("ec2: worlds have the same addresses and nothing else in common") {
  Bench bench;
  const str mine = bench.default_vpc();
  const str my_subnet = *bench.subnets()[0].SubnetId;
  bench.world = {"999999999999", "us-east-1"};
  CHECK(bench.default_vpc() != mine);
  const auto theirs = bench.subnets();
  CHECK(theirs[1].AvailabilityZone == str("us-east-1b"));
  CHECK(theirs[1].AvailabilityZoneId == str("use1-az2"));
  const Fault fault = bench.refused<api::DescribeSubnetsResult>(
      "DescribeSubnets", api::DescribeSubnetsRequest{.SubnetIds = list<str>{my_subnet}});
  CHECK(fault.code == "InvalidSubnetID.NotFound");
  CHECK(fault.message == cat("The subnet ID '", my_subnet, "' does not exist"));
  CHECK(bench.create_interface(*theirs[0].SubnetId)->address == "172.31.0.4");
  bench.world = {"111122223333", "ap-northeast-1"};
  CHECK(bench.create_interface(my_subnet)->address == "172.31.0.4");
}

TEST_CASE("ec2: an interface has the lowest free address of its subnet, and gives it back") {
  Bench bench;
  const str subnet = *bench.subnets()[1].SubnetId;
  const auto first = bench.create_interface(subnet);
  const auto second = bench.create_interface(subnet);
  CHECK(first->address == "172.31.16.4");
  CHECK(first->host_name == "ip-172-31-16-4.ap-northeast-1.compute.internal");
  CHECK(first->subnet_cidr == "172.31.16.0/20");
  CHECK(first->mac.size() == 17);
  CHECK(first->mac.starts_with("0a:"));
  CHECK(second->address == "172.31.16.5");
  CHECK(bench.create_interface(subnet)->address == "172.31.16.6");
  bench.delete_interface(first->id);
  CHECK(bench.create_interface(subnet)->address == "172.31.16.4");
  CHECK(bench.create_interface(subnet)->address == "172.31.16.7");
  bench.delete_interface("eni-unknown");
  CHECK(bench.subnets()[1].AvailableIpAddressCount == 4087);
}

TEST_CASE("ec2: a full subnet refuses the next interface by name") {
  Bench bench;
  const auto made = bench.call<api::CreateSubnetResult>(
      "CreateSubnet", api::CreateSubnetRequest{.CidrBlock = "172.31.48.0/28", .VpcId = *bench.subnets()[0].VpcId});
  REQUIRE(made);
  const str subnet = *made->Subnet->SubnetId;
  str last;
  for (int i = 0; i < 11; ++i) last = bench.create_interface(subnet)->address;
  CHECK(last == "172.31.48.14");
  const auto refused = bench.create_interface(subnet);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "InsufficientFreeAddressesInSubnet");
  CHECK(refused.error().message ==
        cat("There are not enough free addresses in subnet '", subnet, "' to satisfy the request."));
  const auto subnets = bench.subnets();
  CHECK(std::ranges::find(subnets, opt<str>(subnet), &api::Subnet::SubnetId)->AvailableIpAddressCount == 0);
  CHECK(bench.create_interface("subnet-absent").error().code == "InvalidSubnetID.NotFound");
}

TEST_CASE("ec2: filters choose by value, by wildcard and by tag; an unknown one is refused by name") {
  Bench bench;
  const auto with = [&](const str& name, const list<str>& values) {
    return bench.call<api::DescribeSubnetsResult>(
        "DescribeSubnets", api::DescribeSubnetsRequest{.Filters = list<api::Filter>{{.Name = name, .Values = values}}});
  };
  const auto subnets = bench.subnets();
  CHECK(with("availability-zone", {"ap-northeast-1c"})->Subnets->size() == 1);
  CHECK(with("availability-zone", {"*a", "*d"})->Subnets->size() == 2);
  CHECK(with("vpc-id", {*subnets[0].VpcId})->Subnets->size() == 3);
  CHECK(with("default-for-az", {"true"})->Subnets->size() == 3);
  CHECK(with("default-for-az", {"false"})->Subnets->empty());
  CHECK(with("tag:Name", {"front"})->Subnets->empty());
  REQUIRE(bench.call<api::CreateTagsResult>(
      "CreateTags", api::CreateTagsRequest{.Resources = {{*subnets[2].SubnetId}},
                                           .Tags = {{api::Tag{.Key = str("Name"), .Value = str("front")}}}}));
  REQUIRE(with("tag:Name", {"fr*"})->Subnets->size() == 1);
  CHECK(with("tag-key", {"Name"})->Subnets->front().Tags->front().Value == str("front"));
  CHECK(with("colour", {"red"}).error().message == "The filter 'colour' is invalid");
  CHECK(with("colour", {"red"}).error().code == "InvalidParameterValue");
}

TEST_CASE("ec2: interfaces are described with their groups") {
  Bench bench;
  const str subnet = *bench.subnets()[0].SubnetId;
  const str group = bench.create_group("web");
  const str id = bench.create_interface(subnet, {group})->id;
  bench.create_interface(subnet);
  const auto ask = [&](const api::DescribeNetworkInterfacesRequest& request) {
    return bench.call<api::DescribeNetworkInterfacesResult>("DescribeNetworkInterfaces", request);
  };
  CHECK(ask({})->NetworkInterfaces->size() == 2);
  const auto found = ask({.Filters = list<api::Filter>{{.Name = str("group-id"), .Values = list<str>{group}}}});
  REQUIRE(found->NetworkInterfaces->size() == 1);
  const api::NetworkInterface& interface = found->NetworkInterfaces->front();
  CHECK(interface.NetworkInterfaceId == id);
  CHECK(interface.PrivateIpAddress == str("172.31.0.4"));
  CHECK(interface.Groups->front().GroupName == str("web"));
  CHECK(*interface.RequesterManaged);
  CHECK(ask({.NetworkInterfaceIds = list<str>{"eni-absent"}}).error().message ==
        "The networkInterface ID 'eni-absent' does not exist");
}

TEST_CASE("ec2: pages follow each other without gap or repetition") {
  Bench bench;
  const str subnet = *bench.subnets()[0].SubnetId;
  for (int i = 0; i < 7; ++i) bench.create_interface(subnet);
  std::set<str> seen;
  opt<str> token;
  int pages = 0;
  do {
    const auto page = bench.call<api::DescribeNetworkInterfacesResult>(
        "DescribeNetworkInterfaces", api::DescribeNetworkInterfacesRequest{.NextToken = token, .MaxResults = 3});
    REQUIRE(page);
    for (const auto& each : *page->NetworkInterfaces) CHECK(seen.insert(*each.NetworkInterfaceId).second);
    token = page->NextToken;
    ++pages;
  } while (token);
  CHECK(seen.size() == 7);
  CHECK(pages == 3);
  CHECK(bench.refused<api::DescribeVpcsResult>("DescribeVpcs", api::DescribeVpcsRequest{.NextToken = str("x")}).code ==
        "InvalidNextToken");
  CHECK(bench.refused<api::DescribeVpcsResult>("DescribeVpcs", api::DescribeVpcsRequest{.MaxResults = 1001}).code ==
        "InvalidParameterValue");
}

TEST_CASE("ec2: a dry run changes nothing and says what it would have come to") {
  Bench bench;
  bench.default_vpc();
  const api::CreateSecurityGroupRequest request{.Description = {"d"}, .GroupName = "web", .DryRun = true};
  const Fault fault = bench.refused<api::CreateSecurityGroupResult>("CreateSecurityGroup", request);
  CHECK(fault.code == "DryRunOperation");
  CHECK(fault.status == 412);
  CHECK(bench.step.changes.empty());
  CHECK(bench.groups().size() == 1);
}

TEST_CASE("ec2: zones and regions are known without any row") {
  Bench bench;
  const auto zones = bench.call<api::DescribeAvailabilityZonesResult>("DescribeAvailabilityZones",
                                                                      api::DescribeAvailabilityZonesRequest{});
  REQUIRE(zones->AvailabilityZones->size() == 3);
  CHECK(*zones->AvailabilityZones->front().State == str("available"));
  CHECK(bench.step.changes.empty());
  CHECK(bench
            .refused<api::DescribeAvailabilityZonesResult>(
                "DescribeAvailabilityZones",
                api::DescribeAvailabilityZonesRequest{.ZoneNames = list<str>{"ap-northeast-1b"}})
            .message == "Invalid availability zone: [ap-northeast-1b]");
  const auto regions = [&] {
    return *bench.call<api::DescribeRegionsResult>("DescribeRegions", api::DescribeRegionsRequest{})->Regions;
  };
  const std::size_t known = regions().size();
  bench.world.region = "moon-east-1";
  CHECK(regions().size() == known + 1);
}

TEST_CASE("ec2: tags belong to resources that exist, and have AWS's bounds") {
  Bench bench;
  const str vpc = bench.default_vpc();
  const auto create = [&](const str& id, const list<api::Tag>& tags) {
    return bench.call<api::CreateTagsResult>("CreateTags", api::CreateTagsRequest{.Resources = {{id}}, .Tags = {tags}});
  };
  CHECK(create("vpc-absent", {{.Key = str("a")}}).error().code == "InvalidVpcID.NotFound");
  CHECK(create("nonsense", {{.Key = str("a")}}).error().message == "The ID 'nonsense' is not valid");
  CHECK(create(vpc, {{.Key = str("aws:x")}}).error().code == "InvalidParameterValue");
  list<api::Tag> many;
  for (int i = 0; i < 51; ++i) many.push_back({.Key = cat("k", i)});
  CHECK(create(vpc, many).error().code == "TagLimitExceeded");
  REQUIRE(create(vpc, {{.Key = str("a"), .Value = str("1")}, {.Key = str("b"), .Value = str("2")}}));
  const auto tags = [&] {
    return *bench.call<api::DescribeTagsResult>("DescribeTags", api::DescribeTagsRequest{})->Tags;
  };
  REQUIRE(tags().size() == 2);
  CHECK(tags()[0].ResourceType == str("vpc"));
  const auto remove = [&](const api::Tag& tag) {
    return bench.call<api::DeleteTagsResult>("DeleteTags",
                                             api::DeleteTagsRequest{.Resources = {{vpc}}, .Tags = list<api::Tag>{tag}});
  };
  REQUIRE(remove({.Key = str("a"), .Value = str("other")}));
  CHECK(tags().size() == 2);
  REQUIRE(remove({.Key = str("a")}));
  CHECK(tags().size() == 1);
}
