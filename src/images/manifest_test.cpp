#include "images/manifest.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "images/digest.hpp"

using namespace utakata;          // NOLINT: a test
using namespace utakata::images;  // NOLINT: a test

namespace {
str d(char digit) { return "sha256:" + str(64, digit); }
str layer(const str& digest) { return R"({"digest":")" + digest + R"(","size":10})"; }
}  // namespace

TEST_CASE("images manifest: configuration, layers and its own digest are read") {
  const str text =
      R"({"schemaVersion":2,"config":)" + layer(d('1')) + R"(,"layers":[)" + layer(d('2')) + "," + layer(d('3')) + "]}";
  const auto manifest = parse_manifest(text);
  REQUIRE(manifest);
  CHECK(manifest->digest == digest_of(text));
  CHECK(manifest->config.digest == d('1'));
  REQUIRE(manifest->layers.size() == 2);
  CHECK(manifest->layers[1].digest == d('3'));
  CHECK(manifest->layers_bytes() == 20);
}

TEST_CASE("images manifest: what could lead out of the store, or is of another time, is refused") {
  for (const str& text : {str("x"), str("[]"), str(R"({"schemaVersion":1})"), str(R"({"schemaVersion":2})"),
                          R"({"schemaVersion":2,"config":)" + layer("sha256:../../etc/passwd") + "}",
                          R"({"schemaVersion":2,"config":)" + layer("sha512:" + str(64, 'a')) + "}",
                          R"({"schemaVersion":2,"config":)" + layer(d('A')) + "}"})
    CHECK_MESSAGE(!parse_manifest(text), text);
  str many = R"({"schemaVersion":2,"config":)" + layer(d('1')) + R"(,"layers":[)" + layer(d('2'));
  for (std::size_t i = 0; i < layers_max; ++i) many += "," + layer(d('2'));
  CHECK_FALSE(parse_manifest(many + "]}"));
  CHECK_FALSE(parse_config(R"({"rootfs":{"diff_ids":["sha256:../../x"]}})"));
}

TEST_CASE("images manifest: of an index the host's platform is taken, and nothing else") {
  const auto entry = [](const str& digest, const str& platform) {
    return R"({"digest":")" + digest + R"(","size":1,"platform":)" + platform + "}";
  };
  const str index = R"({"schemaVersion":2,"manifests":[)" +
                    entry(d('1'), R"({"os":"linux","architecture":"arm64","variant":"v8"})") + "," +
                    entry(d('2'), R"({"os":"linux","architecture":"amd64"})") + "]}";
  const auto parsed = parse_manifest(index);
  REQUIRE(parsed);
  CHECK(parsed->index);
  CHECK(choose(*parsed, "linux/arm64")->manifest.digest == d('1'));
  CHECK(choose(*parsed, "linux/amd64")->manifest.digest == d('2'));
  CHECK(choose(*parsed, "linux/riscv64") == nullptr);
  CHECK(runs_on("", "linux/amd64"));
  CHECK_FALSE(runs_on("linux/arm64", "linux/amd64"));
  CHECK_FALSE(runs_on("windows/amd64", "linux/amd64"));
}

TEST_CASE("images manifest: a configuration without a command, an environment or a platform is one") {
  const auto config = parse_config(R"({"rootfs":{"type":"layers"}})");
  REQUIRE(config);
  CHECK(config->image.command.empty());
  CHECK(config->diff_ids.empty());
  CHECK(config->platform.empty());
}
