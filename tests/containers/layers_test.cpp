#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <random>
#include <sstream>

#include "images/unpack.hpp"
#include "layer_test.hpp"

// One layer, honest or hostile, unpacked as root: nothing outside its folder may change.
using namespace utakata;        // NOLINT: a test
using namespace utakata::test;  // NOLINT: a test

namespace {

const std::atomic<bool> go_on{false};

struct Bench {
  TemporaryFolder place{"layers"};
  str outside = place.path + "/outside";
  str layer = place.path + "/layer";

  Bench() {
    std::filesystem::create_directories(layer);
    write_file(outside + "/precious", "untouched");
  }
  Outcome<images::Unpacked> unpack_bytes(const str& bytes, const str& content_digest,
                                         const images::UnpackLimits& limits = {}) {
    write_file(place.path + "/archive", bytes);
    return images::unpack_layer(place.path + "/archive", layer,
                                {.archive = images::digest_of(bytes), .content = content_digest}, go_on, limits);
  }
  Outcome<images::Unpacked> unpack(const list<Entry>& entries, const images::UnpackLimits& limits = {}) {
    return unpack_bytes(tar(entries, true), images::digest_of(tar(entries)), limits);
  }
  [[nodiscard]] struct stat status(const str& path) const {
    struct stat s{};
    REQUIRE_MESSAGE(lstat((layer + "/" + path).c_str(), &s) == 0, path);
    return s;
  }
  [[nodiscard]] bool has(const str& path) const {
    struct stat s{};
    return lstat((layer + "/" + path).c_str(), &s) == 0;
  }
  [[nodiscard]] bool untouched() const {
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::recursive_directory_iterator(outside)) ++files;
    return files == 1 && read_file(outside + "/precious") == "untouched";
  }
  [[nodiscard]] bool opaque(const str& path) const {
    char value = 0;
    return getxattr((layer + "/" + path).c_str(), "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
  }
};

}  // namespace

