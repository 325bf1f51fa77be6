#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <vector>

#include "balancer/fates.hpp"
#include "balancer/record.hpp"
#include "balancer/response_times.hpp"
#include "core/metric.hpp"

// What load balancers and their groups have done since the start, counted as CloudWatch and Prometheus name it.
namespace utakata::balancer {

enum class Measure : std::uint8_t {
  requests,  // that found a target
  new_connections,
  rejected_connections,
  processed_bytes,
  rule_evaluations,
  fixed_responses,
  redirects,
  elb_3xx,
  elb_4xx,
  elb_5xx,
  elb_500,
  elb_502,
  elb_503,
  elb_504,
  noncompliant,  // not to be told from a desync attack, or nearly
  target_2xx,
  target_3xx,
  target_4xx,
  target_5xx,
  target_connection_errors,
  client_tls_errors,   // handshakes that came to nothing, of connections that clients made
  target_tls_errors,   // and that we made to targets
  billed_connections,  // of clients only
  billed_evaluations,  // beyond the free rules
};
inline constexpr std::size_t measure_count = 24;

/// Counts of a load balancer, or of one of its target groups.
struct Meter {
  str world, load_balancer, target_group;  // "ACCOUNT/REGION/"; "app/web/1"; "targetgroup/blue/2" or empty
  std::array<Count, measure_count> counts;
  std::array<Count, cause_count> causes;  // how requests ended; of a load balancer: those that met no group
  Count open_client_connections;
  Count open_target_connections;  // as of the last minute
  Count healthy_targets, unhealthy_targets;
  ResponseTimes response_times;

  void add(Measure measure, i64 more = 1) { counts[static_cast<std::size_t>(measure)].add(more); }
  [[nodiscard]] bool network() const { return load_balancer.starts_with("net/"); }
  [[nodiscard]] i64 get(Measure measure) const { return counts[static_cast<std::size_t>(measure)].get(); }

  /// What CloudWatch is told of the minute that began at `at` (seconds since 1970) and ends now. By the balancer's
  /// thread.
  void take_minute(i64 at, list<MetricSample>& into);

 private:
  std::array<i64, measure_count> told_{};
  i64 open_before_ = 0, open_clients_before_ = 0;
};

/// A client's connection, counted for as long as it lives.
class OpenConnection {
 public:
  OpenConnection() = default;
  explicit OpenConnection(std::shared_ptr<Meter>);
  OpenConnection(OpenConnection&&) noexcept = default;
  OpenConnection& operator=(OpenConnection&&) noexcept;
  OpenConnection(const OpenConnection&) = delete;
  OpenConnection& operator=(const OpenConnection&) = delete;
  ~OpenConnection() { end(); }

 private:
  void end();
  std::shared_ptr<Meter> meter_;
};

/// Counts one request that has ended. `group` may be null: it was answered without one.
void count_request(Meter& balancer, Meter* group, const Record&, Cause);

/// All meters. One whose load balancer is gone stays until its last minute is told.
class Meters {
 public:
  std::shared_ptr<Meter> add(std::string_view balancer_arn, std::string_view load_balancer,
                             std::string_view target_group_arn = {});
  /// By the balancer's thread.
  list<MetricSample> take_minute(i64 at);
  /// From any thread.
  [[nodiscard]] std::vector<std::shared_ptr<const Meter>> all() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Meter>> meters_;
};

}  // namespace utakata::balancer
