#include "sandbox/vpc_names.hpp"

#include <doctest/doctest.h>

using namespace utakata;           // NOLINT: a test
using namespace utakata::sandbox;  // NOLINT: a test

TEST_CASE("vpc names: what was told, what every interface is called, and what is somebody else's") {
  VpcPicture vpc{.id = "vpc-1", .cidr = "10.0.0.0/16"};
  vpc.names["web-1.ap-northeast-1.elb.localhost"] = {.addresses = {"10.0.0.5"}};
  CHECK(known_name(vpc, "web-1.ap-northeast-1.elb.localhost")->addresses == list<str>{"10.0.0.5"});
  CHECK(known_name(vpc, "gone-1.ap-northeast-1.elb.localhost")->addresses.empty());
  CHECK(known_name(vpc, "gone-1.elb.ap-northeast-1.localhost")->addresses.empty());
  CHECK(known_name(vpc, "ip-10-0-1-12.ap-northeast-1.compute.internal")->addresses == list<str>{"10.0.1.12"});
  CHECK(known_name(vpc, "ip-10-0-1-12.ec2.internal")->addresses == list<str>{"10.0.1.12"});
  CHECK(known_name(vpc, "ip-172-31-0-4.ap-northeast-1.compute.internal")->addresses.empty());
  for (const str name : {"example.com", "ip-10-0-1.ec2.internal", "ip-10-0-1-12.example.com", ""})
    CHECK(!known_name(vpc, name));
}

TEST_CASE("vpc names: the host's resolvers are read from its resolv.conf") {
  CHECK(name_servers("# by hand\nsearch x\nnameserver 192.0.2.53\nnameserver\t127.0.0.53 \nnameserver ::1\n") ==
        list<str>{"192.0.2.53", "127.0.0.53"});
  CHECK(name_servers("").empty());
}
