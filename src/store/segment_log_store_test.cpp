#include "store/segment_log_store.hpp"

#include <doctest/doctest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/text.hpp"
#include "ports/log_store_contract.hpp"
#include "tests/files.hpp"

using namespace utakata;  // NOLINT: a test
using store::SegmentLogStore;

namespace {
int flush_error = 0;  // what the next calls of fsync() say; 0: what the system says
}

// Stands before the C library's: no file system that is at hand fails on demand.
extern "C" int fsync(int fd) {
  if (flush_error == 0) return static_cast<int>(syscall(SYS_fsync, fd));
  errno = flush_error;
  return -1;
}

namespace {

struct Folder : test::TemporaryFolder {
  Folder() : TemporaryFolder("logs") {}
  [[nodiscard]] std::unique_ptr<SegmentLogStore> open() const { return *SegmentLogStore::open(path); }
  [[nodiscard]] std::vector<std::string> segments(const std::string& stream) const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(path + "/" + stream)) files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
  }
};

std::vector<std::string> texts(SegmentLogStore& store, const std::string& stream) {
  std::vector<std::string> all;
  for (const auto& each : store.read({.streams = {stream}})->events) all.push_back(each.event.text);
  return all;
}

}  // namespace

TEST_CASE("log segments: the store keeps the contract of its port") {
  const Folder folder;
  ports::test::hold_to_contract(*folder.open());
}

TEST_CASE("log segments: what was appended is there for the next process, which begins a segment of its own") {
  const Folder folder;
  REQUIRE(folder.open()->append({{.stream = "s", .events = {{.at = 1, .ingested = 1, .text = "first"}}}}).at(0));
  const auto again = folder.open();
  REQUIRE(again->append({{.stream = "s", .events = {{.at = 2, .ingested = 2, .text = "second"}}}}).at(0));
  CHECK(texts(*again, "s") == std::vector<std::string>{"first", "second"});
  CHECK(folder.segments("s").size() == 2);
}

TEST_CASE("log segments: a tail torn at any byte loses only the block that was not whole") {
  const Folder folder;
  const auto store = folder.open();
  for (int i = 0; i < 3; ++i)
    REQUIRE(store
                ->append({{.stream = "s",
                           .events = {{.at = i, .ingested = i, .text = ""},
                                      {.at = i, .ingested = i, .text = cat("line ", i)}}}})
                .at(0));
  const std::string file = folder.segments("s").at(0);
  const std::string whole = test::read_file(file);
  const std::size_t block = whole.size() / 3;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << whole.substr(0, size);
    CAPTURE(size);
    CHECK(texts(*folder.open(), "s").size() == 2 * (size / block));
    // Zeros are what a file system may leave behind a crash.
    std::ofstream(file, std::ios::binary | std::ios::trunc) << whole.substr(0, size) + std::string(200, '\0');
    CHECK(texts(*folder.open(), "s").size() == 2 * (size / block));
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    std::ofstream(file, std::ios::binary | std::ios::trunc) << damaged;
    CAPTURE(at);
    const auto left = texts(*folder.open(), "s");
    CHECK(left.size() < 6);
    CHECK(left.size() >= 2 * (at / block));
  }
}

TEST_CASE("log segments: a segment that has grown is sealed, and its seal tells what it holds") {
  const Folder folder;
  const auto store = folder.open();
  const std::string text(1 << 20, 'x');
  for (int i = 0; i < 18; ++i)
    REQUIRE(store->append({{.stream = "s", .events = {{.at = 100 + i, .ingested = 7, .text = text}}}}).at(0));
  CHECK(folder.segments("s").size() == 2);
  const LogReport now = folder.open()->holds("s");
  CHECK(now.first == 100);
  CHECK(now.last == 117);
  CHECK(now.bytes == 18 * ((1 << 20) + 26));
  store->expire("s", 117);
  CHECK(folder.segments("s").size() == 1);
  CHECK(texts(*store, "s").size() == 1);  // a page of one MiB
  store->expire("s", 118);
  CHECK(folder.segments("s").empty());
  REQUIRE(store->append({{.stream = "s", .events = {{.at = 200, .ingested = 8, .text = "goes on"}}}}).at(0));
  CHECK(texts(*store, "s") == std::vector<std::string>{"goes on"});
}

TEST_CASE("log segments: what outgrows the space for logs loses its oldest segments, of whatever stream") {
  const Folder folder;
  const auto store = folder.open();
  const std::string text(1 << 20, 'x');
  for (int i = 0; i < 36; ++i)
    REQUIRE(
        store->append({{.stream = i < 18 ? "old" : "new", .events = {{.at = i, .ingested = i, .text = text}}}}).at(0));
  CHECK(store->trim(i64{20} << 20) >= i64{16} << 20);
  CHECK(store->holds("old").bytes == 0);
  CHECK(store->holds("new").bytes > 0);
  CHECK(store->holds("new").bytes <= i64{20} << 20);
  CHECK(store->trim(i64{20} << 20) == 0);
}

