#include "images/pull_fault.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace utakata;          // NOLINT: a test
using namespace utakata::images;  // NOLINT: a test

namespace {

str skopeo(const str& message) {
  return "time=\"2026-11-26T00:42:00Z\" level=fatal msg=\"Error parsing image name \\\"docker://r:1/a:2\\\": " +
         message + "\"\n";
}

}  // namespace

TEST_CASE("images pull faults: each cause that skopeo tells of is told apart, in AWS's words") {
  struct Case {
    str output;
    PullTrouble trouble;
    str says;
  };
  const str resolve =
      "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref r:1/a:2: ";
  for (
      const Case& c : {
          Case{"reading manifest 2 in r:1/a: unauthorized: authentication required", PullTrouble::unauthorized,
               resolve + "pull access denied, repository does not exist or may require authorization: server message: "
                         "unauthorized: authentication required"},
          Case{"reading manifest 2 in r:1/a: manifest unknown: manifest unknown", PullTrouble::not_found,
               resolve + "r:1/a:2: not found: reading manifest 2 in r:1/a: manifest unknown: manifest unknown"},
          Case{R"(pinging container registry r:1: Get \"http://r:1/v2/\": dial tcp 127.0.0.1:1: connect: )"
               "connection refused",
               PullTrouble::refused,
               resolve + R"(failed to do request: Head "https://r:1/v2/a/manifests/2": dial tcp 127.0.0.1:1: connect: )"
                         "connection refused"},
          Case{
              R"(pinging container registry r: Get \"https://r/v2/\": dial tcp: lookup r on 10.0.0.2:53: no such host)",
              PullTrouble::no_such_host,
              resolve +
                  R"(failed to do request: Head "https://r:1/v2/a/manifests/2": dial tcp: lookup r on 10.0.0.2:53: )"
                  "no such host"},
          Case{R"(pinging container registry r: Get \"https://r/v2/\": dial tcp 192.0.2.1:443: i/o timeout)",
               PullTrouble::timed_out,
               resolve +
                   R"(failed to do request: Head "https://r:1/v2/a/manifests/2": dial tcp 192.0.2.1:443: i/o timeout)"},
          Case{"writing blob: write /x/y: no space left on device", PullTrouble::disk_full,
               "CannotPullContainerError: ref pull has been retried 1 time(s): failed to extract layer of r:1/a:2: no "
               "space left on device"},
          Case{
              "Digest did not match, expected sha256:1, got sha256:2", PullTrouble::corrupt,
              "CannotPullContainerError: ref pull has been retried 1 time(s): failed commit on ref r:1/a:2: Digest did "
              "not match, expected sha256:1, got sha256:2: failed precondition"},
          Case{"something else", PullTrouble::other, resolve + "something else"},
      }) {
    const str output = skopeo(c.output);
    CHECK(trouble_of(output) == c.trouble);
    CHECK(pull_fault(c.trouble, "r:1/a:2", last_words(output)).message == c.says);
  }
}

TEST_CASE("images pull faults: another platform's image is named as AWS names it, and no text grows beyond its bound") {
  const str text = pull_fault(PullTrouble::wrong_platform, "r/a:1", "").message;
  CHECK(
      text.starts_with("CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does "
                       "not contain descriptor matching platform 'linux/"));
  CHECK(pull_fault(PullTrouble::other, "r/a:1", str(5000, 'x')).message.size() == 1024);
}

TEST_CASE("images pull faults: only what may pass by itself is tried again") {
  CHECK(passes_by_itself(PullTrouble::refused));
  CHECK(passes_by_itself(PullTrouble::timed_out));
  CHECK_FALSE(passes_by_itself(PullTrouble::unauthorized));
  CHECK_FALSE(passes_by_itself(PullTrouble::not_found));
  CHECK_FALSE(passes_by_itself(PullTrouble::disk_full));
}
