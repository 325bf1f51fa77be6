#include <doctest/doctest.h>

#include "services/ec2/fixture_test.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::ec2;  // NOLINT: a test
using test::Bench;

namespace {

api::IpPermission tcp(i32 port, const str& cidr) {
  return {.IpProtocol = str("tcp"), .FromPort = port, .ToPort = port, .IpRanges = list<api::IpRange>{{.CidrIp = cidr}}};
}
auto authorize(Bench& bench, const str& group, const list<api::IpPermission>& permissions) {
  return bench.call<api::AuthorizeSecurityGroupIngressResult>(
      "AuthorizeSecurityGroupIngress",
      api::AuthorizeSecurityGroupIngressRequest{.GroupId = group, .IpPermissions = permissions});
}
auto revoke(Bench& bench, const str& group, const list<api::IpPermission>& permissions) {
  return bench.call<api::RevokeSecurityGroupIngressResult>(
      "RevokeSecurityGroupIngress",
      api::RevokeSecurityGroupIngressRequest{.GroupId = group, .IpPermissions = permissions});
}
Outcome<api::CreateSecurityGroupResult> create(Bench& bench, const str& name, const opt<str>& vpc = {}) {
  return bench.call<api::CreateSecurityGroupResult>(
      "CreateSecurityGroup", api::CreateSecurityGroupRequest{.Description = {"d"}, .GroupName = name, .VpcId = vpc});
}
api::SecurityGroup described(Bench& bench, const str& id) { return bench.groups({.GroupIds = list<str>{id}}).front(); }
auto remove(Bench& bench, const str& id) {
  return bench.call<api::DeleteSecurityGroupResult>("DeleteSecurityGroup",
                                                    api::DeleteSecurityGroupRequest{.GroupId = id});
}

}  // namespace

TEST_CASE("ec2: a VPC begins with its default group, whose members reach each other and everything outside") {
  Bench bench;
  const auto groups = bench.groups();
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].GroupName == str("default"));
  CHECK(*groups[0].Description == str("default VPC security group"));
  REQUIRE(groups[0].IpPermissions->size() == 1);
  CHECK(groups[0].IpPermissions->front().UserIdGroupPairs->front().GroupId == *groups[0].GroupId);
  CHECK(groups[0].IpPermissions->front().UserIdGroupPairs->front().UserId == str("111122223333"));
  CHECK(groups[0].IpPermissionsEgress->front().IpRanges->front().CidrIp == str("0.0.0.0/0"));
  CHECK(remove(bench, *groups[0].GroupId).error().code == "CannotDelete");
}

TEST_CASE("ec2: a group is made with a rule outward, found by name, and deleted") {
  Bench bench;
  const str vpc = bench.default_vpc();
  const auto made = bench.call<api::CreateSecurityGroupResult>(
      "CreateSecurityGroup",
      api::CreateSecurityGroupRequest{.Description = {"web servers"},
                                      .GroupName = "web",
                                      .VpcId = vpc,
                                      .TagSpecifications = list<api::TagSpecification>{
                                          {.ResourceType = str("security-group"),
                                           .Tags = list<api::Tag>{{.Key = str("team"), .Value = str("blue")}}}}});
  REQUIRE(made);
  CHECK(made->Tags->front().Value == str("blue"));
  CHECK(*made->SecurityGroupArn == cat("arn:aws:ec2:ap-northeast-1:111122223333:security-group/", *made->GroupId));
  const auto found = bench.groups({.GroupNames = list<str>{"web"}});
  REQUIRE(found.size() == 1);
  CHECK(*found[0].Description == str("web servers"));
  CHECK(found[0].IpPermissions->empty());
  CHECK(found[0].IpPermissionsEgress->size() == 1);
  CHECK(bench.groups({.Filters = list<api::Filter>{{.Name = str("tag:team"), .Values = list<str>{"blue"}}}}).size() ==
        1);
  REQUIRE(remove(bench, *made->GroupId));
  CHECK(bench.groups().size() == 1);
  CHECK(bench.call<api::DescribeTagsResult>("DescribeTags", api::DescribeTagsRequest{})->Tags->empty());
}

