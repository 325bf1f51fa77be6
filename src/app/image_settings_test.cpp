#include <doctest/doctest.h>

#include "app/commands.hpp"
#include "app/serve_settings.hpp"
#include "base/text.hpp"
#include "tests/files.hpp"

using namespace utakata;  // NOLINT: a test

namespace {

Outcome<app::ServeSettings> serve_with(const std::vector<std::string_view>& words) {
  for (const app::Command& command : app::commands())
    if (command.rule.name == "serve") {
      const auto arguments = app::Arguments::parse(command.rule, words);
      REQUIRE(arguments);
      return app::serve_settings(*arguments);
    }
  return refuse("none", "there is no command serve");
}

}  // namespace

TEST_CASE("app: registries are taken as references name them, and what names none is refused by its option") {
  const auto settings = serve_with({"--insecure-registry", "127.0.0.1:5000,registry.test", "--ecr-registry",
                                    "127.0.0.1:5000", "--image-age", "2", "--image-space", "3"});
  REQUIRE_MESSAGE(settings, (settings ? str() : settings.error().message));
  CHECK(settings->image_sources.insecure == list<str>{"127.0.0.1:5000", "registry.test"});
  CHECK(settings->image_sources.is_insecure("registry.test"));
  CHECK(settings->image_rules.unused_for == hours(2));
  CHECK(settings->image_rules.bytes_max == i64{3} << 30);
  CHECK(settings->ecr_login.user_name == "AWS");
  for (const std::string_view wrong : {"http://registry.test", "registry", "registry.test/path", "a.b:99999", ""})
    CHECK(serve_with({"--insecure-registry", wrong}).error().message.contains("--insecure-registry"));
  CHECK(serve_with({"--ecr-registry", "nothing"}).error().message.contains("--ecr-registry"));
  CHECK(serve_with({"--registry-auth", "/no/such/file"}).error().message.contains("--registry-auth"));
  CHECK(serve_with({"--image-age", "0"}).error().message.contains("--image-age"));
}

TEST_CASE("app: the login of the registry that stands in for ECR comes from the file of logins") {
  const test::TemporaryFolder folder("auth");
  const std::string name = folder.path + "/auth.json";
  folder.write("auth.json", cat(R"({"auths":{"r.test:5000":{"auth":")", base64_encode("AWS:with:colon"), R"("}}})"));
  const auto settings = serve_with({"--ecr-registry", "r.test:5000", "--registry-auth", name});
  REQUIRE(settings);
  CHECK(settings->ecr_login.password == "with:colon");
  CHECK(serve_with({"--ecr-registry", "other.test:5000", "--registry-auth", name})->ecr_login.password == "utakata");
  folder.write("auth.json", "{");
  CHECK(serve_with({"--ecr-registry", "r.test:5000", "--registry-auth", name})
            .error()
            .message.contains("--registry-auth"));
}

TEST_CASE("app: a folder of images that is not there is refused by its option") {
  const test::TemporaryFolder folder("images");
  CHECK(serve_with({"--images", folder.path})->images_dir == folder.path);
  const auto refused = serve_with({"--images", folder.path + "/absent"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.contains("--images"));
  CHECK(refused.error().message.contains(folder.path + "/absent"));
  CHECK(serve_with({"--state", "/s"})->images_dir == "/s/images");
}
