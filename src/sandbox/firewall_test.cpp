#include "sandbox/firewall.hpp"

#include <doctest/doctest.h>

using namespace utakata;           // NOLINT: a test
using namespace utakata::sandbox;  // NOLINT: a test

namespace {

VpcPicture one_task() {
  VpcPicture vpc;
  vpc.take(VpcConfig{
      .id = "vpc-1",
      .cidr = "10.0.0.0/16",
      .groups = {{.id = "sg-0a", .rules = {{.egress = true, .cidr = "0.0.0.0/0"}}}},
      .interfaces = {
          {.id = "eni-0123456789abcdef0", .address = "10.0.1.11", .groups = {"sg-0a"}, .outward = {"0.0.0.0/0"}}}});
  return vpc;
}
// The line that one rule of ingress becomes.
str line_of(SecurityRule rule) {
  VpcPicture vpc;
  vpc.groups["sg-0a"] = {.id = "sg-0a", .rules = {std::move(rule)}};
  const str text = firewall(vpc);
  const std::size_t at = text.find("add rule inet utakata in_sg_0a ");
  return at == str::npos ? "" : text.substr(at + 31, text.find('\n', at) - at - 31);
}

}  // namespace

TEST_CASE("firewall: a rule is one line, by protocol, ports and peer") {
  CHECK(line_of({.cidr = "0.0.0.0/0"}) == "accept");
  CHECK(line_of({.protocol = "tcp", .from_port = 80, .to_port = 90, .cidr = "10.0.0.0/8"}) ==
        "ip saddr 10.0.0.0/8 tcp dport 80-90 accept");
  CHECK(line_of({.protocol = "udp", .from_port = 53, .to_port = 53, .peer_group = "sg-0b"}) ==
        "ip saddr @members_sg_0b udp dport 53-53 accept");
  CHECK(line_of({.protocol = "icmp", .cidr = "0.0.0.0/0"}) == "meta l4proto icmp accept");
  CHECK(line_of({.protocol = "icmp", .from_port = 8, .cidr = "0.0.0.0/0"}) == "icmp type 8 accept");
  CHECK(line_of({.protocol = "50", .cidr = "1.2.3.4/32"}) == "ip saddr 1.2.3.4/32 meta l4proto 50 accept");
  CHECK(line_of({.cidr = "::/0"}).empty());  // no VPC has IPv6: nothing to let through
  CHECK(line_of({.protocol = "icmpv6", .cidr = "0.0.0.0/0"}).empty());
}

TEST_CASE("firewall: an interface is bound to its address, a member of its groups, and has its ways") {
  const str text = firewall(one_task());
  CHECK(text.starts_with("add table inet utakata\ndelete table inet utakata\n"));
  CHECK(text.contains("add element inet utakata bound { \"e0123456789abcd\" . 10.0.1.11 }\n"));
  CHECK(text.contains("add element inet utakata members_sg_0a { 10.0.1.11 }\n"));
  CHECK(text.contains("add rule inet utakata out_sg_0a goto admitted\n"));
  CHECK(text.contains("add rule inet utakata ways ip saddr @way_0_0_0_0_0 accept\n"));
  CHECK(text.contains("ip daddr { 169.254.169.253, 10.0.0.2 } udp dport 53 accept\n"));
}

TEST_CASE("firewall: a change is what differs, and nothing when nothing does") {
  const VpcPicture before = one_task();
  const InterfaceConfig same = before.interfaces.begin()->second;
  CHECK(firewall_change(before, {.vpc_id = "vpc-1", .interfaces = {same}}) == "");
  InterfaceConfig moved = same;
  moved.groups = {"sg-0b"};
  const auto text = firewall_change(before, {.vpc_id = "vpc-1", .interfaces = {moved}});
  REQUIRE(text);
  CHECK(text->contains("add set inet utakata members_sg_0b"));
  CHECK(text->contains("delete element inet utakata members_sg_0a { 10.0.1.11 }\n"));
  CHECK(text->contains("add element inet utakata members_sg_0b { 10.0.1.11 }\n"));
  CHECK(!text->contains("bound"));
  const auto gone = firewall_change(before, {.vpc_id = "vpc-1", .removed_interfaces = {same.id}});
  CHECK(gone->contains("delete element inet utakata bound"));
  CHECK(firewall_change(before, {.vpc_id = "vpc-1", .removed_interfaces = {"eni-unknown"}}) == "");
}

TEST_CASE("firewall: a group that goes, or a VPC that begins, needs the whole table") {
  CHECK(!firewall_change(one_task(), {.vpc_id = "vpc-1", .removed_groups = {"sg-0a"}}));
  CHECK(!firewall_change({}, {.vpc_id = "vpc-1", .cidr = "10.0.0.0/16"}));
}
