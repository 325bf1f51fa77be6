#include "sim/example_run.hpp"

#include "base/text.hpp"
#include "sim/checkers.hpp"
#include "sim/customer.hpp"

namespace utakata::sim {
namespace {

constexpr i64 example_requests_per_second = 50;  // of each service
constexpr Duration answer_takes = milliseconds(300);
constexpr Duration example_patience = hours(1);
constexpr std::uint64_t steps_between_looks = 1000;

ServicePlan plan_of(const std::string& name) {
  return {.name = name,
          .family = name,
          .desired = 6,
          .strategy = {{.provider = "FARGATE", .base = 2, .weight = 0},
                       {.provider = "FARGATE_SPOT", .base = 0, .weight = 1}},
          .grace_seconds = 60,
          .balanced_port = 80};
}

Outcome<> deploy(Simulator& sim, Customer& customer) {
  TRY_VOID(customer.make_cluster("techplay"));
  for (const std::string name : {"api", "front"}) {
    (void)TRY(customer.register_task(name, {{.image = "web", .port = 80, .stop_timeout = 120}}));
    TRY_VOID(customer.make_service(plan_of(name)));
  }
  if (!TRY(customer.run_until_stable(example_patience)))
    return refuse("Unstable", "the example's services do not become stable", 0);
  for (const std::string name : {"api", "front"})
    sim.workload.flow(customer.target_group(name), example_requests_per_second, answer_takes);
  return {};
}

// Once in each hour, at any moment of it.
void live_through_hour(Simulator& sim, Customer& customer, std::uint64_t hour, ExampleReport& report) {
  const Instant begin = sim.queue.now();
  sim.run_until(begin + sim.dice.between(Duration{}, hours(1) - seconds(1), "market", "minute", hour));
  const std::string service = sim.dice.below(2, "market", "service", hour) == 0 ? "api" : "front";
  const auto taken = customer.reclaim(service, 1, 0, hour);
  if (taken) {
    ++report.reclaims;
    report.reclaimed_tasks += static_cast<i64>(taken->size());
  } else {
    report.failures.push_back(cat("hour ", hour, ": ", taken.error().message));
  }
  sim.run_until(begin + hours(1));
}

}  // namespace

ExampleReport run_example(Program program, const ExampleOptions& options) {
  Simulator sim(program, {.seed = options.seed, .commit_takes = Duration{}, .events = false});
  sim.images.set("web", {.on_stop = options.careless ? OnStop::drops : OnStop::finishes});
  Customer customer(sim);
  Checkers checkers(sim, customer, steps_between_looks);
  i64 started = 0;
  sim.watch({.effect = [&started](const Effect& e) { started += std::holds_alternative<StartTask>(e) ? 1 : 0; }});
  ExampleReport report{.days = options.days, .seed = static_cast<i64>(options.seed)};
  if (auto deployed = deploy(sim, customer); !deployed) {
    report.failures.push_back(deployed.error().message);
    return report;
  }
  const auto hours_in_all = static_cast<std::uint64_t>(options.days) * 24;
  for (std::uint64_t hour = 0; hour < hours_in_all; ++hour) live_through_hour(sim, customer, hour, report);
  const auto stable = customer.run_until_stable(example_patience);
  if (!stable || !*stable) report.failures.emplace_back("the services are not stable in the end");
  sim.run_for(minutes(15));
  checkers.check_rest();

  const Fates fates = sim.workload.all();
  report.history = sim.control.history();
  report.tasks_started = started;
  report.health_checks = sim.balancer.checks_made();
  report.steps = static_cast<i64>(sim.control.steps());
  report.events = static_cast<i64>(sim.queue.events_run());
  report.requests = fates.sent;
  report.lost_in_flight = fates.lost_in_flight;
  report.refused = fates.refused;
  report.without_target = fates.no_target;
  for (const std::string& failure : checkers.failures()) report.failures.push_back(failure);
  return report;
}

std::string text_of(const ExampleReport& report) {
  std::string text =
      cat("the example, ", report.days, " days in virtual time, seed ", report.seed, "\n", "  Spot reclaims      ",
          report.reclaims, " (", report.reclaimed_tasks, " tasks), ", report.tasks_started, " tasks started\n",
          "  health checks      ", report.health_checks, "\n", "  requests           ", report.requests,
          ", lost: ", report.lost_in_flight, " in flight, ", report.refused, " refused (502), ", report.without_target,
          " without a target (503)\n", "  control plane      ", report.steps, " steps, ", report.events,
          " events, history ", report.history, "\n");
  for (const std::string& failure : report.failures) text += cat("  FAILED: ", failure, "\n");
  return text;
}

}  // namespace utakata::sim
