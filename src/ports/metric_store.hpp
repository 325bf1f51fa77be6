#pragma once

#include "base/outcome.hpp"
#include "core/metric.hpp"

namespace utakata::ports {

/// Where metrics are kept. May be called from any thread; calls block for the time of the disk.
class MetricStore {
 public:
  MetricStore() = default;
  MetricStore(const MetricStore&) = delete;
  MetricStore& operator=(const MetricStore&) = delete;
  virtual ~MetricStore() = default;

  /// Durable, all of it, when it returns; with its Fault nothing is. Metrics beyond `metrics_max` are refused.
  [[nodiscard]] virtual Outcome<> append(const list<MetricSample>&) = 0;
  [[nodiscard]] virtual Outcome<MetricData> read(const MetricQueries&) = 0;
  [[nodiscard]] virtual Outcome<MetricListing> search(const MetricSearch&) = 0;
  /// What has grown old goes on in longer spans, and goes in the end (core/metric_math.hpp). Seconds since 1970.
  virtual void expire(i64 now) = 0;

  static constexpr std::size_t metrics_max = 50'000;  // with their units
};

}  // namespace utakata::ports
