#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/checkers.hpp"
#include "sim/customer.hpp"
#include "sim/trace.hpp"

namespace utakata::sim {

/// Carries out the commands of one dialogue.
class ScenarioPlayer {
 public:
  using Words = std::vector<std::string_view>;

  explicit ScenarioPlayer(Program program);

  /// A fault is a command that makes no sense; what the platform refuses goes into the trace.
  Outcome<> play(const Words&);
  /// The last look: everything acknowledged is there.
  void finish();

  [[nodiscard]] std::string trace() const { return trace_.text(); }
  [[nodiscard]] const std::vector<std::string>& failures() const { return checkers_.failures(); }

 private:
  using Command = Outcome<> (ScenarioPlayer::*)(const Words&);
  struct Rule {
    std::string_view name;
    std::size_t least_words;
    Command command;
    std::string_view usage;
  };
  static std::span<const Rule> rules();

  // Each takes all words of its line.
  Outcome<> image(const Words&);
  Outcome<> capacity(const Words&);
  Outcome<> cluster(const Words&);
  Outcome<> container(const Words&);
  Outcome<> service(const Words&);
  Outcome<> deploy(const Words&);
  Outcome<> scale(const Words&);
  Outcome<> remove(const Words&);
  Outcome<> stop(const Words&);
  Outcome<> run(const Words&);
  Outcome<> reclaim(const Words&);
  Outcome<> load(const Words&);
  Outcome<> kill(const Words&);
  Outcome<> crash(const Words&);
  Outcome<> protect(const Words&);
  Outcome<> show(const Words&);

  Outcome<> run_until_stable();
  Outcome<> run_until_event(std::string_view name);
  Outcome<> show_tasks(const std::string& service);
  Outcome<> show_service(const std::string& service);
  void show_requests();
  Outcome<std::string> task_of(const std::string& service, std::string_view position);
  Outcome<> register_family(const std::string& family);
  void tell(const Outcome<>&);

  Simulator sim_;
  Customer customer_;
  Trace trace_;
  Checkers checkers_;
  std::map<std::string, std::vector<ContainerPlan>> families_;
  std::map<std::string, std::string> family_of_;  // by service
  std::uint64_t reclaims_ = 0;
  std::string awaited_;  // an event's name, emptied when it comes
};

}  // namespace utakata::sim
