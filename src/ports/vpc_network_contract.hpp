#pragma once

#include <doctest/doctest.h>

#include <string_view>

#include "base/text.hpp"
#include "ports/ports.hpp"

// What every network of VPCs must do, real or simulated. Included by tests only.
namespace utakata::ports::test {

/// Where the contract is tried.
class VpcHost {
 public:
  VpcHost() = default;
  VpcHost(const VpcHost&) = delete;
  VpcHost& operator=(const VpcHost&) = delete;
  virtual ~VpcHost() = default;

  virtual VpcNetwork& network() = 0;
  /// A task with this interface, which the network knows already. It answers at the ports 80 and 81.
  virtual void start_task(const str& vpc_id, const InterfaceConfig&) = 0;
  /// Whether the task at that address can connect to another one now.
  virtual bool connects(const str& vpc_id, const str& from, const str& to, i32 port) = 0;
  /// Between one look and the next.
  virtual void wait() {}
  /// The addresses of a name, as the task at that address is told them now.
  virtual list<str> resolves(const str& vpc_id, const str& from, const str& name) = 0;
};

namespace vpc_network {

// A picture is in force a moment after it has been taken in; so often is asked whether it is.
inline constexpr int tries_max = 100;

inline const SecurityRule everything_out{.egress = true, .cidr = "0.0.0.0/0"};
inline const str web = "10.1.0.10", client = "10.1.0.11", other = "10.1.1.12";

inline SecurityRule lets_in(i32 from_port, i32 to_port, const str& cidr, const str& group = {}) {
  return {.protocol = "tcp", .from_port = from_port, .to_port = to_port, .cidr = cidr, .peer_group = group};
}
inline InterfaceConfig interface_at(const str& address, const str& group) {
  return {.id = cat("eni-", address.substr(address.rfind('.') + 1)), .address = address, .groups = {group}};
}

/// Who connects to the web server's ports, in words: "client:80 other:80".
inline str who_connects(VpcHost& host) {
  str all;
  for (const auto& [name, from] : {std::pair("client", client), std::pair("other", other)})
    for (const i32 port : {80, 81})
      if (host.connects("vpc-a", from, web, port)) all += cat(all.empty() ? "" : " ", name, ":", port);
  return all;
}
inline void become(VpcHost& host, std::string_view who) {
  str found = who_connects(host);
  for (int tries = 1; found != who && tries < tries_max; ++tries) {
    host.wait();
    found = who_connects(host);
  }
  CHECK(found == who);
}
inline void become_in(VpcHost& host, const str& vpc_id, bool expected) {
  bool found = host.connects(vpc_id, client, web, 80);
  for (int tries = 1; found != expected && tries < tries_max; ++tries) {
    host.wait();
    found = host.connects(vpc_id, client, web, 80);
  }
  CHECK(found == expected);
}

/// Two VPCs with the same addresses: in the first nothing is let in, in the second everything.
inline void begin(VpcHost& host) {
  const VpcConfig closed{
      .id = "vpc-a",
      .cidr = "10.1.0.0/16",
      .groups = {{.id = "sg-web", .rules = {everything_out}},
                 {.id = "sg-client", .rules = {everything_out}},
                 {.id = "sg-other", .rules = {everything_out}}},
      .interfaces = {interface_at(web, "sg-web"), interface_at(client, "sg-client"), interface_at(other, "sg-other")},
      .names = {{.name = "db.test", .addresses = {web}}}};
  const VpcConfig open{.id = "vpc-b",
                       .cidr = "10.1.0.0/16",
                       .groups = {{.id = "sg-open", .rules = {everything_out, lets_in(0, 65'535, "0.0.0.0/0")}}},
                       .interfaces = {interface_at(web, "sg-open"), interface_at(client, "sg-open")}};
  host.network().configure({.vpcs = {closed, open}});
  for (const VpcConfig& vpc : {closed, open})
    for (const InterfaceConfig& each : vpc.interfaces) host.start_task(vpc.id, each);
}

inline void keeps_to_rules(VpcHost& host) {
  const auto set_web = [&](list<SecurityRule> rules) {
    rules.push_back(everything_out);
    host.network().change(ChangeVpc{.vpc_id = "vpc-a", .groups = {{.id = "sg-web", .rules = std::move(rules)}}});
  };
  // A picture that came before a task was asked for is in force before it starts: one look is enough.
  CHECK(who_connects(host).empty());
  CHECK(host.connects("vpc-b", client, web, 80));
  set_web({lets_in(80, 80, "", "sg-client")});
  become(host, "client:80");
  set_web({lets_in(80, 80, "", "sg-client")});  // once more without harm
  become(host, "client:80");
  set_web({lets_in(80, 80, "", "sg-client"), lets_in(80, 81, "10.1.1.0/24")});
  become(host, "client:80 other:80 other:81");
  set_web({lets_in(81, 81, "0.0.0.0/0")});
  become(host, "client:81 other:81");
}

inline void keeps_to_membership(VpcHost& host) {
  const auto move = [&](const str& address, const str& group) {
    host.network().change(ChangeVpc{.vpc_id = "vpc-a", .interfaces = {interface_at(address, group)}});
  };
  host.network().change(ChangeVpc{
      .vpc_id = "vpc-a",
      .groups = {
          {.id = "sg-mute", .rules = {}},
          {.id = "sg-web", .rules = {everything_out, lets_in(80, 80, "", "sg-guest")}},
          {.id = "sg-guest",
           .rules = {{.egress = true, .protocol = "tcp", .from_port = 80, .to_port = 80, .cidr = "10.1.0.0/24"}}}}});
  become(host, "");
  move(client, "sg-guest");
  become(host, "client:80");
  move(other, "sg-guest");
  become(host, "client:80 other:80");
  move(client, "sg-mute");  // what nothing lets out is not let in either
  become(host, "other:80");
  move(web, "sg-mute");
  become(host, "");
  CHECK(host.connects("vpc-b", client, web, 80));
  // A group that is gone lets nothing through, in or out.
  move(web, "sg-web");
  become(host, "other:80");
  host.network().change(
      ChangeVpc{.vpc_id = "vpc-a", .removed_groups = {"sg-guest"}, .interfaces = {interface_at(other, "sg-mute")}});
  become(host, "");
}

inline void knows_names(VpcHost& host) {
  const auto name = [&](const str& name, list<str> addresses) {
    host.network().change(ChangeVpc{.vpc_id = "vpc-a", .names = {{.name = name, .addresses = std::move(addresses)}}});
  };
  CHECK(host.resolves("vpc-a", client, "db.test") == list<str>{web});
  CHECK(host.resolves("vpc-b", client, "db.test").empty());
  name("db.test", {other});
  CHECK(host.resolves("vpc-a", client, "db.test") == list<str>{other});
  name("new.test", {web});
  CHECK(host.resolves("vpc-a", client, "new.test") == list<str>{web});
  name("db.test", {});
  CHECK(host.resolves("vpc-a", client, "db.test").empty());
}

inline void takes_whole_pictures(VpcHost& host) {
  // A change makes a VPC known; a whole picture forgets what it does not name.
  host.network().change(
      ChangeVpc{.vpc_id = "vpc-c",
                .cidr = "10.1.0.0/16",
                .groups = {{.id = "sg-open", .rules = {everything_out, lets_in(80, 80, "10.1.0.0/16")}}},
                .interfaces = {interface_at(web, "sg-open"), interface_at(client, "sg-open")}});
  for (const str& address : {web, client}) host.start_task("vpc-c", interface_at(address, "sg-open"));
  CHECK(host.connects("vpc-c", client, web, 80));
  CHECK_FALSE(host.connects("vpc-c", client, web, 81));
  const VpcConfig open{.id = "vpc-a",
                       .cidr = "10.1.0.0/16",
                       .groups = {{.id = "sg-web", .rules = {everything_out, lets_in(80, 81, "10.1.0.0/16")}}},
                       .interfaces = {interface_at(web, "sg-web"), interface_at(client, "sg-web")}};
  host.network().configure({.vpcs = {open}});
  become(host, "client:80 client:81");  // the interface of the other one is in it no longer
  become_in(host, "vpc-b", false);
  become_in(host, "vpc-c", false);
  CHECK(host.resolves("vpc-a", client, "new.test").empty());
  host.network().change(ChangeVpc{.vpc_id = "vpc-a", .removed = true});
  become(host, "");
  host.network().change(ChangeVpc{.vpc_id = "vpc-a", .removed = true});
}

}  // namespace vpc_network

/// Each part goes on with what the one before has left.
inline void hold_to_contract(VpcHost& host) {
  vpc_network::begin(host);
  vpc_network::keeps_to_rules(host);
  vpc_network::keeps_to_membership(host);
  vpc_network::knows_names(host);
  vpc_network::takes_whole_pictures(host);
}

}  // namespace utakata::ports::test
