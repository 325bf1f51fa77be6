#include <sys/mount.h>

#include "place_test.hpp"
#include "sandbox/log_plan.hpp"

using namespace utakata;        // NOLINT: a test
using namespace utakata::test;  // NOLINT: a test

namespace {

/// Every event of a stream, page by page.
list<str> everything(Place& place, const str& stream) {
  list<str> all;
  LogQuery query{.streams = {stream}};
  while (true) {
    const auto page = place.logs->read(query);
    for (const auto& each : page->events) all.push_back(each.event.text);
    if (!page->next) return all;
    query.from = *page->next;
  }
}

bool run(const str& command) {
  return std::system(command.c_str()) == 0;  // NOLINT(cert-env33-c,concurrency-mt-unsafe): a test
}

/// A file system that is mounted: thawed and unmounted at the latest when a check has ended the test.
class Mounted {
 public:
  explicit Mounted(str folder) : folder_(std::move(folder)) {}
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;
  ~Mounted() {
    if (frozen_) thaw();
    umount2(folder_.c_str(), MNT_DETACH);
  }
  bool freeze() { return frozen_ = run(cat("fsfreeze -f ", folder_)); }
  bool thaw() { return !(frozen_ = !run(cat("fsfreeze -u ", folder_))); }

 private:
  str folder_;
  bool frozen_ = false;
};

str root_of(const Place& place, const TaskSpec& spec) {
  return cat(place.dir, "/tasks/", spec.id, "/containers/app/rootfs");
}

}  // namespace

TEST_CASE("logs: long lines, bytes of any kind and a last line without its end are kept; empty lines are none") {
  Place place;
  ContainerSpec app = tells("app",
                            "head -c 300000 /dev/zero | tr '\\0' x; echo; echo; printf 'a\\0b\\377\\n'; echo err >&2; "
                            "sleep 0.1; printf end");
  const TaskSpec spec = place.task({app});
  place.sandbox->start(spec);
  place.reports.until(spec.arn, "STOPPED");
  const list<str> lines = everything(place, app.log->id);
  REQUIRE(lines.size() == 5);
  CHECK(lines[0].size() == 262'144 - 26);
  CHECK(lines[0].size() + lines[1].size() == 300'000);
  CHECK(std::ranges::find(lines, str("a\0b\377", 4)) != lines.end());
  CHECK(std::ranges::find(lines, "err") != lines.end());
  CHECK(lines[4] == "end");
}

TEST_CASE("logs: a pattern of first lines makes events of several lines") {
  Place place;
  ContainerSpec app = tells("app", "printf '2026-05-06 a\\n  at x\\n  at y\\n2026-05-06 b\\n'");
  app.log->multiline_pattern = R"(^\d{4}-\d{2}-\d{2})";
  const TaskSpec spec = place.task({app});
  place.sandbox->start(spec);
  place.reports.until(spec.arn, "STOPPED");
  CHECK(everything(place, app.log->id) == list<str>{"2026-05-06 a\n  at x\n  at y", "2026-05-06 b"});
}

TEST_CASE("logs: a container that is killed in a flood loses nothing that it wrote, and nothing comes twice") {
  Place place;
  ContainerSpec app =
      tells("app", "i=0; while :; do echo $i; i=$((i+1)); test $((i % 100)) = 0 && echo $i > /written; done");
  const TaskSpec spec = place.task({app});
  place.sandbox->start(spec);
  i64 at_least = 0;
  for (int tries = 0; tries < 6'000 && at_least < 5'000; ++tries, usleep(10'000)) {
    const str text = read_file(root_of(place, spec) + "/written");
    at_least = text.ends_with('\n') ? parse_integer(text.substr(0, text.size() - 1)).value_or(0) : 0;
  }
  REQUIRE(at_least >= 5'000);
  place.sandbox->kill(spec.arn);
  place.reports.until(spec.arn, "STOPPED");
  const list<str> lines = everything(place, app.log->id);
  CHECK(static_cast<i64>(lines.size()) >= at_least);
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (lines[i] != cat(i)) FAIL("line ", i, " is ", lines[i]);
}

TEST_CASE("logs: with a full disk the container lives, and the log and a person are told what is missing") {
  Place place;
  REQUIRE(mount("tmpfs", (place.dir + "/logs").c_str(), "tmpfs", 0, "size=4m") == 0);
  const Mounted mounted(place.dir + "/logs");
  {
    ContainerSpec app = tells("app",
                              "yes 0123456789012345678901234567890123456789 | head -n 200000; touch /full; "
                              "until [ -e /go ]; do sleep 0.1; done; echo after; sleep 0.5; exit 7");
    const TaskSpec spec = place.task({app});
    const str filler = place.dir + "/logs/filler";
    std::ofstream(filler) << str(1 << 20, 'x');
    place.sandbox->start(spec);
    for (int tries = 0; tries < 6'000 && !std::filesystem::exists(root_of(place, spec) + "/full"); ++tries)
      usleep(10'000);
    CHECK(sandbox::lost_output(cat(place.dir, "/tasks/", spec.id, "/containers/app"))
              .contains("No space left on device"));
    std::filesystem::remove(filler);
    std::ofstream(root_of(place, spec) + "/go") << "";
    CHECK(place.reports.until(spec.arn, "STOPPED").containers[0].exit_code == 7);
    const list<str> lines = everything(place, app.log->id);
    REQUIRE(lines.size() > 2);
    CHECK(lines.back() == "after");
    CHECK(lines[lines.size() - 2].contains("of this container were lost here: No space left on device"));
  }
}

TEST_CASE("logs: while the disk stands still a container is held back, or goes on and its loss is told") {
  Place place;
  const str logs = place.dir + "/logs";
  REQUIRE(run(cat("truncate -s 64M ", place.dir, "/disk && mkfs.ext4 -q ", place.dir, "/disk && mount -o loop ",
                  place.dir, "/disk ", logs)));
  Mounted disk(logs);
  const str script =
      "echo before; until [ -e /go ]; do sleep 0.1; done; "
      "yes 0123456789012345678901234567890123456789 | head -n 200000; touch /done; sleep 1000";
  ContainerSpec app = tells("app", script);
  ContainerSpec held = tells("app", script);
  app.log->non_blocking = true;
  app.log->buffer_bytes = 1 << 20;
  const TaskSpec free_task = place.task({app});
  const TaskSpec held_task = place.task({held});
  for (const TaskSpec& spec : {free_task, held_task}) {
    place.sandbox->start(spec);
    REQUIRE(place.lines(spec, 1) == list<str>{"before"});
  }
  REQUIRE(disk.freeze());
  for (const TaskSpec& spec : {free_task, held_task}) std::ofstream(root_of(place, spec) + "/go") << "";
  const auto done = [&](const TaskSpec& spec) { return std::filesystem::exists(root_of(place, spec) + "/done"); };
  for (int tries = 0; tries < 6'000 && !done(free_task); ++tries) usleep(10'000);
  CHECK(done(free_task));
  CHECK_FALSE(done(held_task));
  REQUIRE(disk.thaw());
  for (int tries = 0; tries < 6'000 && !done(held_task); ++tries) usleep(10'000);
  CHECK(done(held_task));
  for (const TaskSpec& spec : {free_task, held_task}) {
    place.sandbox->kill(spec.arn);
    place.reports.until(spec.arn, "STOPPED");
  }
  CHECK(everything(place, held.log->id).size() == 200'001);
  const list<str> lines = everything(place, app.log->id);
  CHECK(lines.size() < 200'001);
  place.sandbox->stop_all();
  place.sandbox = nullptr;
  place.logs = nullptr;
}
