#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <sstream>
#include <thread>

#include "images/collect.hpp"
#include "images/image_store.hpp"
#include "images/puller.hpp"
#include "layer_test.hpp"
#include "sandbox/container.hpp"

// The store of images: from layouts, through crashes, and what is taken away of it.
using namespace utakata;          // NOLINT: a test
using namespace utakata::images;  // NOLINT: a test
using namespace utakata::test;    // NOLINT: a test

namespace {

str put_blob(const str& layout, const str& bytes) {
  const str digest = digest_of(bytes);
  write_file(cat(layout, "/blobs/sha256/", hex_of(digest)), bytes);
  return digest;
}

str descriptor(const str& digest, std::size_t size) { return cat(R"({"digest":")", digest, R"(","size":)", size, "}"); }

/// An OCI layout with one image; gives the digest of its manifest.
str write_layout(const str& layout, const str& tag, const list<list<Entry>>& layers, const str& platform = "") {
  str ids;
  str descriptors;
  for (const list<Entry>& each : layers) {
    const str packed = tar(each, true);
    ids += cat(ids.empty() ? "" : ",", "\"", digest_of(tar(each)), "\"");
    descriptors += cat(descriptors.empty() ? "" : ",", descriptor(put_blob(layout, packed), packed.size()));
  }
  const str architecture = platform.empty() ? "" : cat(R"("os":"linux","architecture":")", platform, R"(",)");
  const str config =
      cat("{", architecture, R"("config":{"Cmd":["/x"]},"rootfs":{"type":"layers","diff_ids":[)", ids, "]}}");
  const str config_digest = put_blob(layout, config);
  const str manifest = cat(R"({"schemaVersion":2,"config":)", descriptor(config_digest, config.size()),
                           R"(,"layers":[)", descriptors, "]}");
  const str digest = put_blob(layout, manifest);
  write_file(layout + "/index.json",
             cat(R"({"schemaVersion":2,"manifests":[{"digest":")", digest, R"(","size":)", manifest.size(),
                 R"(,"annotations":{"org.opencontainers.image.ref.name":")", tag, R"("}}]})"));
  return digest;
}

list<list<Entry>> layers_of(const str& content) {
  return {{{.path = "base", .content = "the same in all"}}, {{.path = "top", .content = content}}};
}

struct Bench {
  TemporaryFolder place{"images"};
  str layouts = place.path + "/layouts";
  ImageStore images{place.path + "/store", {.layouts = layouts}};

