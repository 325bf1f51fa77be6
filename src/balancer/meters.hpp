#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "balancer/fates.hpp"
#include "balancer/lcu.hpp"
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
  client_tls_errors,  // handshakes that came to nothing, of connections that clients made
  target_tls_errors,  // and that we made to targets
  new_flows,          // of a network load balancer, towards a target; then those of each FlowKind
  new_flows_tcp,
  new_flows_tls,
  new_flows_udp,
  processed_bytes_tcp,  // of the processed bytes those of each FlowKind
  processed_bytes_tls,
  processed_bytes_udp,
  client_resets,  // of connections that a network load balancer carries: who has ended them by a reset
  own_resets,
  target_resets,
  failed_open_requests,  // that got a target of all, as too few are healthy
  failed_open_flows,
  port_exhaustions,  // of flows: we had no socket towards a target
  grpc_requests,
  unbound_requests,      // of clients that stickiness binds, and that had no target yet or not any more
  redirects_too_long,    // their Location was left out
  function_user_errors,  // by the function
  function_own_errors,   // by what calls it
  function_bytes,
  billed_connections,  // of clients only
  billed_evaluations,  // beyond the free rules
};
inline constexpr std::size_t measure_count = 43;

/// What a network load balancer carries: connections as they are, those whose TLS ends here, datagrams.
enum class FlowKind : std::uint8_t { tcp, tls, udp };
inline constexpr std::size_t flow_kind_count = 3;

/// How many flows are open. Written by the balancer's thread, read by any.
class OpenFlowCount {
 public:
  void add(i64 more);
  [[nodiscard]] i64 get() const { return now_.get(); }
  /// The number now, and the fewest and the most at once since the last call. By the balancer's thread.
  MetricStatistics take();

 private:
  Count now_;
  i64 fewest_ = 0, most_ = 0;
};

struct TargetCounts {
  i64 healthy = 0, unhealthy = 0;
};

/// Counts of a load balancer, or of one of its target groups; whole, or of one availability zone.
struct Meter {
  str world, load_balancer, target_group;  // "ACCOUNT/REGION/"; "app/web/1"; "targetgroup/blue/2" or empty
  str zone;                                // empty: whole
  std::array<Count, measure_count> counts;
  std::array<Count, cause_count> causes;  // how requests or flows ended; of a load balancer: those that met no group
  Count open_client_connections;
  OpenFlowCount open_flows;
  std::array<OpenFlowCount, flow_kind_count> open_flows_of;  // by FlowKind
  Count open_target_connections;                             // as of the last minute
  Count healthy_targets, unhealthy_targets;
  std::array<Count, 4> lcus;  // of the last minute, in millionths: CapacityUnits
  ResponseTimes response_times;

  void add(Measure measure, i64 more = 1) { counts[static_cast<std::size_t>(measure)].add(more); }
  [[nodiscard]] bool network() const { return load_balancer.starts_with("net/"); }
  [[nodiscard]] i64 get(Measure measure) const { return counts[static_cast<std::size_t>(measure)].get(); }

  /// Counts for the whole and for this zone, if it is one. By the balancer's thread, as what follows.
  void add_in(std::string_view zone, Measure measure, i64 more = 1);
  /// The part that this zone has; null without a name of one.
  Meter* part(std::string_view zone);
  void set_targets(const TargetCounts& all, const std::map<std::string_view, TargetCounts>& by_zone);

  /// What CloudWatch is told of the minute that began at `at` (seconds since 1970) and ends now.
  void take_minute(i64 at, list<MetricSample>& into);

 private:
  void set_lcus(const CapacityUnits&);
  void tell_open_flows(i64 at, list<MetricSample>& into);

  std::vector<std::unique_ptr<Meter>> parts_;  // of zones; told with the whole
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

/// A flow that a network load balancer has given to a target, counted for as long as it lives.
class OpenFlow {
 public:
  OpenFlow(std::shared_ptr<Meter> balancer, FlowKind, std::string_view zone = {});
  OpenFlow(const OpenFlow&) = delete;
  OpenFlow& operator=(const OpenFlow&) = delete;
  ~OpenFlow();
  /// So many bytes came from one of its sides for the other.
  void carried(std::size_t bytes);

 private:
  template <typename Count>
  void by_both(Count count) const;

  std::shared_ptr<Meter> meter_;
  Meter* part_;  // of that; null: of no zone
  FlowKind kind_;
};

/// Counts how a flow ended, or why it never began. `group` may be null: it met none.
void count_flow(Meter& balancer, Meter* group, FlowKind, Cause, std::string_view zone = {});

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
