#include "images/reference.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace utakata;          // NOLINT: a test
using namespace utakata::images;  // NOLINT: a test

namespace {
const str digest = "sha256:" + str(64, 'a');
}

TEST_CASE("images reference: registry, path, tag and digest are told apart as Docker tells them") {
  struct Case {
    str text, registry, path, tag, digest;
  };
  for (const Case& c :
       {Case{"busybox", "", "busybox", "latest", ""}, Case{"team/app:1.2_b", "", "team/app", "1.2_b", ""},
        Case{"localhost/app", "localhost", "app", "latest", ""},
        Case{"127.0.0.1:5000/team/app:v1", "127.0.0.1:5000", "team/app", "v1", ""},
        Case{"registry.example.com/app@" + digest, "registry.example.com", "app", "", digest},
        Case{"registry.example.com/app:v1@" + digest, "registry.example.com", "app", "v1", digest},
        Case{"public.ecr.aws/docker/library/nginx:1", "public.ecr.aws", "docker/library/nginx", "1", ""}}) {
    const auto got = parse_reference(c.text);
    REQUIRE_MESSAGE(got, c.text);
    CHECK(got->registry == c.registry);
    CHECK(got->path == c.path);
    CHECK(got->tag == c.tag);
    CHECK(got->digest == c.digest);
  }
}

TEST_CASE("images reference: what no registry would take is refused, also what would lead out of a folder") {
  for (const str& text : {str(), str("/etc"), str("../x"), str("a/../b"), str("a//b"), str("a:"), str("A"), str("a b"),
                          str("a@sha256:12"), str("host:0/a"), str("host:99999/a"), str("a:..%2f"), str("-x.y/a"),
                          str("a:-1"), "a@md5:" + str(32, 'a'), str(600, 'a'), str("a/.."), str("docker://a")})
    CHECK_MESSAGE(!parse_reference(text), text);
  const auto refused = parse_reference("a b");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "CannotPullContainerError: invalid reference format: a b");
}

TEST_CASE("images reference: ECR's registries are known by their names") {
  CHECK(is_ecr("123456789012.dkr.ecr.ap-northeast-1.amazonaws.com"));
  CHECK(is_ecr("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"));
  CHECK_FALSE(is_ecr("12345678901.dkr.ecr.ap-northeast-1.amazonaws.com"));
  CHECK_FALSE(is_ecr("123456789012.dkr.ecr.example.com"));
  CHECK_FALSE(is_ecr("public.ecr.aws"));
}