TEST_CASE("ec2: a group that cannot be made is refused in AWS's words") {
  Bench bench;
  const str vpc = bench.default_vpc();
  REQUIRE(create(bench, "web"));
  CHECK(create(bench, "web").error().message == cat("The security group 'web' already exists for VPC '", vpc, "'"));
  CHECK(create(bench, "web").error().code == "InvalidGroup.Duplicate");
  CHECK(create(bench, "default").error().message == "Cannot use reserved security group name: default");
  CHECK(create(bench, "sg-web").error().code == "InvalidParameterValue");
  CHECK(create(bench, "a\nb").error().code == "InvalidParameterValue");
  CHECK(create(bench, "").error().code == "MissingParameter");
  CHECK(create(bench, "other", str("vpc-absent")).error().message == "The vpc ID 'vpc-absent' does not exist");
}

TEST_CASE("ec2: a group that is needed stays") {
  Bench bench;
  const str web = *create(bench, "web")->GroupId;
  const str database = *create(bench, "database")->GroupId;
  api::IpPermission from_web{.IpProtocol = str("tcp"), .FromPort = 5432, .ToPort = 5432};
  from_web.UserIdGroupPairs.ensure_value().push_back({.GroupId = web});
  REQUIRE(authorize(bench, database, {from_web}));
  CHECK(remove(bench, web).error().message == cat("resource ", web, " has a dependent object"));
  REQUIRE(revoke(bench, database, {from_web}));
  const str id = bench.create_interface(*bench.subnets()[0].SubnetId, {web})->id;
  CHECK(remove(bench, web).error().code == "DependencyViolation");
  bench.delete_interface(id);
  CHECK(remove(bench, web));
  CHECK(remove(bench, web).error().message == cat("The security group '", web, "' does not exist"));
}

TEST_CASE("ec2: rules with the same ports are one permission, and keep their descriptions") {
  Bench bench;
  const str group = *create(bench, "web")->GroupId;
  api::IpPermission permission = tcp(80, "10.1.2.3/8");
  permission.IpRanges->push_back({.Description = str("all"), .CidrIp = str("0.0.0.0/0")});
  permission.Ipv6Ranges.ensure_value().push_back({.CidrIpv6 = str("::/0")});
  const auto made = authorize(bench, group, {permission});
  REQUIRE(made);
  CHECK(made->SecurityGroupRules->size() == 3);
  CHECK(made->SecurityGroupRules->front().CidrIpv4 == str("10.0.0.0/8"));  // as AWS cuts it
  REQUIRE(authorize(bench, group, {tcp(443, "0.0.0.0/0")}));
  const auto shown = *described(bench, group).IpPermissions;
  REQUIRE(shown.size() == 2);
  CHECK(shown[0].FromPort == 80);
  REQUIRE(shown[0].IpRanges->size() == 2);
  CHECK(shown[0].IpRanges.value[0].Description == str("all"));
  CHECK(shown[0].Ipv6Ranges->size() == 1);
  const auto rules = bench.call<api::DescribeSecurityGroupRulesResult>(
      "DescribeSecurityGroupRules",
      api::DescribeSecurityGroupRulesRequest{
          .Filters = list<api::Filter>{{.Name = str("group-id"), .Values = list<str>{group}}}});
  CHECK(rules->SecurityGroupRules->size() == 5);  // four inward, one outward
}

