#pragma once

#include <map>
#include <tuple>

#include "ports/metric_store.hpp"

namespace utakata::sim {

/// Metrics that outlive the control plane but not the run.
class MemoryMetricStore final : public ports::MetricStore {
 public:
  [[nodiscard]] Outcome<> append(const list<MetricSample>&) override;
  [[nodiscard]] Outcome<MetricData> read(const MetricQueries&) override;
  [[nodiscard]] Outcome<MetricListing> search(const MetricSearch&) override;
  void expire(i64 now) override;

 private:
  using Series = std::pair<MetricName, str>;
  using Place = std::pair<i64, i32>;  // when, and how long
  std::map<Series, std::map<Place, MetricStatistics>> series_;
  std::map<Series, i64> last_;
};

}  // namespace utakata::sim
