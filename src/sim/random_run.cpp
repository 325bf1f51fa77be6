#include "sim/random_run.hpp"

#include "base/text.hpp"
#include "sim/mischief.hpp"
#include "sim/trace.hpp"

namespace utakata::sim {
namespace {

// The longest wait between two attempts to start a task is 27 minutes (facts/ecs.md §8.5).
constexpr Duration faults_patience = hours(3);
constexpr Duration quiet = minutes(15);
constexpr std::size_t failures_shown_max = 20;

// Each seed has its own mix of faults; some have none of a kind.
Faults faults_of(const Dice& dice) {
  const auto ratio = [&dice](std::string_view kind, std::uint64_t most, std::uint64_t of) {
    return Ratio{dice.below(2, "faults", kind, 1) == 0 ? 0 : dice.below(most + 1, "faults", kind), of};
  };
  return {.late = ratio("late", 10, 100),
          .late_most = dice.between(seconds(1), seconds(20), "faults", "late most"),
          .repeated = ratio("repeated", 20, 100),
          .report_lost = ratio("lost", 10, 100),
          .resync = seconds(30),
          .crash_at_step = ratio("crash", 10, 10'000),
          .down_most = seconds(20)};
}

}  // namespace

RandomReport run_random(Program program, std::uint64_t seed, const RandomOptions& options) {
  const Dice dice(seed);
  SimulatorSettings settings{.seed = seed, .withheld = options.withheld};
  const auto vcpus = static_cast<i32>(12 + dice.below(12, "host", "vcpus"));
  settings.capacity = {.cpu_units = vcpus * 1024, .memory_mib = vcpus * 2048};
  Simulator sim(program, settings);
  Customer customer(sim);
  Checkers checkers(sim, customer, options.check_every);
  Mischief mischief(sim, customer, checkers);
  std::optional<Trace> trace;
  if (options.trace) trace.emplace(sim);

  if (auto prepared = mischief.prepare(); !prepared)
    checkers.fail(cat("cannot prepare: ", prepared.error().code, ": ", prepared.error().message));
  sim.settings.faults = faults_of(dice);
  const Instant end = sim.queue.now() + options.chaos;
  while (sim.queue.now() < end && checkers.failures().empty()) mischief.act();
  if (checkers.failures().empty()) {
    mischief.make_peace();
    const auto rest = [&] {
      (void)customer.run_until_stable(faults_patience);
      sim.run_for(quiet);
      checkers.check_rest();
    };
    rest();
    // A restart must do without any help from later calls, whatever it comes upon.
    sim.crash(seconds(5));
    rest();
    mischief.kill_in_the_middle();
    rest();
    sim.restart_host(seconds(30));
    rest();
  }
  RandomReport report{.seed = static_cast<i64>(seed), .history = sim.control.history()};
  report.steps = static_cast<i64>(sim.control.steps());
  report.events = static_cast<i64>(sim.queue.events_run());
  report.crashes = sim.crashes();
  report.reclaims = mischief.reclaims;
  report.calls = mischief.calls;
  report.refused_calls = mischief.refused;
  report.virtual_seconds = (sim.queue.now() - settings.start).milliseconds() / 1000;
  report.failures = checkers.failures();
  if (!trace) return report;
  report.trace = trace->lines();
  for (str& failure : report.failures) failure = trace->with_names(failure);
  return report;
}

RandomReport run_random_twice(Program program, std::uint64_t seed, const RandomOptions& options) {
  RandomReport report = run_random(program, seed, options);
  RandomOptions without_trace = options;
  without_trace.trace = false;
  const RandomReport again = run_random(program, seed, without_trace);
  if (again.history != report.history || again.steps != report.steps)
    report.failures.push_back(cat("two runs of the seed differ: ", report.history, " after ", report.steps,
                                  " steps, then ", again.history, " after ", again.steps));
  return report;
}

std::string text_of(const RandomReport& report) {
  std::string text;
  for (const std::string& line : report.trace) text += cat(line, "\n");
  text +=
      cat("seed ", report.seed, ": ", report.clean() ? "clean" : "BROKEN", ", history ", report.history, ", ",
          report.steps, " steps, ", report.calls, " calls (", report.refused_calls, " refused), ", report.crashes,
          " crashes, ", report.reclaims, " reclaimed tasks in ", duration_text(seconds(report.virtual_seconds)), "\n");
  std::size_t shown = 0;
  for (const std::string& failure : report.failures) {
    if (++shown > failures_shown_max) break;
    text += cat("  ", failure, "\n");
  }
  if (!report.clean()) text += cat("  replay: utakata sim --seed ", report.seed, " --trace\n");
  return text;
}

}  // namespace utakata::sim
