#include "sandbox/mount_points.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/text.hpp"
#include "tests/files.hpp"

using namespace utakata;           // NOLINT: a test
using namespace utakata::sandbox;  // NOLINT: a test
namespace fs = std::filesystem;

namespace {

struct Root {
  test::TemporaryFolder folder{"root"};
  str outer = folder.path;
  str path = outer + "/root";
  Root() {
    fs::create_directories(path + "/etc");
    folder.write("hosts", "127.0.0.1 localhost\n");
  }
  void link(const str& target, const str& at) const { fs::create_symlink(target, path + at); }
  void mount_at(const str& destination, bool file = false) const {
    const str source = file ? outer + "/hosts" : outer;
    make_mount_points(path,
                      *Json::parse(cat(R"({"mounts":[{"type":"bind","source":")", source, R"(","destination":")",
                                       destination, R"("}]})")),
                      getuid());
  }
  [[nodiscard]] bool has(const str& at) const { return fs::exists(fs::symlink_status(path + at)); }
};

}  // namespace

TEST_CASE("mount points: what a link leads to is made inside the root") {
  const Root root;
  root.link("/var/data", "/data");
  root.mount_at("/data");
  CHECK(fs::is_directory(root.path + "/var/data"));
  root.link("../run/deep/resolv.conf", "/etc/resolv.conf");
  root.mount_at("/etc/resolv.conf", true);
  CHECK(fs::is_regular_file(root.path + "/run/deep/resolv.conf"));
  root.link("/data", "/twice");
  root.mount_at("/twice/inner");
  CHECK(fs::is_directory(root.path + "/var/data/inner"));
}

TEST_CASE("mount points: no link leads out of the root, none leads on for ever") {
  const Root root;
  root.link("/../../../../../../.." + root.outer + "/out", "/srv");
  root.mount_at("/srv/data");
  CHECK_FALSE(fs::exists(root.outer + "/out"));
  CHECK(fs::is_directory(root.path + root.outer + "/out/data"));
  root.link("../../../out", "/etc/up");
  root.mount_at("/etc/up");
  CHECK_FALSE(fs::exists(root.outer + "/out"));
  CHECK(fs::is_directory(root.path + "/out"));
  root.link("/b", "/a");
  root.link("/a", "/b");
  root.mount_at("/a/x");
  CHECK_FALSE(root.has("/x"));
}

TEST_CASE("mount points: what is there stays, and what is missing without a link is the runtime's") {
  const Root root;
  root.mount_at("/plain/folder");
  CHECK_FALSE(root.has("/plain"));
  root.link("/etc", "/conf");
  root.mount_at("/conf");
  CHECK(fs::is_symlink(root.path + "/conf"));
  std::ofstream(root.path + "/etc/file") << "kept";
  root.link("/etc/file", "/here");
  root.mount_at("/here", true);
  CHECK(fs::file_size(root.path + "/etc/file") == 4);
  root.link("/etc/file/below", "/odd");
  root.mount_at("/odd");
  CHECK(fs::is_regular_file(root.path + "/etc/file"));
}
