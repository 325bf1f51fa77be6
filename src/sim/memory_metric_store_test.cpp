#include "sim/memory_metric_store.hpp"

#include "ports/metric_store_contract.hpp"

using namespace utakata;  // NOLINT: a test
namespace contract = ports::test;

TEST_CASE("sim: the metric store holds to the contract") {
  for (const auto test : {contract::adds_up, contract::is_searched, contract::forgets}) {
    sim::MemoryMetricStore store;
    test(store);
  }
}
