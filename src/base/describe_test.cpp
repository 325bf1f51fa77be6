#include "base/describe.hpp"

#include <doctest/doctest.h>

using namespace utakata;  // NOLINT: a test

namespace {

struct Inner {
  str name;
  opt<i32> weight, base;
};
struct Shape {
  str cluster;
  opt<list<Inner>> items;
  opt<dict<str>> tags;
  OneOf<"EC2", "FARGATE"> launchType;
  bool rollback = false;
  stored<bool> enableFaultInjection;
  as<"subnetId", list<str>> SubnetIds;
  opt<str> namespace_;
  opt<Instant> createdAt;
};
struct Tree {
  str name;
  list<Tree> children;
};
struct One {
  opt<str> only;
};
struct None {};

}  // namespace

TEST_CASE("describe: members carry their wire names, marks and true offsets") {
  const Type& type = type_of<Shape>;
  REQUIRE(type.count == 9);
  CHECK(type.fields[0].name == "cluster");
  CHECK(type.fields[0].required());
  CHECK(type.fields[7].name == "namespace");
  CHECK(type.fields[6].alias == "subnetId");
  CHECK(type.fields[5].stored_only);
  Shape shape;
  shape.createdAt = Instant{7};
  CHECK(static_cast<const Instant*>(type.field("createdAt")->find_in(&shape))->ns == 7);
  *static_cast<str*>(type.field("namespace")->value_in(&shape)) = "x";
  CHECK(*shape.namespace_ == "x");
  CHECK(type.field("items")->find_in(&shape) == nullptr);
}

TEST_CASE("describe: lists, dicts and recursion are reached through the table") {
  Tree tree;
  const Type& type = type_of<Tree>;
  auto* child = static_cast<Tree*>(type.field("children")->type->push(type.field("children")->value_in(&tree)));
  child->name = "leaf";
  CHECK(tree.children.at(0).name == "leaf");
  CHECK(type.field("children")->type->element == &type);
  CHECK(type_of<One>.count == 1);
  CHECK(type_of<None>.count == 0);
}

TEST_CASE("types: an enumeration compares by its wire names") {
  OneOf<"EC2", "FARGATE"> launch = "FARGATE";
  CHECK((launch == "FARGATE"));
  CHECK(launch.name() == "FARGATE");
  CHECK_FALSE((launch == "EC2"));
}
