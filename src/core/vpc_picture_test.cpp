#include "core/vpc_picture.hpp"

#include <doctest/doctest.h>

using namespace utakata;  // NOLINT: a test

namespace {

SecurityRule in(str protocol, i32 from, i32 to, str peer) {
  SecurityRule rule{.protocol = std::move(protocol), .from_port = from, .to_port = to};
  (peer.starts_with("sg-") ? rule.peer_group : rule.cidr) = peer;
  return rule;
}
SecurityRule out(str protocol, i32 from, i32 to, str peer) {
  SecurityRule rule = in(std::move(protocol), from, to, std::move(peer));
  rule.egress = true;
  return rule;
}

// lb (10.0.0.5) -> web (10.0.1.11) -> db (10.0.2.13), as people draw it.
VpcPicture three_tiers() {
  const SecurityRule anywhere = out("-1", -1, -1, "0.0.0.0/0");
  VpcPicture vpc;
  vpc.take(VpcConfig{
      .id = "vpc-1",
      .cidr = "10.0.0.0/16",
      .groups = {{.id = "sg-lb", .rules = {anywhere, in("tcp", 80, 80, "0.0.0.0/0")}},
                 {.id = "sg-web", .rules = {anywhere, in("tcp", 8000, 8080, "sg-lb")}},
                 {.id = "sg-db", .rules = {in("tcp", 5432, 5432, "sg-web")}}},
      .interfaces = {{.id = "eni-lb", .address = "10.0.0.5", .groups = {"sg-lb"}},
                     {.id = "eni-web", .address = "10.0.1.11", .groups = {"sg-web"}, .outward = {"0.0.0.0/0"}},
                     {.id = "eni-db", .address = "10.0.2.13", .groups = {"sg-db"}}}});
  return vpc;
}
bool reach(const VpcPicture& vpc, str from, str to, i32 port, str protocol = "tcp") {
  return may_connect(vpc,
                     {.from = std::move(from), .to = std::move(to), .protocol = std::move(protocol), .port = port});
}

}  // namespace

TEST_CASE("vpc picture: groups let through what a rule of each side names, and nothing else") {
  const VpcPicture vpc = three_tiers();
  CHECK(reach(vpc, "10.0.0.5", "10.0.1.11", 8000));
  CHECK(reach(vpc, "10.0.0.5", "10.0.1.11", 8080));
  CHECK(!reach(vpc, "10.0.0.5", "10.0.1.11", 8081));
  CHECK(!reach(vpc, "10.0.0.5", "10.0.1.11", 8080, "udp"));
  CHECK(!reach(vpc, "10.0.0.5", "10.0.2.13", 5432));
  CHECK(reach(vpc, "10.0.1.11", "10.0.2.13", 5432));
  CHECK(reach(vpc, "10.0.1.11", "10.0.0.5", 80));
  CHECK(!reach(vpc, "10.0.2.13", "10.0.0.5", 80));  // no rule of egress
}

TEST_CASE("vpc picture: the outside is reached by a way only, and comes in by blocks of addresses only") {
  VpcPicture vpc = three_tiers();
  CHECK(reach(vpc, "10.0.1.11", "198.51.100.7", 443));
  CHECK(!reach(vpc, "10.0.0.5", "198.51.100.7", 443));
  CHECK(!reach(vpc, "10.0.1.11", "10.0.9.9", 443));  // nobody there
  CHECK(reach(vpc, "198.51.100.7", "10.0.0.5", 80));
  CHECK(!reach(vpc, "198.51.100.7", "10.0.1.11", 8080));
  CHECK(!reach(vpc, "10.0.7.7", "10.0.0.5", 80));  // an address of the VPC that nobody has
}

TEST_CASE("vpc picture: changes of rules and members count at once") {
  VpcPicture vpc = three_tiers();
  vpc.take(ChangeVpc{.vpc_id = "vpc-1", .groups = {{.id = "sg-db"}}});
  CHECK(!reach(vpc, "10.0.1.11", "10.0.2.13", 5432));
  vpc.take(ChangeVpc{.vpc_id = "vpc-1", .groups = {{.id = "sg-db", .rules = {in("-1", -1, -1, "10.0.1.0/24")}}}});
  CHECK(reach(vpc, "10.0.1.11", "10.0.2.13", 5432));
  vpc.take(ChangeVpc{.vpc_id = "vpc-1", .removed_interfaces = {"eni-db"}});
  CHECK(!reach(vpc, "10.0.1.11", "10.0.2.13", 5432));
  vpc.take(ChangeVpc{.vpc_id = "vpc-1",
                     .interfaces = {{.id = "eni-new", .address = "10.0.2.13", .groups = {"sg-lb", "sg-db"}}}});
  CHECK(reach(vpc, "10.0.1.11", "10.0.2.13", 80));
}

TEST_CASE("vpc picture: a name without any answer is gone") {
  VpcPicture vpc = three_tiers();
  vpc.take(ChangeVpc{.vpc_id = "vpc-1", .names = {{.name = "web.local", .addresses = {"10.0.1.11"}}}});
  CHECK(vpc.names.contains("web.local"));
  vpc.take(ChangeVpc{.vpc_id = "vpc-1", .names = {{.name = "web.local"}}});
  CHECK(vpc.names.empty());
}
