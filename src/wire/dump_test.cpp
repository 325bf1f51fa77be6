#include "wire/dump.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"
#include "wire/fixture_test.hpp"

using namespace utakata;                 // NOLINT: a test
using namespace utakata::wire::fixture;  // NOLINT: a test

TEST_CASE("wire dump: operations and their shapes are described with the model's names and types") {
  const Json dump = *Json::parse(wire::api_dump(services));
  CHECK((dump.names() == std::vector<std::string>{"ecs", "sqs", "elasticloadbalancing", "ec2"}));
  CHECK(dump.text_at({"ec2", "protocol"}) == "ec2");
  const Json* operation = dump.find({"ecs", "operations", "RegisterTaskDefinition"});
  REQUIRE(operation != nullptr);
  const Json* input = operation->find("input");
  CHECK(input->find({"members", "family"})->write() == R"({"type":"string","required":true})");
  CHECK(input->find({"members", "labels"})->write() ==
        R"({"type":"map","key":{"type":"string"},"value":{"type":"string"},"required":false})");
  const Json* container = input->find({"members", "containerDefinitions", "member"});
  REQUIRE(container != nullptr);
  CHECK(container->find({"members", "cpu"})->write() == R"({"type":"integer","required":false})");
  CHECK(container->find({"members", "sidecars", "member"})->write() == R"({"type":"recursive"})");
  CHECK(container->find({"members", "portMappings", "member", "members", "protocol"})->write() ==
        R"({"type":"string","enum":["tcp","udp"],"required":false})");
  CHECK(operation->find({"output", "members", "at"})->write() == R"({"type":"timestamp","required":false})");
  CHECK(operation->find("errors")->is_array());
}

TEST_CASE("wire dump: services of our own are left out of the dump and marked on the page") {
  wire::Service own = containers;
  own.published_by_aws = false;
  const std::array<const wire::Service*, 1> list{&own};
  CHECK(wire::api_dump(list) == "{}\n");
  CHECK(wire::compatibility_page(list).find("## ecs (Utakata's own)") != std::string::npos);
}

TEST_CASE("wire dump: the compatibility page tells honoured, stored and refused members apart") {
  const std::string page = wire::compatibility_page(services);
  CHECK(page.find("### RegisterTaskDefinition\n\n- Honoured: `family`, `containerDefinitions[].name`, "
                  "`containerDefinitions[].cpu`, `containerDefinitions[].portMappings[].containerPort`, "
                  "`containerDefinitions[].portMappings[].protocol`, `containerDefinitions[].sidecars[]`, `labels{}`\n"
                  "- Stored only: `containerDefinitions[].hostname`\n"
                  "- Refused: `containerDefinitions[].privileged`\n") != std::string::npos);
}