TEST_CASE("ec2: a permission that makes no sense is refused in AWS's words") {
  Bench bench;
  const str group = *create(bench, "web")->GroupId;
  const auto fault = [&](const api::IpPermission& permission) { return authorize(bench, group, {permission}).error(); };
  CHECK(fault(tcp(80, "banana")).message == "CIDR block banana is malformed");
  CHECK(fault(tcp(80, "1.2.3/8")).code == "InvalidParameterValue");
  CHECK(fault(tcp(80, "1.2.3.4/33")).code == "InvalidParameterValue");
  CHECK(fault(tcp(70'000, "0.0.0.0/0")).code == "InvalidParameterValue");
  CHECK(fault({.IpProtocol = str("banana")}).message == "Invalid value 'banana' for IP protocol. Unknown protocol.");
  CHECK(fault({.IpProtocol = str("tcp"), .FromPort = 80, .ToPort = 80}).code == "MissingParameter");
  CHECK(fault({.IpProtocol = str("udp"), .FromPort = 80}).message ==
        "Invalid value for portRange. Must specify both from and to ports with TCP/UDP/ICMP.");
  CHECK(authorize(bench, group, {}).error().code == "MissingParameter");
  CHECK(authorize(bench, group, {tcp(80, "10.0.0.0/8"), tcp(80, "10.9.0.0/8")}).error().message ==
        "The same permission must not appear multiple times");
  CHECK(authorize(bench, "sg-absent", {tcp(80, "10.0.0.0/8")}).error().code == "InvalidGroup.NotFound");
  CHECK(described(bench, group).IpPermissions->empty());
  REQUIRE(authorize(bench, group, {tcp(80, "0.0.0.0/0")}));
  CHECK(fault(tcp(80, "0.0.0.0/0")).message ==
        "the specified rule \"peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW\" already exists");
  CHECK(fault(tcp(80, "0.0.0.0/0")).code == "InvalidPermission.Duplicate");
}

TEST_CASE("ec2: a protocol's number is shown by its name or as a plain number, however it was written") {
  Bench bench;
  const str group = *create(bench, "web")->GroupId;
  for (const auto& [given, shown] : {std::pair{"006", "tcp"}, {"0017", "udp"}, {"01", "icmp"}, {"010", "10"}}) {
    api::IpPermission permission = tcp(80, "10.0.0.0/8");
    permission.IpProtocol = str(given);
    if (shown == str("icmp")) permission.FromPort = permission.ToPort = -1;
    const auto made = authorize(bench, group, {permission});
    REQUIRE(made);
    CHECK(made->SecurityGroupRules->front().IpProtocol == str(shown));
  }
}

TEST_CASE("ec2: a group holds sixty rules of one direction") {
  Bench bench;
  const str group = *create(bench, "web")->GroupId;
  list<api::IpPermission> many;
  for (i32 port = 1; port <= 60; ++port) many.push_back(tcp(port, "0.0.0.0/0"));
  REQUIRE(authorize(bench, group, many));
  CHECK(authorize(bench, group, {tcp(61, "0.0.0.0/0")}).error().code == "RulesPerSecurityGroupLimitExceeded");
}

TEST_CASE("ec2: rules are revoked by what they say or by id; what matches none is told, not refused") {
  Bench bench;
  const str group = *create(bench, "web")->GroupId;
  const auto made = authorize(bench, group, {tcp(80, "0.0.0.0/0"), tcp(81, "0.0.0.0/0")});
  const auto revoked = revoke(bench, group, {tcp(80, "0.0.0.0/0"), tcp(82, "0.0.0.0/0")});
  REQUIRE(revoked);
  CHECK(revoked->RevokedSecurityGroupRules->size() == 1);
  CHECK(revoked->UnknownIpPermissions->front().FromPort == 82);
  const str second = *made->SecurityGroupRules.value[1].SecurityGroupRuleId;
  const auto by_id = [&] {
    return bench.call<api::RevokeSecurityGroupIngressResult>(
        "RevokeSecurityGroupIngress",
        api::RevokeSecurityGroupIngressRequest{.GroupName = str("web"), .SecurityGroupRuleIds = list<str>{second}});
  };
  REQUIRE(by_id());
  CHECK(described(bench, group).IpPermissions->empty());
  CHECK(by_id().error().message == cat("The security group rule ID '", second, "' does not exist"));
}

TEST_CASE("ec2: the rule outward that every group begins with can be replaced") {
  Bench bench;
  const str group = *create(bench, "web")->GroupId;
  const list<api::IpPermission> everywhere{
      {.IpProtocol = str("-1"), .IpRanges = list<api::IpRange>{{.CidrIp = str("0.0.0.0/0")}}}};
  REQUIRE(bench.call<api::RevokeSecurityGroupEgressResult>(
      "RevokeSecurityGroupEgress",
      api::RevokeSecurityGroupEgressRequest{.GroupId = group, .IpPermissions = everywhere}));
  CHECK(described(bench, group).IpPermissionsEgress->empty());
  REQUIRE(bench.call<api::AuthorizeSecurityGroupEgressResult>(
      "AuthorizeSecurityGroupEgress",
      api::AuthorizeSecurityGroupEgressRequest{.GroupId = group,
                                               .IpPermissions = list<api::IpPermission>{tcp(443, "10.0.0.0/8")}}));
  CHECK(described(bench, group).IpPermissionsEgress->front().IpRanges->front().CidrIp == str("10.0.0.0/8"));
}