TEST_CASE("layers: files, links, owners, modes, times and attributes come out as they went in") {
  Bench bench;
  const auto done = bench.unpack({{.path = "./", .type = AE_IFDIR, .mode = 0711},
                                  {.path = "etc/", .type = AE_IFDIR, .mode = 0750},
                                  {.path = "etc/passwd", .content = "root:x:0:0\n", .mode = 04755, .uid = 7},
                                  {.path = "bin/deep/er", .content = "x"},
                                  {.path = "lib", .type = AE_IFLNK, .link = "bin/deep"},
                                  {.path = "etc/again", .link = "etc/passwd", .hard = true},
                                  {.path = "pipe", .type = AE_IFIFO},
                                  {.path = "日本/語", .content = "text"},
                                  {.path = "capable", .content = "y", .extended = {{"user.note", "kept"}}}});
  REQUIRE_MESSAGE(done, (done ? str() : done.error().message));
  CHECK((bench.status("").st_mode & 07777) == 0711);
  CHECK((bench.status("etc").st_mode & 07777) == 0750);
  CHECK(bench.status("etc").st_mtime == 1'000'000'000);
  CHECK((bench.status("etc/passwd").st_mode & 07777) == 04755);
  CHECK(bench.status("etc/passwd").st_uid == 7);
  CHECK(bench.status("etc/passwd").st_nlink == 2);
  CHECK(bench.status("etc/passwd").st_mtime == 1'000'000'000);
  CHECK(S_ISLNK(bench.status("lib").st_mode));
  CHECK(S_ISFIFO(bench.status("pipe").st_mode));
  CHECK(read_file(bench.layer + "/日本/語") == "text");
  char note[8] = {};
  const str capable = bench.layer + "/capable";
  if (getxattr(capable.c_str(), "user.note", note, sizeof note) > 0) CHECK(str(note) == "kept");
}

TEST_CASE("layers: whiteouts and opaque folders become overlay's, in whatever order they come") {
  Bench bench;
  const auto done = bench.unpack({{.path = "a/.wh.gone"},
                                  {.path = "b/.wh..wh..opq"},
                                  {.path = "b/new", .content = "1"},
                                  {.path = "c/.wh.was-file"},
                                  {.path = "c/was-file/", .type = AE_IFDIR},
                                  {.path = "d/stays/", .type = AE_IFDIR},
                                  {.path = "d/.wh.stays"},
                                  {.path = ".wh..wh.plnk"}});
  REQUIRE_MESSAGE(done, (done ? str() : done.error().message));
  CHECK(S_ISCHR(bench.status("a/gone").st_mode));
  CHECK(bench.status("a/gone").st_rdev == makedev(0, 0));
  CHECK(bench.opaque("b"));
  CHECK(bench.opaque("c/was-file"));
  CHECK(bench.opaque("d/stays"));
  CHECK_FALSE(bench.has(".wh..wh.plnk"));
  CHECK_FALSE(bench.opaque("a"));
}

TEST_CASE("layers: what leads out of the folder is refused or stays inside, and nothing outside changes") {
  const auto hostile = [](const Bench& bench) {
    const str up = "../outside/precious";
    return list<list<Entry>>{
        {{.path = up, .content = "hacked"}},
        {{.path = "a/../../outside/precious", .content = "hacked"}},
        {{.path = bench.outside + "/precious", .content = "hacked"}},
        {{.path = "link", .type = AE_IFLNK, .link = bench.outside}, {.path = "link/precious", .content = "hacked"}},
        {{.path = "link", .type = AE_IFLNK, .link = "../outside"}, {.path = "link/precious", .content = "hacked"}},
        {{.path = "link", .type = AE_IFLNK, .link = "../outside"}, {.path = "link/new/deep", .content = "hacked"}},
        {{.path = "one", .type = AE_IFLNK, .link = "two"},
         {.path = "two", .type = AE_IFLNK, .link = bench.outside},
         {.path = "one/precious", .content = "hacked"}},
        {{.path = "precious", .type = AE_IFLNK, .link = bench.outside + "/precious"},
         {.path = "precious", .content = "hacked"}},
        {{.path = "hard", .link = up, .hard = true}, {.path = "hard", .content = "hacked"}},
        {{.path = "hard", .link = bench.outside + "/precious", .hard = true}},
        {{.path = "link", .type = AE_IFLNK, .link = bench.outside},
         {.path = "hard", .link = "link/precious", .hard = true}},
        {{.path = "link", .type = AE_IFLNK, .link = bench.outside}, {.path = "link/.wh.precious"}},
        {{.path = "link", .type = AE_IFLNK, .link = bench.outside}, {.path = "link/.wh..wh..opq"}},
        {{.path = "link", .type = AE_IFLNK, .link = "/"}, {.path = "link/.wh.etc"}},
        {{.path = "a/.wh..."}, {.path = "a/.wh.."}},
        {{.path = "link", .type = AE_IFLNK, .link = bench.outside}, {.path = "link", .type = AE_IFDIR, .mode = 0777}},
        {{.path = "self", .type = AE_IFLNK, .link = "self"}, {.path = "self/x", .content = "hacked"}},
        {{.path = "proc", .type = AE_IFLNK, .link = "/proc/self/root" + bench.outside},
         {.path = "proc/precious", .content = "hacked"}},
    };
  };
  const std::size_t all = hostile(Bench()).size();
  for (std::size_t i = 0; i < all; ++i) {
    Bench bench;
    const auto done = bench.unpack(hostile(bench)[i]);
    CAPTURE(i);
    CAPTURE((done ? str("unpacked") : done.error().message));
    CHECK(bench.untouched());
    struct stat precious{};
    REQUIRE(stat((bench.outside + "/precious").c_str(), &precious) == 0);
    CHECK(precious.st_nlink == 1);
    CHECK_FALSE(bench.opaque("../outside"));
  }
}

TEST_CASE("layers: paths upwards, whiteouts through links and hard links to nothing are refused in words") {
  Bench bench;
  CHECK(bench.unpack({{.path = "../x", .content = "1"}}).error().message.contains("leads out of the layer"));
  CHECK_FALSE(bench.unpack({{.path = "l", .type = AE_IFLNK, .link = "/"}, {.path = "l/.wh.x"}}));
  CHECK_FALSE(bench.unpack({{.path = "h", .link = "not-there", .hard = true}}));
  CHECK_FALSE(bench.unpack({{.path = "w/.wh."}}));
}

TEST_CASE("layers: device nodes and overlay's own marks of an archive are left out") {
  Bench bench;
  REQUIRE(bench.unpack({{.path = "dev/mem", .type = AE_IFCHR},
                        {.path = "dev/disk", .type = AE_IFBLK},
                        {.path = "dir/",
                         .type = AE_IFDIR,
                         .extended = {{"trusted.overlay.opaque", "y"}, {"trusted.overlay.redirect", "/etc"}}}}));
  CHECK_FALSE(bench.has("dev/mem"));
  CHECK_FALSE(bench.has("dev/disk"));
  CHECK_FALSE(bench.opaque("dir"));
  CHECK(getxattr((bench.layer + "/dir").c_str(), "trusted.overlay.redirect", nullptr, 0) < 0);
}

TEST_CASE("layers: bombs are stopped by size, by entries, by ratio and by a file's claimed size") {
  const str zeros(std::size_t{8} << 20, '\0');
  const auto said = [](const Outcome<images::Unpacked>& done) { return done ? str() : done.error().message; };
  Bench bench;
  CHECK(said(bench.unpack({{.path = "zeros", .content = zeros}}, {.bytes = 1 << 20}))
            .contains("larger than a layer may be"));
  const str half(std::size_t{700} << 10, 'x');
  CHECK(said(bench.unpack({{.path = "one", .content = half}, {.path = "two", .content = half}}, {.bytes = 1 << 20}))
            .contains("larger than 1048576"));
  CHECK(said(bench.unpack({{.path = "zeros", .content = zeros}}, {.ratio = 10, .ratio_begins = 1 << 20}))
            .contains("grows to more than 10 times"));
  list<Entry> many;
  for (int i = 0; i < 50; ++i) many.push_back({.path = cat("f", i)});
  CHECK(said(bench.unpack(many, {.entries = 20})).contains("more than 20 entries"));
  CHECK(bench.unpack({{.path = "zeros", .content = zeros}}));
}

TEST_CASE("layers: an archive that is not what its digests say is refused") {
  Bench bench;
  const list<Entry> entries{{.path = "a", .content = "1"}};
  const str wrong = "sha256:" + str(64, '0');
  CHECK(bench.unpack_bytes(tar(entries, true), wrong).error().code == "DigestMismatch");
  write_file(bench.place.path + "/archive", tar(entries));
  CHECK(images::unpack_layer(bench.place.path + "/archive", bench.layer,
                             {.archive = wrong, .content = images::digest_of(tar(entries))}, go_on)
            .error()
            .code == "DigestMismatch");
  CHECK_FALSE(bench.unpack_bytes("", wrong));
  CHECK(bench.unpack_bytes(str(1024, '\0'), images::digest_of(str(1024, '\0'))));  // docker's empty layer
}

TEST_CASE("layers: whatever bytes are changed in an archive, it ends, and nothing outside changes") {
  std::mt19937 dice(20261126);  // NOLINT: the same every time
  const list<Entry> entries{{.path = "etc/", .type = AE_IFDIR},
                            {.path = "etc/passwd", .content = str(3000, 'p')},
                            {.path = "up", .type = AE_IFLNK, .link = "../outside"},
                            {.path = "up2", .type = AE_IFLNK, .link = "etc"},
                            {.path = "hard", .link = "etc/passwd", .hard = true},
                            {.path = "etc/.wh.gone"},
                            {.path = "precious", .content = "hacked"}};
  const str honest = tar(entries);
  for (int round = 0; round < 400; ++round) {
    Bench bench;
    str bytes = honest;
    for (unsigned change = dice() % 8 + 1; change > 0; --change) {
      const std::size_t at = dice() % bytes.size();
      if (dice() % 3 == 0)
        bytes.erase(at, dice() % 600);
      else if (dice() % 2 == 0)
        bytes.insert(at, "../outside/precious");
      else
        bytes[at] = static_cast<char>(dice());
    }
    static_cast<void>(bench.unpack_bytes(bytes, images::digest_of(bytes), {.bytes = 64 << 20}));
    CHECK_MESSAGE(bench.untouched(), "round ", round);
  }
}
