#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/customer.hpp"

namespace utakata::sim {

/// What must hold whatever happens, and what must hold again when nothing has happened for a while.
class Checkers {
 public:
  /// `every`: the core's own invariants are looked at after each so many steps.
  Checkers(Simulator&, Customer&, std::uint64_t every);

  /// An answer said so: from now on the service wants as many tasks. Before the answer (`maybe`) both are right.
  void wanted(const std::string& service, std::int64_t tasks);
  void maybe_wanted(const std::string& service, std::int64_t tasks);
  [[nodiscard]] std::set<std::int64_t> wanted_now(const std::string& service) const;
  void set_wanted(const std::string& service, std::set<std::int64_t> counts);
  void forget(const std::string& service) { wanted_.erase(service); }

  /// Everything acknowledged is still there. Asks the API, so time goes on a little.
  void check_acknowledged();
  /// Everything is at rest: API, runtime and balancer tell the same story.
  void check_rest();

  void fail(const std::string& what);
  [[nodiscard]] const std::vector<std::string>& failures() const { return failures_; }

 private:
  void step();
  void event(const Json&);
  void reclaimed(const std::string& arn);
  void overdue(const std::string& arn, Instant began, Instant end);
  void check_hosts();
  void check_service_at_rest(const std::string& name, std::set<std::string>& tasks, std::set<std::string>& addresses);

  Simulator& sim_;
  Customer& customer_;
  std::uint64_t every_;
  std::map<std::string, std::set<std::int64_t>> wanted_;
  std::map<std::string, Duration> stop_takes_;  // by task: its containers' stop timeouts, one after the other
  std::map<std::string, i32> cpu_;
  std::set<std::string> reclaimed_;
  Instant minute_began_;
  std::uint64_t steps_before_minute_ = 0;
  std::vector<std::string> failures_;
  std::set<std::string> known_;  // failures are told once
};

}  // namespace utakata::sim
