#include "store/sqlite_store.hpp"
#include "tests/files.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <map>

using namespace utakata;  // NOLINT: a test
using store::SqliteStore;

namespace {

struct Loaded {
  SqliteStore::Head head;
  std::map<std::string, std::string> rows;
};

Loaded everything(SqliteStore& from) {
  Loaded loaded;
  const auto head = from.load([&](std::string_view table, const Key& key, std::string_view row) -> Outcome<> {
    loaded.rows[std::string(table) + ":" + key] = row;
    return {};
  });
  REQUIRE(head);
  loaded.head = *head;
  return loaded;
}

}  // namespace

TEST_CASE("store: rows, removals, seed and sequence survive") {
  const test::TemporaryFolder folder("store");
  const std::string binary("\0\xff'", 3);
  {
    auto store = SqliteStore::open(folder.path + "/journal", 42);
    REQUIRE(store);
    REQUIRE((*store)->commit({{"t", "a", binary}, {"t", "b", "2"}, {"t", "b", "3"}}, 7));
    REQUIRE((*store)->commit({{"t", "gone", "x"}, {"t", "gone", std::nullopt}}, 8));
  }
  auto again = SqliteStore::open(folder.path + "/journal", 43);
  REQUIRE(again);
  const Loaded loaded = everything(**again);
  CHECK(loaded.head.seed == 42);
  CHECK(loaded.head.sequence == 8);
  CHECK(loaded.rows == std::map<std::string, std::string>{{"t:a", binary}, {"t:b", "3"}});
}

TEST_CASE("store: a second process is kept out") {
  const test::TemporaryFolder folder("store");
  auto first = SqliteStore::open(folder.path + "/journal", 1);
  REQUIRE(first);
  const auto second = SqliteStore::open(folder.path + "/journal", 1);
  REQUIRE_FALSE(second);
  CHECK(second.error().message.find("locked") != std::string::npos);
}

TEST_CASE("store: what was committed is there after the writer was killed") {
  const test::TemporaryFolder folder("store");
  int pipes[2];
  REQUIRE(pipe(pipes) == 0);
  const pid_t writer = fork();
  if (writer == 0) {
    auto store = SqliteStore::open(folder.path + "/journal", 1);
    for (std::uint64_t n = 1;; ++n) {
      if (!store || !(*store)->commit({{"t", "n", std::to_string(n)}}, n)) _exit(1);
      if (write(pipes[1], &n, sizeof n) != sizeof n) _exit(1);
    }
  }
  std::uint64_t acknowledged = 0;
  for (int i = 0; i < 20; ++i) REQUIRE(read(pipes[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged);
  kill(writer, SIGKILL);
  waitpid(writer, nullptr, 0);
  close(pipes[1]);
  std::uint64_t next = 0;
  while (read(pipes[0], &next, sizeof next) == sizeof next) acknowledged = next;
  close(pipes[0]);
  auto store = SqliteStore::open(folder.path + "/journal", 1);
  REQUIRE(store);
  CHECK(everything(**store).head.sequence >= acknowledged);
}

TEST_CASE("store: a file that is no store is refused with a reason") {
  const test::TemporaryFolder folder("store");
  FILE* file = fopen((folder.path + "/journal").c_str(), "w");
  for (int i = 0; i < 500; ++i) fputs("not a database\n", file);
  fclose(file);
  const auto store = SqliteStore::open(folder.path + "/journal", 1);
  REQUIRE_FALSE(store);
  CHECK(store.error().message.find("not a database") != std::string::npos);
}
