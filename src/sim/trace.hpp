#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "sim/simulator.hpp"

namespace utakata::sim {

/// One line a transition, for people: who, what, when. Tasks are named by their service and a number, so that two runs
/// of one dialogue read alike.
class Trace {
 public:
  explicit Trace(Simulator&);

  void line(std::string text) { lines_.push_back(std::move(text)); }
  /// With the time since the last restart_clock().
  void event(const std::string& text);
  void restart_clock() { zero_ = sim_.queue.now(); }
  /// "api-3" for a task's ARN.
  std::string name_of(const std::string& task_arn) const;

  /// The text with a task's name after its ARN.
  [[nodiscard]] std::string with_names(std::string text) const;
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  [[nodiscard]] std::string text() const;

 private:
  /// What was last told of a task.
  struct Said {
    std::string state, reason;
  };
  std::string readable(std::string_view text);
  void bus_event(const Json&);
  void happening(const std::string& about, const std::string& what);
  void task_state(const Json& detail);
  void effect(const Effect&);

  Simulator& sim_;
  Instant zero_;
  std::vector<std::string> lines_;
  std::map<std::string, std::string> task_names_;     // by ARN
  std::map<std::string, std::string> address_names_;  // by address
  std::map<std::string, int> tasks_of_;
  std::map<std::string, int> deployments_;  // by id: their order
  std::map<std::string, Said> last_said_;
};

}  // namespace utakata::sim
