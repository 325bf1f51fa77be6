// Security groups, spoofed addresses and several VPCs on real containers.
#include <doctest/doctest.h>

#include "place_test.hpp"

using namespace utakata;        // NOLINT: a test
using namespace utakata::test;  // NOLINT: a test

namespace {

// Says again and again whether it gets an answer.
str asks(const str& address) {
  return cat("while :; do timeout 1 wget -q -O - http://", address,
             "/ >/dev/null 2>&1 && echo yes || echo no; sleep 0.1; done");
}
constexpr const char* serves = "mkdir -p /w; echo hello > /w/index.html; exec httpd -f -p 80 -h /w";

// Waits until the task says it, after the first `past` lines; the number of lines by then.
std::size_t until_said(Place& place, const TaskSpec& spec, std::string_view what, std::size_t past = 0) {
  while (true) {
    const list<str> lines = place.lines(spec, past + 1);
    REQUIRE_MESSAGE(lines.size() > past, "the task has not said ", str(what));
    if (std::find(lines.begin() + static_cast<std::ptrdiff_t>(past), lines.end(), what) != lines.end())
      return lines.size();
    past = lines.size();
  }
}

SecurityRule lets_in(str protocol, i32 port, str group) {
  return {.protocol = std::move(protocol), .from_port = port, .to_port = port, .peer_group = std::move(group)};
}
const SecurityRule everything_out{.egress = true, .cidr = "0.0.0.0/0"};

void set_group(Place& place, str id, list<SecurityRule> rules) {
  place.sandbox->change(ChangeVpc{
      .vpc_id = "vpc-1", .cidr = "172.31.0.0/16", .groups = {{.id = std::move(id), .rules = std::move(rules)}}});
}

}  // namespace

TEST_CASE("containers: two tasks may not talk, then may, then may not, while they run") {
  Place place;
  set_group(place, "sg-web", {everything_out});
  set_group(place, "sg-client", {everything_out});
  const TaskSpec web = place.task({shell("web", serves)});
  const TaskSpec client = place.task({tells("app", asks(web.network.address))});
  place.start(web, {"sg-web"});
  place.reports.until(web.arn, "RUNNING");
  place.start(client, {"sg-client"});
  std::size_t said = until_said(place, client, "no");
  set_group(place, "sg-web", {everything_out, lets_in("tcp", 80, "sg-client")});
  said = until_said(place, client, "yes", said);
  set_group(place, "sg-web", {everything_out, lets_in("tcp", 81, "sg-client")});
  said = until_said(place, client, "no", said);
  // By membership as well as by rules, and by the rules of egress.
  place.join(client, {"sg-open"});
  place.join(web, {"sg-open"});
  said = until_said(place, client, "yes", said);
  set_group(place, "sg-mute", {});
  place.join(client, {"sg-mute"});
  until_said(place, client, "no", said);
}

TEST_CASE("containers: a connection that was let through goes on when its rule is gone") {
  Place place;
  set_group(place, "sg-web", {everything_out, lets_in("tcp", 9, "sg-client"), lets_in("tcp", 80, "sg-client")});
  set_group(place, "sg-client", {everything_out});
  const TaskSpec web = place.task({tells("app", "sleep 1000 | nc -l -p 9"), shell("web", serves)});
  place.start(web, {"sg-web"});
  place.reports.until(web.arn, "RUNNING");
  const str to_web = web.network.address;
  const TaskSpec client =
      place.task({shell("holds", cat("sleep 1; (while :; do echo beat; sleep 0.1; done) | nc ", to_web, " 9")),
                  tells("app", asks(to_web))});
  place.start(client, {"sg-client"});
  until_said(place, web, "beat");
  const std::size_t said = until_said(place, client, "yes");
  set_group(place, "sg-web", {everything_out});
  until_said(place, client, "no", said);
  const std::size_t beats = place.lines(web, 1).size();
  CHECK(place.lines(web, beats + 20).size() >= beats + 20);
}

TEST_CASE("containers: what a task sends under another's address never arrives") {
  const Tools tools;
  Place place({.host_paths = tools.path, .efs = {}, .s3 = {}});
  // All are members of a group that lets everybody in, the one under whose address it is sent, too: nothing but the way
  // that the packet came can be the reason.
  set_group(place, "sg-open", {everything_out, {.cidr = "0.0.0.0/0"}});
  const auto with_tools = [&](const str& script) {
    TaskSpec spec = place.task({tells("app", script)});
    tools.bring(spec);
    return spec;
  };
  const TaskSpec target = with_tools("exec /tools/attempts hear");
  place.start(target, {"sg-open"});
  place.reports.until(target.arn, "RUNNING");
  until_said(place, target, "hears");
  const TaskSpec neighbour = place.task({tells("app", "echo here; sleep 1000")});
  place.start(neighbour, {"sg-open"});
  until_said(place, neighbour, "here");
  const str& forged = neighbour.network.address;
  TaskSpec liar = with_tools("");
  const str told = cat(" -- to=", target.network.address, " forged=", forged, " honest=", liar.network.address);
  // The forged ones go first: when an honest one is there, they would be.
  liar.containers[0].command =
      list<str>{"sh", "-c",
                cat("for i in 1 2 3; do /tools/attempts send-forged", told,
                    "; done; while :; do /tools/attempts send-honest", told, "; sleep 0.1; done")};
  place.start(liar, {"sg-open"});
  CHECK(place.lines(liar, 3).at(0) == "send-forged OPEN");  // the container's own kernel sends it
  until_said(place, target, liar.network.address);
  const list<str> arrived = place.lines(target, 1);
  CHECK(std::ranges::find(arrived, forged) == arrived.end());
}

TEST_CASE("containers: VPCs with the same addresses have nothing to do with each other") {
  Place place;
  const auto in_vpc = [&](const str& vpc, const str& word) {
    TaskSpec spec =
        place.task({shell("web", cat("mkdir -p /w; echo ", word, " > /w/index.html; exec httpd -f -p 80 -h /w"))});
    spec.network.vpc_id = vpc;
    spec.network.address = "172.31.0.77";
    return spec;
  };
  const auto asks_once = [&](const str& vpc) {
    TaskSpec spec = place.task({tells(
        "app", "exec 2>/dev/null; while :; do timeout 2 wget -q -O - http://172.31.0.77/ && exit; sleep 0.1; done")});
    spec.network.vpc_id = vpc;
    return spec;
  };
  for (const str vpc : {"vpc-1", "vpc-2"}) place.start(in_vpc(vpc, vpc));
  for (const str vpc : {"vpc-1", "vpc-2"}) {
    const TaskSpec client = asks_once(vpc);
    place.start(client);
    CHECK(place.lines(client, 1) == list<str>{vpc});
  }
}

TEST_CASE(
    "containers: the picture that a new daemon is given is in force for tasks that run, and VPCs that are gone go") {
  Place place;
  const TaskSpec web = place.task({shell("web", serves)});
  place.start(web);
  place.reports.until(web.arn, "RUNNING");
  const TaskSpec client = place.task({tells("app", asks(web.network.address))});
  place.start(client);
  std::size_t said = until_said(place, client, "yes");
  place.sandbox->namespace_of("vpc-2");
  place.sandbox = nullptr;
  place.open();
  place.sandbox->recover();
  said = until_said(place, client, "yes", said);  // nobody has said anything yet: as it was
  place.sandbox->configure({.vpcs = {{.id = "vpc-1", .cidr = "172.31.0.0/16"}}});
  until_said(place, client, "no", said);
  CHECK(!std::filesystem::exists(place.dir + "/network/vpc-2"));
}
