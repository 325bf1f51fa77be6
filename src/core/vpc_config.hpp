#pragma once

#include "base/types.hpp"

// One VPC as its host must run it: who is in it, who may talk to whom, which names it knows.
namespace utakata {

/// What one rule lets through.
struct SecurityRule {
  bool egress = false;
  str protocol = "-1";               // tcp, udp, icmp, icmpv6, a number; -1 = all of them
  i32 from_port = -1, to_port = -1;  // of icmp: type and code; -1 = any
  str cidr;                          // empty if the peer is a group
  str peer_group;
};

struct SecurityGroupConfig {
  str id;
  list<SecurityRule> rules;
};

/// One network interface: of a task, or of a load balancer.
struct InterfaceConfig {
  str id;
  str address;
  list<str> groups;
  list<str> outward;   // blocks of addresses outside the VPC to which its subnet has a working way
  str public_address;  // where the internet reaches it; empty: nowhere
};

/// What the VPC's resolver answers for one name.
struct DnsName {
  str name;  // in lower case, without a dot at its end
  i32 ttl_seconds = 60;
  i32 answers_max = 8;  // as many are told at once, taken in turns
  list<str> addresses;
  struct Place {
    str host;
    i32 port = 0;
  };
  list<Place> places;  // SRV
};

struct VpcConfig {
  str id;
  str cidr;
  list<SecurityGroupConfig> groups;
  list<InterfaceConfig> interfaces;
  list<DnsName> names;
};

}  // namespace utakata
