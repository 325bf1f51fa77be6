#include "sandbox/process.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace utakata;           // NOLINT: a test
using namespace utakata::sandbox;  // NOLINT: a test

namespace {

const Image image{.entry_point = {"/entry"}, .command = {"serve"}, .environment = {"A=image", "B=image", "C=image"}};

bool has(const Process& process, const str& pair) {
  return std::ranges::find(process.environment, pair) != process.environment.end();
}

}  // namespace

TEST_CASE("process: the definition goes before its environment files, those before the image") {
  ContainerSpec container{.environment = {{"A", "definition"}}, .secrets = {{"D", "secret"}}};
  const auto process = process_of({}, container, image, {{"A", "file"}, {"B", "file"}});
  REQUIRE(process);
  CHECK(has(*process, "A=definition"));
  CHECK(has(*process, "B=file"));
  CHECK(has(*process, "C=image"));
  CHECK(has(*process, "D=secret"));
}

TEST_CASE("process: an entry point drops the image's command, a command keeps its entry point") {
  CHECK(process_of({}, {}, image)->arguments == list<str>{"/entry", "serve"});
  CHECK(process_of({}, {.entry_point = list<str>{"/mine"}}, image)->arguments == list<str>{"/mine"});
  CHECK(process_of({}, {.command = list<str>{"once"}}, image)->arguments == list<str>{"/entry", "once"});
  CHECK(process_of({}, {.init_process = true}, image)->arguments == list<str>{"/dev/init", "--", "/entry", "serve"});
  CHECK_FALSE(process_of({}, {}, Image{}));
}

TEST_CASE("process: users by name and number, with the groups that list them") {
  const str passwd = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/:/bin/sh\n";
  const str group = "root:x:0:\nwheel:x:10:root,app\napp:x:1001:app\nmedia:x:44:app\n";
  const auto app = user_of("app", passwd, group);
  REQUIRE(app);
  CHECK(app->uid == 1000);
  CHECK(app->gid == 1001);
  CHECK(app->more_gids == list<i64>{10, 44});
  CHECK(user_of("1000", passwd, group)->gid == 1001);
  CHECK(user_of("4000", passwd, group)->uid == 4000);
  CHECK(user_of("4000", passwd, group)->more_gids.empty());
  const auto other = user_of("app:media", passwd, group);
  REQUIRE(other);
  CHECK(other->gid == 44);
  CHECK(other->more_gids.empty());
  CHECK(user_of("", passwd, group)->more_gids == list<i64>{10});
  CHECK(user_of("nobody", passwd, group).error().message.contains("unable to find user nobody"));
  CHECK(user_of("app:nogroup", passwd, group).error().message.contains("unable to find group nogroup"));
}

TEST_CASE("process: an environment file's lines are taken as they stand") {
  const auto values = parse_environment_file("A=1\r\n# B=2\n\nC=a=b \"q\"\nnothing\n=x\nD=\n");
  CHECK(values == dict<str>{{"A", "1"}, {"C", "a=b \"q\""}, {"D", ""}});
}
