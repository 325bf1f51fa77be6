#include <cstdio>
#include <fstream>
#include <sstream>

#include "app/commands.hpp"
#include "app/modules.hpp"
#include "base/text.hpp"
#include "sim/example_run.hpp"
#include "sim/random_run.hpp"
#include "sim/scenario.hpp"
#include "wire/json.hpp"

namespace utakata::app {
namespace {

sim::Program program() { return {.modules = modules(), .services = services()}; }

int print(const std::string& text, bool good) {
  std::fputs(text.c_str(), stdout);
  return good ? 0 : 1;
}

int run_scenario_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail({.code = "Usage", .message = cat("utakata sim: --scenario: cannot read ", path)});
  std::ostringstream text;
  text << file.rdbuf();
  const auto result = sim::run_scenario(program(), text.str());
  if (!result) return fail(result.error());
  std::string out = result->trace;
  for (const str& failure : result->failures) out += cat("FAILED: ", failure, "\n");
  return print(out, result->failures.empty());
}

int run_seeds(const Arguments& arguments, std::int64_t first, std::int64_t count) {
  std::int64_t clean = 0;
  for (std::int64_t seed = first; seed < first + count; ++seed) {
    const sim::RandomOptions options{.trace = arguments.flag("trace")};
    const sim::RandomReport report = sim::run_random_twice(program(), static_cast<std::uint64_t>(seed), options);
    if (report.clean()) ++clean;
    const std::string text = arguments.flag("json") ? wire::write_json(report) + "\n" : sim::text_of(report);
    std::fputs(text.c_str(), stdout);
  }
  if (!arguments.flag("json"))
    std::printf("%lld of %lld seeds clean, each run twice with equal histories\n", static_cast<long long>(clean),
                static_cast<long long>(count));
  return clean == count ? 0 : 1;
}

}  // namespace

int run_sim(const Arguments& arguments) {
  if (arguments.given("scenario")) return run_scenario_file(arguments.text("scenario"));
  const auto seed = arguments.integer("seed", 0, INT32_MAX);
  const auto seeds = arguments.integer("seeds", 1, 1'000'000);
  const auto days = arguments.integer("days", 1, 3650);
  if (!seed) return fail(seed.error());
  if (!seeds) return fail(seeds.error());
  if (!days) return fail(days.error());
  if (!arguments.flag("example")) return run_seeds(arguments, *seed, *seeds);
  const sim::ExampleReport report =
      sim::run_example(program(), {.days = static_cast<int>(*days), .seed = static_cast<std::uint64_t>(*seed)});
  return print(arguments.flag("json") ? wire::write_json(report) + "\n" : sim::text_of(report),
               report.failures.empty());
}

}  // namespace utakata::app