TEST_CASE("log segments: a search that looks through much goes on where it ended") {
  const Folder folder;
  const auto store = folder.open();
  store->scan_bytes = 20'000;
  const std::string filler(5'000, 'x');
  for (int i = 0; i < 40; ++i)
    REQUIRE(store
                ->append({{.stream = cat("s", i),
                           .events = {{.at = i, .ingested = 1, .text = filler},
                                      {.at = 20 + i, .ingested = 1, .text = cat("hit ", i)}}}})
                .at(0));
  LogQuery query{.pattern = "hit"};
  for (int i = 0; i < 40; ++i) query.streams.push_back(cat("s", i));
  std::vector<std::string> found;
  int pages = 0;
  while (pages < 100) {
    const auto page = store->read(query);
    REQUIRE(page);
    ++pages;
    for (const auto& each : page->events) found.push_back(each.event.text);
    if (!page->next) break;
    query.from = *page->next;
  }
  REQUIRE(found.size() == 40);
  for (int i = 0; i < 40; ++i) CHECK(found.at(static_cast<std::size_t>(i)) == cat("hit ", i));
  CHECK(pages > 3);
}

TEST_CASE("log segments: an append of any size is read again, and one event that no block holds is refused") {
  const Folder folder;
  const auto store = folder.open();
  std::vector<LogEvent> large;
  for (int i = 0; i < 6; ++i) large.push_back({.at = 10 - i, .ingested = 1, .text = std::string(1 << 20, 'x')});
  std::vector<LogEvent> many;
  for (int i = 0; i < 25'000; ++i) many.push_back({.at = i, .ingested = 1, .text = "line"});
  const auto done = store->append({{.stream = "large", .events = large},
                                   {.stream = "many", .events = many},
                                   {.stream = "huge",
                                    .events = {{.at = 1, .ingested = 1, .text = "small"},
                                               {.at = 1, .ingested = 1, .text = std::string(4 << 20, 'x')}}}});
  CHECK(done.at(0));
  CHECK(done.at(1));
  REQUIRE_FALSE(done.at(2));
  CHECK(done.at(2).error().message.contains("cannot write the log: Message too long"));
  const auto again = folder.open();
  CHECK(again->holds("large").bytes == 6 * ((1 << 20) + 26));
  CHECK(again->holds("many").bytes == 25'000 * (4 + 26));
  CHECK(again->holds("huge").bytes == 0);
  const auto page = again->read({.streams = {"large"}, .bytes = 16 << 20});
  REQUIRE(page);
  REQUIRE(page->events.size() == 6);
  for (int i = 0; i < 6; ++i) CHECK(page->events.at(static_cast<std::size_t>(i)).event.at == 5 + i);
}

TEST_CASE("log segments: a line that ends as a seal does is no seal") {
  const Folder folder;
  const auto store = folder.open();
  const auto forged = store::SegmentSummary{.events = 1, .first = 1, .last = 1, .text_bytes = 1}.seal();
  std::string line = "line";
  line.append(reinterpret_cast<const char*>(&forged), sizeof forged);
  REQUIRE(store->append({{.stream = "s", .events = {{.at = 100, .ingested = 1, .text = line}}}}).at(0));
  CHECK(folder.open()->holds("s").last == 100);
  CHECK(store->holds("s").last == 100);
  REQUIRE(store->append({{.stream = "s", .events = {{.at = 200, .ingested = 1, .text = "more"}}}}).at(0));
  CHECK(store->holds("s").last == 200);
  CHECK(texts(*store, "s") == std::vector<std::string>{line, "more"});
  std::ofstream(folder.segments("s").at(0), std::ios::binary | std::ios::app)
      << std::string(reinterpret_cast<const char*>(&forged), sizeof forged);
  store::SegmentSummary summary;
  store::look_again(folder.segments("s").at(0), summary);
  CHECK(summary.sealed);
}

TEST_CASE("log segments: what the disk did not take is no success, and what follows goes into another segment") {
  const Folder folder;
  const auto store = folder.open();
  REQUIRE(store->append({{.stream = "s", .events = {{.at = 1, .ingested = 1, .text = "first"}}}}).at(0));
  flush_error = EIO;
  const auto done = store->append({{.stream = "s", .events = {{.at = 2, .ingested = 2, .text = "lost"}}},
                                   {.stream = "s", .events = {}},
                                   {.stream = "t", .events = {{.at = 2, .ingested = 2, .text = "lost"}}}});
  flush_error = 0;
  REQUIRE_FALSE(done.at(0));
  CHECK(done.at(0).error().message.contains("cannot flush the log: Input/output error"));
  CHECK(done.at(1));
  CHECK_FALSE(done.at(2));
  REQUIRE(store->append({{.stream = "s", .events = {{.at = 3, .ingested = 3, .text = "last"}}}}).at(0));
  CHECK(folder.segments("s").size() == 2);
}
