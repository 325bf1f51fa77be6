#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "sim/balancer.hpp"
#include "sim/control_plane.hpp"
#include "sim/courier.hpp"
#include "sim/network.hpp"
#include "sim/workload.hpp"

namespace utakata::sim {

struct SimulatorSettings {
  std::uint64_t seed = 1;
  CapacityReport capacity{.cpu_units = 64 * 1024, .memory_mib = 128 * 1024};
  Duration commit_takes = milliseconds(1);
  Faults faults;
  /// A planted defect: effects that it names never arrive. Tests prove with it that the checkers find something.
  std::function<bool(const Effect&)> withheld;
  World world{"000000000000", "ap-northeast-1"};
  bool events = true;                        // watchers see the events of the bus; a little dearer
  Instant start{1'778'068'800'000'000'000};  // 2026-05-06T12:00:00Z
};

/// The platform in virtual time: control plane, task runtime, balancer and load, and the way between them.
class Simulator {
 public:
  /// Looks on; each member may be empty.
  struct Watcher {
    std::function<void(const Step&)> step;
    std::function<void(const Json& event)> event;  // of the event bus, as its step is made
    std::function<void(const Effect&)> effect;     // as it is performed
    std::function<void(const std::string& about, const std::string&)> happening;  // a task's ARN or a target's address
  };

  Simulator(Program, SimulatorSettings);
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  // API calls. The simulator runs until the answer is there.
  Outcome<Json> call(std::string_view service, std::string_view operation, const Json& request);
  template <auto Handler, class Response, class Request>
  Outcome<Response> call(const Request& request);
  /// The answer comes some time later, or never says more than that the connection was closed.
  void ask(std::string_view service, std::string_view operation, const Json& request,
           const std::function<void(Outcome<Json>)>& answer);

  void run_until(Instant then) { queue.run_until(then); }
  void run_for(Duration span) { queue.run_until(queue.now() + span); }

  /// kill -9 of the daemon now; it is started again `down` later. Its balancer dies with it, its containers do not.
  void crash(Duration down);
  /// The whole host restarts: the daemon, and with it every container.
  void restart_host(Duration down);
  /// The task runtime hears nothing and does nothing for a while; it makes up for it afterwards.
  void hang_runtime(Duration);
  void offer(CapacityReport);
  /// How long the daemon or its runtime has not worked since then.
  [[nodiscard]] Duration down_since(Instant) const;
  [[nodiscard]] int crashes() const { return crashes_; }

  SimulatorSettings settings;

 private:
  std::vector<void (*)(Schema&)> modules_;
  std::vector<Watcher> watchers_;

 public:
  EventQueue queue;
  Dice dice;
  Images images;
  Workload workload;

 private:
  Courier courier_;

 public:
  TaskRuntime runtime;
  Network network;
  Balancer balancer;
  ControlPlane control;

  void watch(Watcher watcher) { watchers_.push_back(std::move(watcher)); }

 private:
  void boot();
  void perform(const Effect&);
  void deliver(const Report&);
  void say_again(const Report&);
  void stepped(const Step&);
  void tell_events(const Step&);
  void happening(const std::string& about, const std::string& what);

  Instant tapped_at_;
  std::size_t tapped_ = 0;
  std::vector<std::pair<Instant, Instant>> down_;  // from and until
  int crashes_ = 0;
};

template <auto Handler, class Response, class Request>
Outcome<Response> Simulator::call(const Request& request) {
  static constexpr Operation made = operation<Handler>("call");
  auto input = made.new_input();
  *static_cast<Request*>(input.get()) = request;
  std::optional<Outcome<Operation::Object>> answer;
  control.call(settings.world, made, std::move(input), [&](Outcome<Operation::Object> a) { answer = std::move(a); });
  while (!answer) ensure(queue.run_next(Instant::never()), "nothing more happens and a call has no answer");
  if (!*answer) return std::unexpected(std::move(*answer).error());
  return std::move(*static_cast<Response*>((**answer).get()));
}

}  // namespace utakata::sim
