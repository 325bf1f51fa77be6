#include "store/sqlite_metric_store.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>

#include "base/text.hpp"
#include "ports/metric_store_contract.hpp"

using namespace utakata;         // NOLINT: a test
using namespace utakata::store;  // NOLINT: a test
namespace contract = ports::test;

namespace {

struct File {
  File() { std::filesystem::remove(path); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
  }
  std::string path = cat("/tmp/metrics-test-", ::getpid(), ".db");
};

}  // namespace

TEST_CASE("metric store: holds to the contract") {
  for (const auto test : {contract::adds_up, contract::is_searched, contract::forgets}) {
    const File file;
    const auto store = SqliteMetricStore::open(file.path);
    REQUIRE(store);
    test(**store);
  }
}

TEST_CASE("metric store: what was taken is there after a restart") {
  const File file;
  const auto sample = contract::measured("a", 600, 1);
  {
    const auto store = SqliteMetricStore::open(file.path);
    REQUIRE(store);
    REQUIRE((*store)->append({sample}));
  }
  const auto store = SqliteMetricStore::open(file.path);
  REQUIRE(store);
  REQUIRE((*store)->append({sample}));
  const auto points = contract::points_of(**store, {.metric = sample.metric, .start = 600, .end = 660, .period = 60});
  REQUIRE(points.size() == 1);
  CHECK(points[0].statistics.count == 2);
  CHECK((*store)->search({.world = "1/r/"})->metrics.at(0).dimensions == sample.metric.dimensions);
}
