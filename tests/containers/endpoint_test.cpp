// What a task finds at 169.254.170.2, asked from inside real containers.
#include <doctest/doctest.h>

#include <algorithm>

#include "base/json.hpp"
#include "place_test.hpp"

using namespace utakata;        // NOLINT: a test
using namespace utakata::test;  // NOLINT: a test

namespace {

const str get = "timeout 5 wget -q -O - ";

list<str> output(Place& place, const TaskSpec& spec, std::size_t lines) {
  place.start(spec);
  list<str> found = place.lines(spec, lines);
  place.reports.until(spec.arn, "STOPPED");
  INFO(join(found, "\n"));
  REQUIRE(found.size() == lines);
  return found;
}

Json parsed(const str& text) {
  auto json = Json::parse(text);
  REQUIRE_MESSAGE(json, text);
  return *std::move(json);
}

}  // namespace

TEST_CASE("endpoint: containers read their own metadata, their task's and their true statistics") {
  Place place;
  const ContainerSpec app = tells(
      "app", cat("echo $ECS_CONTAINER_METADATA_URI_V4; ", get, "$ECS_CONTAINER_METADATA_URI_V4; echo; ", get,
                 "$ECS_CONTAINER_METADATA_URI_V4/task; echo; ", get, "$ECS_CONTAINER_METADATA_URI_V4/stats; echo; ",
                 get, "$ECS_CONTAINER_METADATA_URI_V4/task/stats; echo; httpd -p 80 -h /etc; ", get,
                 "http://127.0.0.1/passwd | grep -c ^root:"));
  ContainerSpec side = shell("side", "sleep 1000");
  side.essential = false;
  const TaskSpec spec = place.task({side, app});
  const list<str> lines = output(place, spec, 6);
  const Json own = parsed(lines[1]);
  CHECK(lines[0] == cat("http://169.254.170.2/v4/", own.text_at({"DockerId"})));
  CHECK(own.text_at({"DockerId"}).starts_with(spec.id + "-"));
  CHECK(own.text_at({"Name"}) == "app");
  CHECK(own.text_at({"KnownStatus"}) == "RUNNING");
  CHECK(own.text_at({"ImageID"}).starts_with("sha256:"));
  CHECK(own.find("StartedAt") != nullptr);
  const Json task = parsed(lines[2]);
  CHECK(task.text_at({"TaskARN"}) == spec.arn);
  CHECK(task.find("Containers")->size() == 2);
  const Json statistics = parsed(lines[3]);
  CHECK(*statistics.find({"cpu_stats", "cpu_usage", "total_usage"})->integer() > 0);
  CHECK(*statistics.find({"memory_stats", "usage"})->integer() > 0);
  CHECK(*statistics.find({"memory_stats", "limit"})->integer() == i64{256} * 1024 * 1024);
  CHECK(*statistics.find({"pids_stats", "current"})->integer() > 0);
  CHECK(*statistics.find({"networks", "eth0", "tx_bytes"})->integer() > 0);
  CHECK(parsed(lines[4]).size() == 2);
  // A server of the task's own may listen on port 80 of every address of it.
  CHECK(lines[5] == "1");
}

TEST_CASE("endpoint: a neighbour's metadata and credentials are out of reach, by whatever way") {
  Place place;
  const ContainerSpec victim =
      tells("app", "echo $ECS_CONTAINER_METADATA_URI_V4 $AWS_CONTAINER_CREDENTIALS_RELATIVE_URI; sleep 1000");
  TaskSpec first = place.task({victim});
  first.role_arn = "arn:aws:iam::000000000000:role/r";
  place.start(first);
  const list<str> told = place.lines(first, 1);
  REQUIRE(told.size() == 1);
  const str uri = told[0].substr(0, told[0].find(' '));
  const str credentials = told[0].substr(told[0].find(' ') + 1);
  const str id = uri.substr(uri.rfind('/') + 1);
  CHECK(credentials.starts_with("/v2/credentials/"));
  const str take = "timeout 5 wget -q -O /dev/null ";
  const str stolen = " 2>/dev/null && echo STOLEN || echo safe; ";
  const ContainerSpec thief = tells(
      "app", cat(take, "$ECS_CONTAINER_METADATA_URI_V4 && echo own; ",                                              //
                 take, uri, stolen, take, uri, "/task", stolen, take, "http://169.254.170.2", credentials, stolen,  //
                 take, "--header 'Host: ", first.network.address, "' ", uri, stolen,                                //
                 take, "http://", first.network.address, "/v4/", id, stolen,                                        //
                 take, "http://172.31.0.1/v4/", id, stolen,                                                         //
                 "printf 'GET ", uri, " HTTP/1.1\\r\\nHost: x\\r\\nX-Forwarded-For: ", first.network.address,
                 "\\r\\nConnection: close\\r\\n\\r\\n' | nc 169.254.170.2 80 | head -1 | tr -d '\\r'; echo END"));
  const TaskSpec second = place.task({thief});
  place.start(second);
  const list<str> lines = place.lines(second, 9);
  INFO(join(lines, "\n"));
  CHECK(std::ranges::count(lines, "own") == 1);
  CHECK(std::ranges::count(lines, "safe") == 6);
  CHECK(std::ranges::count(lines, "STOLEN") == 0);
  CHECK(std::ranges::count(lines, "HTTP/1.1 404 Not Found") == 1);
}

TEST_CASE("endpoint: after a restart of the daemon the same ids answer at the same place") {
  Place place;
  const TaskSpec spec = place.task({tells(
      "app",
      cat("echo first; until test -e /again; do sleep 0.1; done; id=$(basename $ECS_CONTAINER_METADATA_URI_V4); ", get,
          "$ECS_CONTAINER_METADATA_URI_V4 | grep -q $id && exit 42; exit 1"))});
  place.start(spec);
  REQUIRE(place.lines(spec, 1).size() == 1);
  place.sandbox.reset();
  place.open();
  place.sandbox->recover();
  REQUIRE(place.reports.inventory());
  std::ofstream(cat(place.dir, "/tasks/", spec.id, "/containers/app/rootfs/again")) << "x";
  CHECK(*place.reports.until(spec.arn, "STOPPED").containers[0].exit_code == 42);
}