  Bench() { REQUIRE(images.open()); }
  [[nodiscard]] const Store& store() const { return images.store(); }
  str layout(const str& name, const str& content) {
    return write_layout(cat(layouts, "/", name), "1", layers_of(content));
  }
  str why_not(const str& reference) {
    const auto image = images.bring(reference, nullptr);
    return image ? str("it is there") : image.error().message;
  }
  [[nodiscard]] std::size_t count(const str& folder) const { return names_in(store().path(folder)).size(); }
};

/// Also when a check has ended the test.
struct Unmounter {
  str folder;
  explicit Unmounter(str mounted) : folder(std::move(mounted)) {}
  Unmounter(const Unmounter&) = delete;
  Unmounter& operator=(const Unmounter&) = delete;
  ~Unmounter() { umount2(folder.c_str(), MNT_DETACH); }
};

const Instant later{Instant{i64{4'000'000'000} * 1'000'000'000}};  // in the year 2096

}  // namespace

TEST_CASE("images: a layout's image is found by tag and by digest, unpacked once, and ready then") {
  Bench bench;
  const str digest = bench.layout("app", "hello");
  CHECK_FALSE(bench.images.ready("app:1"));
  const auto image = bench.images.bring("app:1", nullptr);
  REQUIRE_MESSAGE(image, (image ? str() : image.error().message));
  CHECK(image->digest == digest);
  REQUIRE(image->layers.size() == 2);
  CHECK(read_file(image->layers[1] + "/top") == "hello");
  CHECK(image->command == list<str>{"/x"});
  REQUIRE(bench.images.ready("app:1"));
  CHECK(bench.images.ready("app:1")->layers == image->layers);
  const auto same = bench.images.bring("app@" + digest, nullptr);
  REQUIRE(same);
  CHECK(same->digest == digest);
  CHECK(bench.store().find("app:1")->source == "layout");
}

TEST_CASE("images: a layout that changes under its tag is taken as it is now") {
  Bench bench;
  bench.layout("app", "one");
  REQUIRE(bench.images.bring("app:1", nullptr));
  const str second = bench.layout("app", "two");
  CHECK_FALSE(bench.images.ready("app:1"));
  CHECK(bench.images.bring("app:1", nullptr)->digest == second);
}

TEST_CASE("images: what is missing, of another platform or corrupt is told apart") {
  Bench bench;
  bench.layout("app", "x");
  CHECK(bench.why_not("app:2").contains("manifest unknown"));
  CHECK(bench.why_not("nothing:1").contains("not found: there is no OCI layout"));
  CHECK(bench.why_not("a b").contains("invalid reference format"));
  write_layout(bench.layouts + "/elsewhere", "1", layers_of("x"), "riscv64");
  CHECK(bench.why_not("elsewhere:1").contains("image Manifest does not contain descriptor matching platform 'linux/"));
}

TEST_CASE("images: a blob that is not what its digest says, or is missing, is refused and leaves nothing half done") {
  for (std::size_t i = 0; i < 4; ++i) {  // manifest, configuration and two layers
    Bench bench;
    bench.layout("app", "x");
    const str path = cat(bench.layouts, "/app/blobs/sha256/", names_in(bench.layouts + "/app/blobs/sha256").at(i));
    const str before = read_file(path);
    write_file(path, before + "x");
    CHECK_MESSAGE(bench.why_not("app:1").contains("unexpected commit digest"), bench.why_not("app:1"));
    std::filesystem::remove(path);
    CHECK_MESSAGE(bench.why_not("app:1").contains("is missing"), bench.why_not("app:1"));
    CHECK(bench.count("references") == 0);
    CHECK(bench.count("partial") == 0);
    write_file(path, before);
    CHECK(bench.why_not("app:1") == "it is there");
  }
}

TEST_CASE("images: a full disk is told as one, and what was unpacked meanwhile goes") {
  const TemporaryFolder place("images");
  const str folder = place.path + "/store";
  std::filesystem::create_directories(folder);
  REQUIRE(mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=1m") == 0);
  const Unmounter unmounter{folder};
  {
    ImageStore images(folder, {.layouts = place.path + "/layouts"});
    REQUIRE(images.open());
    write_layout(place.path + "/layouts/app", "1", layers_of(str(std::size_t{3} << 20, 'x')));
    const auto image = images.bring("app:1", nullptr);
    REQUIRE_FALSE(image);
    CHECK_MESSAGE(image.error().message.contains("no space left on device"), image.error().message);
    CHECK(names_in(folder + "/partial").empty());
    CHECK(names_in(folder + "/references").empty());
  }
}

TEST_CASE("images: the unused go by age and by space, the longest unused first; what is used or kept stays") {
  Bench bench;
  for (const char* name : {"old", "new", "used", "kept"}) bench.layout(name, str(100'000, *name));
  const auto bring = [&](const str& reference) { return bench.images.bring(reference, nullptr)->digest; };
  bring("old:1");
  usleep(20'000);
  bring("new:1");
  REQUIRE(bench.store().hold("task-1", {bring("used:1")}));
  bring("kept:1");
  Record kept = *bench.store().find("kept:1");
  kept.kept = true;
  REQUIRE(bench.store().put(kept));

  const Instant now = bench.store().find("new:1")->used_at + minutes(20);
  CHECK(collect(bench.store(), {}, now)->references.empty());
  // Space for all but one: each image's own layer has 100,000 bytes.
  const CollectRules tight{.bytes_max = 350'000};
  CHECK(collect(bench.store(), tight, now)->references == list<str>{"old:1"});
  CHECK(bench.count("layers") == 4);  // one is the same in all
  const CollectRules none{.bytes_max = 0};
  CHECK(collect(bench.store(), none, bench.store().find("new:1")->used_at).value().references.empty());  // just used
  CHECK(collect(bench.store(), {}, later)->references == list<str>{"new:1"});
  CHECK(bench.images.ready("used:1"));
  CHECK(bench.images.ready("kept:1"));
  bench.store().release("task-1");
  CHECK(collect(bench.store(), {}, later)->references == list<str>{"used:1"});
  CHECK(bench.count("layers") == 2);
  CHECK(bench.count("trash") == 0);
  CHECK(bench.images.bring("old:1", nullptr));  // and comes again when it is asked for
}

TEST_CASE("images: an image counts as unused from the end of the last task that used it") {
  Bench bench;
  REQUIRE(bench.store().hold("task-1", {bench.layout("app", "x")}));
  REQUIRE(bench.images.bring("app:1", nullptr));
  bench.layout("other", "y");
  REQUIRE(bench.images.bring("other:1", nullptr));
  for (const str& name : names_in(bench.store().path("references"))) {
    const timespec long_ago[2] = {{.tv_sec = 1000, .tv_nsec = 0}, {.tv_sec = 1000, .tv_nsec = 0}};
    REQUIRE(utimensat(AT_FDCWD, bench.store().path("references/" + name).c_str(), long_ago, 0) == 0);
  }
  const Instant started = bench.store().find("app:1")->used_at;
  bench.store().release("task-1");
  const Instant ended = bench.store().find("app:1")->used_at;
  CHECK(ended - started > hours(24));
  CHECK(collect(bench.store(), {}, ended)->references == list<str>{"other:1"});
  CHECK(collect(bench.store(), {}, later)->references == list<str>{"app:1"});
}

TEST_CASE("images: what a task uses stays on disk when its reference has gone or means another image") {
  Bench bench;
  const str first = bench.layout("app", "one");
  const auto image = bench.images.bring("app:1", nullptr);
  REQUIRE(bench.store().hold("task-1", {first}));
  CHECK(remove_image(bench.store(), "app:1").error().code == "ImageInUse");
  CHECK(remove_image(bench.store(), "app:1").error().message.contains("task-1"));
  CHECK(remove_image(bench.store(), "app:2").error().code == "ImageNotFound");
  bench.layout("app", "two");
  REQUIRE(bench.images.bring("app:1", nullptr));
  REQUIRE(remove_image(bench.store(), "app:1"));
  REQUIRE(collect(bench.store(), {}, later));
  CHECK(read_file(image->layers[1] + "/top") == "one");
  bench.store().release("task-1");
  REQUIRE(collect(bench.store(), {}, later));
  CHECK_FALSE(std::filesystem::exists(image->layers[1]));
  CHECK(bench.count("blobs/sha256") == 0);
}

TEST_CASE("images: what a crash has left half done is no image, and goes") {
  Bench bench;
  bench.layout("app", "x");
  REQUIRE(bench.images.bring("app:1", nullptr));
  write_file(bench.store().path("pulls/1-0/layout/oci-put-blob12"), "half");
  write_file(bench.store().path("partial/1-1/etc/passwd"), "half");
  write_file(bench.store().path("trash/layers-x-1/etc/passwd"), "half gone");
  write_file(bench.store().path("blobs/sha256/" + str(64, 'a')), "of an image that never came");
  const str record = bench.store().path("references/" + names_in(bench.store().path("references")).at(0));
  write_file(cat(record, ".7.0.new"), read_file(record));
  write_file(bench.store().path("holders/task-1.7.1.new"), "half");
  CHECK(bench.store().records().size() == 1);
  const auto collected = collect(bench.store(), {}, Instant{1});
  REQUIRE(collected);
  CHECK(collected->references.empty());
  for (const char* folder : {"pulls", "partial", "trash", "holders"}) CHECK(bench.count(folder) == 0);
  CHECK(bench.count("references") == 1);
  CHECK(bench.count("blobs/sha256") == 2);  // manifest and configuration: the layers lie in the layout
  CHECK(bench.images.ready("app:1"));
}

TEST_CASE("images: nothing is taken away while something is being brought") {
  Bench bench;
  const auto lock = bench.store().share();
  REQUIRE(lock);
  CHECK(collect(bench.store(), {}, later).error().code == "StoreBusy");
}

TEST_CASE("images: killed at any moment of an unpacking or a collection, an image is whole or not there") {
  Bench bench;
  constexpr int files_of_layer = 60;
  list<list<Entry>> layers;
  for (int layer = 0; layer < 4; ++layer) {
    list<Entry> files;
    for (int i = 0; i < files_of_layer; ++i)
      files.push_back({.path = cat("d", layer, "/f", i), .content = cat(layer, "-", i)});
    layers.push_back(std::move(files));
  }
  write_layout(bench.layouts + "/app", "1", layers);
  int whole = 0;
  for (int round = 0; round < 20; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      ImageStore images(bench.place.path + "/store", {.layouts = bench.layouts});
      static_cast<void>(images.bring("app:1", nullptr));
      if (round % 2 == 1) static_cast<void>(collect(images.store(), {}, later));
      _exit(0);
    }
    usleep(static_cast<useconds_t>(round * round) * 500);
    if (round % 5 != 4) kill(child, SIGKILL);  // the others come to their end
    waitpid(child, nullptr, 0);
    if (const auto image = bench.images.ready("app:1")) {
      ++whole;
      for (int layer = 0; layer < 4; ++layer)
        for (int i = 0; i < files_of_layer; ++i)
          REQUIRE(read_file(cat(image->layers[static_cast<std::size_t>(layer)], "/d", layer, "/f", i)) ==
                  cat(layer, "-", i));
    }
  }
  CHECK(whole > 0);
  REQUIRE(bench.images.bring("app:1", nullptr));
  REQUIRE(collect(bench.store(), {.unused_for = hours(1'000'000)}, later));
  for (const char* folder : {"pulls", "partial", "trash"}) CHECK(bench.count(folder) == 0);
  CHECK(bench.count("layers") == 4);
}

TEST_CASE("images puller: many tasks that want the same image get it from one unpacking, and hold it") {
  Bench bench;
  const str digest = bench.layout("app", "x");
  reactor::Loop loop;
  Puller puller(loop, {.folder = bench.place.path + "/store", .sources = {.layouts = bench.layouts}});
  REQUIRE(puller.open());
  int got = 0;
  for (int i = 0; i < 50; ++i)
    reactor::start([](Puller& from, reactor::Loop& l, int task, const str& wanted, int& count) -> reactor::Co<void> {
      const auto image = co_await from.image("app:1", {}, cat("task-", task));
      CHECK(image);
      if (image) CHECK(image->digest == wanted);
      if (++count == 50) l.stop();
    }(puller, loop, i, digest, got));
  loop.run();
  CHECK(bench.store().holders().size() == 50);
  puller.release("task-7");
  CHECK(bench.store().holders().size() == 49);
  CHECK(bench.count("layers") == 2);
}

TEST_CASE("images: a layer that an image has twice is mounted once, at its upper place") {
  Bench bench;
  const list<Entry> twice{{.path = "f", .content = "upper"}};
  write_layout(bench.layouts + "/twice", "1", {twice, {{.path = "f", .content = "between"}}, twice});
  const auto image = bench.images.bring("twice:1", nullptr);
  REQUIRE(image);
  REQUIRE(image->layers.size() == 2);
  CHECK(read_file(image->layers[1] + "/f") == "upper");
  CHECK(bench.images.ready("twice:1")->layers == image->layers);
}

TEST_CASE("images: a container starts from as many layers as an image may have") {
  Bench bench;
  list<list<Entry>> layers;
  for (std::size_t i = 0; i < layers_max; ++i) layers.push_back({{.path = cat("f", i), .content = cat(i)}});
  write_layout(bench.layouts + "/deep", "1", layers);
  const auto image = bench.images.bring("deep:1", nullptr);
  REQUIRE(image);
  const sandbox::ContainerFolder container(bench.place.path + "/container");
  const str writable = bench.place.path + "/writable";
  REQUIRE(container.make(writable));
  const auto mounted = container.mount_root(image->layers, writable);
  REQUIRE_MESSAGE(mounted, (mounted ? str() : mounted.error().message));
  CHECK(read_file(container.root() + "/f0") == "0");
  CHECK(read_file(cat(container.root(), "/f", layers_max - 1)) == cat(layers_max - 1));
  container.remove();
}
