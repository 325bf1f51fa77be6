#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/types.hpp"
#include "sim/event_queue.hpp"
#include "sim/task_runtime.hpp"

namespace utakata::sim {

/// What became of the requests of one flow.
struct Fates {
  i64 sent = 0;
  i64 answered = 0;        // those still in flight included
  i64 lost_in_flight = 0;  // 502: its container went away while it worked on the request
  i64 refused = 0;         // 502: the target took no connection
  i64 no_target = 0;       // 503: nothing was registered
  i64 balancer_gone = 0;   // the balancer did not run, or had no listener yet

  [[nodiscard]] i64 lost() const { return lost_in_flight + refused + no_target + balancer_gone; }
};

/// Open-loop load: requests arrive evenly, each takes equally long, and targets take turns. Between two changes of the
/// rotation or of a container every fate is a matter of counting, so each request is accounted for and none costs an
/// event (README.md says what that leaves out).
class Workload {
 public:
  using Endpoint = std::pair<std::string, i32>;

  explicit Workload(EventQueue& queue) : queue_(queue) {}

  void flow(const std::string& target_group, i64 requests_per_second, Duration takes);
  void end(const std::string& target_group);
  /// Who gets new requests from now on, in turn.
  void rotation(const std::string& target_group, std::vector<Endpoint>);
  void endpoint(const EndpointChange&);
  /// With the balancer everything in flight goes, and the rotations are forgotten.
  void balancer_gone();
  void balancer_back();

  /// Up to the present.
  Fates fates(const std::string& target_group);
  Fates all();
  /// When the last request in flight to this target will have been answered; the past if there is none.
  [[nodiscard]] Instant in_flight_until(const std::string& target_group, const Endpoint&);

 private:
  /// Requests first..last (excluded) that are `turn` modulo `turns`, all to one endpoint.
  struct Run {
    i64 first, last, turn, turns;
  };
  struct Flow {
    Instant began;
    Duration period, takes;
    i64 next = 0;  // number of the first request that has not been accounted for
    bool over = false;
    Fates fates;
    std::map<Endpoint, std::deque<Run>> in_flight;
  };
  void account(const std::string& target_group, Flow&);
  void send(Flow&, const std::vector<Endpoint>& rotation, i64 first, i64 last);
  i64 drop(Flow&, std::deque<Run>&);
  void account_all();

  EventQueue& queue_;
  bool balancer_runs_ = true;
  std::map<std::string, Flow> flows_;
  std::map<std::string, std::vector<Endpoint>> rotations_;
  std::set<Endpoint> answering_;
};

}  // namespace utakata::sim
