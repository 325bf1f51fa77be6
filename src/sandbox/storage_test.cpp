#include "sandbox/storage.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/text.hpp"
#include "sandbox/copy_tree.hpp"
#include "tests/files.hpp"

using namespace utakata;           // NOLINT: a test
using namespace utakata::sandbox;  // NOLINT: a test
using namespace utakata::test;     // NOLINT: a test

namespace {

namespace fs = std::filesystem;

}  // namespace

TEST_CASE("storage: a volume gets what the image has there, links as links, never what lies outside") {
  const TemporaryFolder place("storage");
  const str root = place.path + "/root";
  write_file(root + "/srv/data/a", "inside");
  write_file(root + "/srv/data/deep/b", "deeper");
  write_file(place.path + "/secret/passwd", "outside");
  fs::create_symlink("/etc/passwd", root + "/srv/data/link");
  fs::create_symlink("../../../../../.." + place.path + "/secret", root + "/way-out");
  chmod((root + "/srv/data").c_str(), 0750);
  chmod((root + "/srv/data/a").c_str(), 0640);
  const str target = place.path + "/volume";
  fs::create_directory(target);
  REQUIRE(copy_into_volume(root, "/srv/data", target));
  CHECK(read_file(target + "/a") == "inside");
  CHECK(read_file(target + "/deep/b") == "deeper");
  CHECK(fs::read_symlink(target + "/link") == "/etc/passwd");
  struct stat info{};
  REQUIRE(stat(target.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0750);
  REQUIRE(stat((target + "/a").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0640);
  CHECK_FALSE(is_empty_folder(target));
  const str empty = place.path + "/empty";
  fs::create_directory(empty);
  CHECK(*copy_into_volume(root, "/no/such/folder", empty) == false);
  CHECK(*copy_into_volume(root, "/way-out", empty) == false);
  CHECK(is_empty_folder(empty));
}

TEST_CASE("storage: environment files come from the directory that stands in for S3, the first goes first") {
  const TemporaryFolder place("storage");
  write_file(place.path + "/bucket/one.env", "A=1\nB=1\n");
  write_file(place.path + "/bucket/sub/two.env", "B=2\nC=2\n");
  write_file("/tmp/utakata-outside.env", "D=1\n");
  fs::create_symlink("/tmp/utakata-outside.env", place.path + "/bucket/link.env");
  const StandIns stand_ins{.host_paths = {}, .efs = {}, .s3 = place.path};
  ContainerSpec container;
  container.environment_files = {{.bucket = "bucket", .key = "one.env"}, {.bucket = "bucket", .key = "sub/two.env"}};
  CHECK(*read_environment_files(container, stand_ins) == dict<str>{{"A", "1"}, {"B", "1"}, {"C", "2"}});
  const auto why = [&](const str& bucket, const str& key, const StandIns& from) {
    container.environment_files = {{.bucket = bucket, .key = key}};
    const auto values = read_environment_files(container, from);
    return values ? str("read") : values.error().message;
  };
  CHECK(why("bucket", "no.env", stand_ins).contains("The specified key does not exist."));
  CHECK(why("other", "no.env", stand_ins).contains("The specified bucket does not exist"));
  CHECK(why("bucket", "link.env", stand_ins).contains("ResourceInitializationError"));
  CHECK(why("bucket", "../../etc/passwd", stand_ins).contains("ResourceInitializationError"));
  CHECK(why("bucket", "one.env", {}).contains("--s3"));
  fs::remove("/tmp/utakata-outside.env");
}

TEST_CASE("storage: an image's file of accounts is read as its own processes would find it, and only if it is a file") {
  const TemporaryFolder place("storage");
  const str root = place.path + "/root";
  write_file(root + "/etc/passwd", "inside");
  write_file(place.path + "/secret", "outside");
  CHECK(read_in_root(root, "etc/passwd") == "inside");
  fs::create_symlink("/etc/passwd", root + "/etc/absolute");
  CHECK(read_in_root(root, "etc/absolute") == "inside");
  fs::create_symlink("../../../../../.." + place.path + "/secret", root + "/etc/up");
  fs::create_symlink(place.path + "/secret", root + "/etc/out");
  for (const char* name : {"etc/up", "etc/out", "etc/missing", "etc"}) CHECK(read_in_root(root, name).empty());
  REQUIRE(mkfifo((root + "/etc/pipe").c_str(), 0600) == 0);
  CHECK(read_in_root(root, "etc/pipe").empty());  // and nobody waits for a writer
  write_file(root + "/etc/large", str((1 << 20) + 1, 'x'));
  CHECK(read_in_root(root, "etc/large").empty());
}
